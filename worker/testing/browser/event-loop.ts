/**
 * The event loops of all pages and workers of a browser, in one process, one task at a time, in an order that a seed decides.
 *
 * Each task belongs to a realm: a page, a worker, or the world outside. Its microtasks run before the next task, as in a browser, so
 * the realm of whatever code runs is always known, and globals such as `setTimeout` can be those of its page.
 */
import { FakeClock } from '../fake-clock.js';
import { seeded, type Seeded } from '../seeded.js';

// Node's; runs when the queue of microtasks is empty, however long the chains are.
declare const process: { nextTick(callback: () => void): void };

/** `frozen`: no task of it runs, cached or frozen. `busy`: the same, but nobody was told. */
export type RealmState = 'runs' | 'frozen' | 'busy' | 'dead';

export interface Realm {
  readonly name: string;
  state: RealmState;
}

/** Tasks of one realm that run in their order. */
export interface TaskQueue {
  realm: Realm;
  /** Nothing of it runs before it is open. */
  isOpen: boolean;
  readonly waiting: (() => void)[];
}

export class EventLoop {
  readonly clock: FakeClock;
  /** Decides which queue is next. Replaced at each step of a walk, so that a step can be left out of a walk that fails. */
  random: Seeded = seeded(0);
  /** Whose code runs. */
  current: Realm;
  /** The network, the browser itself. */
  readonly outside: Realm;
  /** What a task threw: nothing may. */
  readonly thrown: unknown[] = [];
  tasks = 0;
  /** Told of each message between realms, before it is on its way. */
  onMessage: ((data: unknown) => void) | null = null;
  readonly #busy = new Set<TaskQueue>();
  readonly #timers = new Map<Realm, Set<() => void>>();

  constructor(startMs: number) {
    this.clock = new FakeClock(startMs);
    this.outside = this.realm('outside');
    this.current = this.outside;
  }

  realm(name: string): Realm {
    return { name, state: 'runs' };
  }

  queue(realm: Realm, isOpen = true): TaskQueue {
    return { realm, isOpen, waiting: [] };
  }

  push(queue: TaskQueue, task: () => void): void {
    if (queue.realm.state === 'dead') return;
    queue.waiting.push(task);
    this.#busy.add(queue);
  }

  /** In no order with other tasks. */
  post(realm: Realm, task: () => void): void {
    this.push(this.queue(realm), task);
  }

  /** Resolves when the task, and all that follows from it at once, has run. */
  async run(realm: Realm, task: () => void): Promise<void> {
    this.tasks += 1;
    this.current = realm;
    try {
      task();
    } catch (error) {
      this.thrown.push(error);
    }
    await microtasks();
  }

  /** Runs one task that can run. @returns `false`: there is none. */
  async step(): Promise<boolean> {
    const ready = [...this.#busy].filter(({ isOpen, realm }) => isOpen && realm.state === 'runs');
    if (ready.length === 0) return false;
    const queue = this.random.pick(ready);
    const task = queue.waiting.shift();
    if (queue.waiting.length === 0) this.#busy.delete(queue);
    if (task !== undefined) await this.run(queue.realm, task);
    return true;
  }

  async drain(): Promise<void> {
    for (let tasks = 0; await this.step(); tasks += 1) if (tasks > 5_000) throw new Error('The tasks find no end.');
  }

  /** Time passes; whatever can run has run before. */
  async advance(ms: number): Promise<void> {
    const { clock } = this;
    const untilMs = clock.now() + ms;
    await this.drain();
    for (let nextMs = clock.nextAtMs; nextMs !== null && nextMs <= untilMs; nextMs = clock.nextAtMs) {
      await clock.advanceBy(Math.max(0, nextMs - clock.now()));
      await this.drain();
    }
    clock.jumpBy(untilMs - clock.now());
  }

  /** A timer of the realm: late when the realm does not run, never when it is dead. @returns Disarms it. */
  setTimeout(realm: Realm, task: () => void, ms: number): () => void {
    const timers = this.#timers.get(realm) ?? new Set();
    this.#timers.set(realm, timers);
    let isWanted = true;
    const disarmClock = this.clock.setTimeout(() => {
      timers.delete(disarm);
      if (realm.state === 'runs') {
        this.current = realm;
        this.tasks += 1;
        task();
      } else {
        this.post(realm, () => {
          if (isWanted) task();
        });
      }
    }, ms);
    const disarm = (): void => {
      isWanted = false;
      timers.delete(disarm);
      disarmClock();
    };
    timers.add(disarm);
    return disarm;
  }

  /** Timers of the realm that are armed. */
  timersOf(realm: Realm): number {
    return this.#timers.get(realm)?.size ?? 0;
  }

  /** Nothing of the realm runs any more. */
  bury(realm: Realm): void {
    realm.state = 'dead';
    for (const queue of [...this.#busy]) if (queue.realm === realm) this.#busy.delete(queue);
    for (const disarm of [...(this.#timers.get(realm) ?? [])]) disarm();
    this.#timers.delete(realm);
  }
}

function microtasks(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
