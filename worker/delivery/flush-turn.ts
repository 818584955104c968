/**
 * When the outboxes of all tabs are flushed. What comes after a quiet moment leaves at once; what comes while the tasks that were
 * queued at that moment still run leaves together after them, so that a burst is one batch and not one for each of its frames.
 *
 * Events that keep following each other closely are spaced: waking ten tabs costs far more than the event that they are woken for, and
 * waking one tab costs a tenth of that. The spacing after a flush is 0.4 ms for each tab that was woken and each event that a tab was
 * posted, but 4 ms for an event at most, and in all no more than the limit. So at less than 250 events a second nothing waits for longer
 * than 4 ms, with one tab or two nothing waits, and at more it grows to the limit by itself. What somebody waits for (a status, the
 * outcome of a call) is not held back, and takes along what waits.
 */
import type { Clock } from '../clock.js';

/** @returns How many events the tab was posted. */
export type Flush = () => number;

/** Runs each flush once, soon; or, if it can wait, at the latest when the spacing after the last flush is over. */
export type ScheduleFlush = (flush: Flush, canWait?: boolean) => void;

/** Runs what it is given in a task of its own, behind those that are queued already. */
export type NextTask = (run: () => void) => void;

export interface FlushTurnDeps {
  readonly nextTask: NextTask;
  readonly clock: Clock;
  /** The most milliseconds between two flushes of events; 0: each event leaves as soon as it can. */
  readonly maxSpacingMs: number;
}

const SPACING_PER_WAKE_MS = 0.4;
const MAX_SPACING_PER_EVENT_MS = 4;
/** A timer of less takes as long all the same. */
const MIN_SPACING_MS = 1;

export function createFlushTurn({ nextTask, clock, maxSpacingMs }: FlushTurnDeps): ScheduleFlush {
  let due: Flush[] = [];
  /** Something that is due cannot wait. */
  let isUrgent = false;
  /** From a flush until the task behind it has looked for more. */
  let isTurn = false;
  let isQueued = false;
  let flushedAtMs = -Infinity;
  let spacingMs = 0;
  let disarm: (() => void) | null = null;

  function flushAll(): void {
    const flushes = due;
    due = [];
    isTurn = true;
    isQueued = isUrgent = false;
    disarm?.();
    disarm = null;
    let events = 0;
    let woken = 0;
    for (const flush of flushes) {
      try {
        const posted = flush();
        if (posted > 0) woken += 1;
        events = Math.max(events, posted);
      } catch (error) {
        // The others are flushed all the same.
        reportError(error);
      }
    }
    const isBurst = events > 1;
    const wantedMs = events * Math.min(MAX_SPACING_PER_EVENT_MS, woken * SPACING_PER_WAKE_MS);
    spacingMs = wantedMs < MIN_SPACING_MS ? 0 : Math.min(maxSpacingMs, wantedMs);
    if (spacingMs > 0) flushedAtMs = clock.now();
    nextTask(() => {
      isTurn = false;
      if (due.length === 0) return;
      // The rest of a burst whose first event has just left.
      if (isUrgent || !isBurst) flushAll();
      else flushSpaced();
    });
  }

  function flushSpaced(): void {
    if (disarm !== null) return;
    const leftMs = flushedAtMs + spacingMs - clock.now();
    // A clock that was set back holds nothing up.
    if (leftMs > 0 && leftMs <= spacingMs) disarm = clock.setTimeout(flushAll, leftMs);
    else flushSoon();
  }

  function flushSoon(): void {
    isQueued = true;
    queueMicrotask(flushAll);
  }

  return (flush, canWait = false) => {
    due.push(flush);
    if (!canWait) isUrgent = true;
    if (isTurn || isQueued) return;
    if (canWait) flushSpaced();
    else flushSoon();
  };
}

/** A timer would not do: browsers make nested ones wait 4 ms. */
export function messageTasks(): NextTask {
  const { port1, port2 } = new MessageChannel();
  let waiting: (() => void)[] = [];
  port1.onmessage = () => {
    const runs = waiting;
    waiting = [];
    for (const run of runs) run();
  };
  return (run) => {
    waiting.push(run);
    if (waiting.length === 1) port2.postMessage(null);
  };
}
