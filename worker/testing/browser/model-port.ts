/** `MessageChannel` in the event loops of a walk: each message is a task of the realm that has the other port, whenever its turn comes. */
import type { EventLoop, Realm, TaskQueue } from './event-loop.js';

type Listener = (event: { readonly data: unknown }) => void;

/** What the library uses of a MessagePort. Messages are not copied: nobody changes one that was sent. */
export class ModelPort {
  #other: ModelPort | null = null;
  #isClosed = false;
  #onmessage: Listener | null = null;
  readonly #loop: EventLoop;
  readonly #queue: TaskQueue;
  readonly #listeners = new Set<Listener>();

  constructor(loop: EventLoop, realm: Realm) {
    this.#loop = loop;
    this.#queue = loop.queue(realm, false);
  }

  static pair(loop: EventLoop, one: Realm, other: Realm): readonly [ModelPort, ModelPort] {
    const ports = [new ModelPort(loop, one), new ModelPort(loop, other)] as const;
    ports[0].#other = ports[1];
    ports[1].#other = ports[0];
    return ports;
  }

  get onmessage(): Listener | null {
    return this.#onmessage;
  }

  set onmessage(listener: Listener | null) {
    this.#onmessage = listener;
    if (listener !== null) this.start();
  }

  start(): void {
    this.#queue.isOpen = true;
  }

  addEventListener(_type: string, listener: Listener): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  postMessage(data: unknown, transfer: readonly unknown[] = []): void {
    const other = this.#other;
    if (this.#isClosed || other === null) return;
    this.#loop.onMessage?.(data);
    const { realm } = other.#queue;
    for (const port of transfer) if (port instanceof ModelPort) port.#queue.realm = realm;
    this.#loop.push(other.#queue, () => other.#hear(data));
  }

  /** What was posted before arrives all the same. */
  close(): void {
    this.#isClosed = true;
  }

  #hear(data: unknown): void {
    if (this.#isClosed) return;
    const event = { data };
    this.#onmessage?.(event);
    for (const listener of [...this.#listeners]) listener(event);
  }
}
