/** A clock that moves only when a test says so. */
import type { Clock, TimerHandle } from '../clock.js';

// Node's; one turn of the event loop lets every promise that can settle do so, however long the chain is.
declare function setImmediate(callback: () => void): unknown;

interface FakeTimer {
  readonly atMs: number;
  readonly seq: number;
  readonly fn: () => void;
}

export class FakeClock implements Clock {
  readonly #timers = new Set<FakeTimer>();
  #nowMs: number;
  #seq = 0;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  /** Timers that are armed: a part that was closed must leave none. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer is due, in milliseconds since the epoch. */
  get nextAtMs(): number | null {
    return this.#next()?.atMs ?? null;
  }

  now(): number {
    return this.#nowMs;
  }

  setTimeout(fn: () => void, ms: number): TimerHandle {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), seq: this.#seq++, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs every timer that falls due, in order, also those that are armed on the way; promises settle in between. */
  async advanceBy(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.settle();
    for (let timer = this.#next(); timer !== undefined && timer.atMs <= untilMs; timer = this.#next()) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.fn();
      await this.settle();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Moves the clock without running timers: what a machine that slept, or a user who set the clock, does. */
  jumpBy(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets every promise settle that can, without moving time. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  #next(): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.seq < next.seq))
        next = timer;
    }
    return next;
  }
}
