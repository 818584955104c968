/** `SharedWorker` for tests of the tab side: a real coordinator behind real ports, which can die without a word as a real one does. */
import { createCoordinator, type Coordinator } from '../coordinator.js';
import type { ServeHubsOptions } from '../serve-options.js';
import { FakeClock } from './fake-clock.js';
import type { FakeLockClient, FakeLocks } from './fake-locks.js';

interface Life {
  readonly coordinator: Coordinator;
  readonly locks: FakeLockClient;
  readonly ports: MessagePort[];
}

/** All pages of an origin that construct the same worker get the same one, until it dies; then the next construction starts anew. */
export class FakeWorkerHost {
  readonly clock = new FakeClock(1_000);
  /** How often a worker was started. */
  starts = 0;
  /** How often a page constructed one. */
  constructions = 0;
  /** The script loads, but nobody in it listens. */
  isDeaf = false;
  options: ServeHubsOptions = {};
  readonly #locks: FakeLocks;
  #life: Life | null = null;

  constructor(locks: FakeLocks) {
    this.#locks = locks;
  }

  /** A page's end of a port to the worker. */
  connect(): MessagePort {
    this.constructions += 1;
    const life = (this.#life ??= this.#start());
    const { port1, port2 } = new MessageChannel();
    life.ports.push(port1);
    if (this.isDeaf) return port2;
    life.coordinator.connect(port1);
    // The control port that the first message brings must die with the worker as well.
    const deliver = port1.onmessage;
    port1.onmessage = (event: MessageEvent<{ control?: MessagePort }>) => {
      if (event.data.control !== undefined) life.ports.push(event.data.control);
      deliver?.call(port1, event);
    };
    return port2;
  }

  /** Dies with the process that it ran in: no event, no answer, its locks are free. */
  kill(): void {
    const life = this.#life;
    this.#life = null;
    for (const port of life?.ports ?? []) port.close();
    life?.locks.die();
  }

  /** The coordinator of now, for tabs that are no pages. */
  get coordinator(): Coordinator {
    return (this.#life ??= this.#start()).coordinator;
  }

  #start(): Life {
    this.starts += 1;
    const locks = this.#locks.client(`worker-${this.starts}`);
    const bootId = `boot-${this.starts}`;
    const coordinator = createCoordinator(
      { maxSpacingMs: 0, ...this.options },
      {
        clock: this.clock,
        locks,
        random: () => 0,
        randomId: () => bootId,
        nextTask: (run) => setTimeout(run),
      },
    );
    return { coordinator, locks, ports: [] };
  }
}

/** What a page gets from `new SharedWorker(...)`. Stands in for the global of that name. */
export class FakeSharedWorker extends EventTarget {
  readonly port: MessagePort;
  onerror = null;

  constructor(host: FakeWorkerHost) {
    super();
    this.port = host.connect();
  }
}

/** Node has none; the tab side asks with `instanceof`. */
export class FakeErrorEvent extends Event {
  readonly message: string;

  constructor(type: string, init: { readonly message: string }) {
    super(type);
    this.message = init.message;
  }
}
