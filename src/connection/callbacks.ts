/** A list of callbacks: one that throws does not keep the others from being told. */
import { reportFailure } from './report-failure.js';

export interface Callbacks<A extends unknown[]> {
  /** @returns Takes the callback off the list. */
  add(callback: (...args: A) => unknown): () => void;
  call(self: object, ...args: A): void;
}

/** @param name - For the line in the console when a callback throws. */
export function createCallbacks<A extends unknown[]>(name: string): Callbacks<A> {
  let callbacks: readonly ((...args: A) => unknown)[] = [];
  return {
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
          reportFailure(`An ${name} callback`, error);
        }
      }
    },
  };
}
