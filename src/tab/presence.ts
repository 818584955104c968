/**
 * A tab says that it is with a worker for as long as it may hold a SharedWorker object of it, and after that worker's death
 * waits until no tab holds one.
 *
 * Firefox forgets a worker that ended when every tab has let go of its objects, which each does as soon as its main thread
 * hears of the end. A SharedWorker constructed by a quicker tab before that attaches to the dead worker, keeps it known for
 * as long as its page lives, and so does every later one: no tab gets a worker again (seen in 1 of 96 deaths under load).
 */
import { FORGET_LIMIT_MS, FORGET_PAUSE_MS } from '../contract/timing.js';
import { holdLock } from './locks.js';

export interface Presence {
  /** This tab has left the worker. */
  end(): void;
  /** The worker has died: resolves when a new one can be constructed. */
  untilForgotten(): Promise<void>;
}

/** Chromium, which alone has this member, makes a fresh worker at once (17 to 21 ms). */
const FORGETS_AT_ONCE = typeof navigator !== 'undefined' && 'userAgentData' in navigator;

export async function bePresent(locks: LockManager, workerLock: string): Promise<Presence> {
  if (FORGETS_AT_ONCE) return { end: () => undefined, untilForgotten: () => Promise.resolve() };
  const lock = await holdLock(locks, `${workerLock}:tabs`, 'shared');
  return {
    end: lock.release,
    async untilForgotten() {
      // Time for this tab to hear of the end on the other way, by which it lets go of its objects.
      await new Promise((resolve) => setTimeout(resolve, FORGET_PAUSE_MS));
      lock.release();
      await allHaveLeft(locks, lock.name);
    },
  };
}

/** A page in the back/forward cache does not run, and leaves late or never: it is not waited for longer than the limit. */
async function allHaveLeft(locks: LockManager, name: string): Promise<void> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), FORGET_LIMIT_MS);
  try {
    await locks.request(name, { signal: limit.signal }, () => undefined);
  } catch {
    // The limit. Waiting makes a dead end unlikely; nothing is lost by going on.
  } finally {
    clearTimeout(timer);
  }
}
