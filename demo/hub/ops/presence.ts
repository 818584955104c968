/** Tells everyone how many are there: at once when that changes, and ten times a second at most, however many come and go. */
export interface Presence {
  changed(): void;
  stop(): void;
}

/** Each piece of this news goes to everyone: a thousand arrivals would be half a million messages. */
const EVERY_MS = 100;

export function createPresence(tell: () => void): Presence {
  let pauseTimer: NodeJS.Timeout | null = null;
  let due: NodeJS.Immediate | null = null;
  let changedMeanwhile = false;

  function news(): void {
    // Those that come or go in the same turn of the event loop are one piece of news.
    due ??= setImmediate(() => {
      due = null;
      tell();
      pauseTimer = setTimeout(() => {
        pauseTimer = null;
        if (changedMeanwhile) news();
        changedMeanwhile = false;
      }, EVERY_MS);
    });
  }

  return {
    changed() {
      if (pauseTimer === null) news();
      else changedMeanwhile = true;
    },
    stop() {
      if (pauseTimer !== null) clearTimeout(pauseTimer);
      if (due !== null) clearImmediate(due);
    },
  };
}
