/** A list of callbacks: one that throws does not keep the others from being told. */
import { Level, type Log } from './log.js';

export interface Callbacks<A extends unknown[]> {
  readonly isEmpty: boolean;
  /** @returns Takes the callback off the list. */
  add(callback: (...args: A) => unknown): () => void;
  call(self: object, ...args: A): void;
}

/** @param name - For the line in the log when a callback throws. */
export function createCallbacks<A extends unknown[]>(name: string, log: Log): Callbacks<A> {
  let callbacks: readonly ((...args: A) => unknown)[] = [];
  return {
    get isEmpty() {
      return callbacks.length === 0;
    },
    add(callback) {
      callbacks = [...callbacks, callback];
      return () => {
        callbacks = callbacks.filter((other) => other !== callback);
      };
    },
    call(self, ...args) {
      for (const callback of callbacks) {
        try {
          callback.apply(self, args);
        } catch (error) {
          log.insist(Level.error, `An ${name} callback threw error '${String(error)}'.`);
        }
      }
    },
  };
}
