/**
 * When the outboxes of all tabs are flushed. What comes after a quiet moment leaves at once; what comes while the tasks that were
 * queued at that moment still run leaves together after them, so that a burst is one batch and not one for each of its frames.
 */

/** Runs each flush once, soon. */
export type ScheduleFlush = (flush: () => void) => void;

/** Runs what it is given in a task of its own, behind those that are queued already. */
export type NextTask = (run: () => void) => void;

export function createFlushTurn(nextTask: NextTask): ScheduleFlush {
  let due: (() => void)[] = [];
  /** From the flush that ended a quiet moment until a task in which there was nothing to flush. */
  let isTurn = false;

  function flushAll(): void {
    const flushes = due;
    due = [];
    isTurn = true;
    for (const flush of flushes) {
      try {
        flush();
      } catch (error) {
        // The others are flushed all the same.
        reportError(error);
      }
    }
    nextTask(() => {
      if (due.length > 0) flushAll();
      else isTurn = false;
    });
  }

  return (flush) => {
    due.push(flush);
    if (!isTurn && due.length === 1) queueMicrotask(flushAll);
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
