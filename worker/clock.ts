/** Time as a dependency: parts of the worker never call `Date.now` or `setTimeout` themselves, so their tests need no real time. */

/** Cancels the timer. Calling it twice, or after the timer has fired, does nothing. */
export type TimerHandle = () => void;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `fn` once, after `ms` milliseconds. */
  setTimeout(fn: () => void, ms: number): TimerHandle;
}

/**
 * One step of a long delay. A platform timer cannot run longer than 2^31 - 1 ms (24.8 days; above that it fires at once),
 * and it stands still while the machine sleeps: between steps the wall clock is asked how much is really left.
 */
const STEP_MS = 600_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(fn, ms) {
    const dueAtMs = Date.now() + ms;
    let leftMs = Math.max(0, ms);
    let timer: ReturnType<typeof setTimeout>;
    arm();
    return () => clearTimeout(timer);

    function arm(): void {
      const stepMs = Math.min(leftMs, STEP_MS);
      timer = setTimeout(() => {
        // The smaller of the two: a machine that slept is not late by its sleep, a clock that was set back does not hold the timer.
        leftMs = Math.min(leftMs - stepMs, dueAtMs - Date.now());
        if (leftMs > 0) arm();
        else fn();
      }, stepMs);
    }
  },
};
