/** A question to a tab that may be frozen or gone: Comlink would wait for ever, so every question has an end. */
import type { Clock } from '../clock.js';

/** The tab has gone, is frozen or too slow, or its answer is no longer wanted. Ask the next one. */
export class NoAnswerError extends Error {
  constructor(readonly afterMs: number) {
    super(`The tab gave no answer in ${afterMs} ms, or has gone.`);
    this.name = new.target.name;
  }
}

/**
 * @param afterMs - Milliseconds after which the tab is taken to be unable to answer.
 * @param gone - Aborted when the tab has gone or the answer is no longer wanted.
 * @throws {NoAnswerError} There was no answer. What the tab itself rejects with is passed on.
 */
export function ask<T>(
  question: Promise<T>,
  deps: { readonly clock: Clock; readonly afterMs: number; readonly gone: readonly AbortSignal[] },
): Promise<T> {
  const { clock, afterMs, gone } = deps;
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      settle();
      reject(new NoAnswerError(afterMs));
    };
    const disarm = clock.setTimeout(giveUp, afterMs);
    const settle = (): void => {
      disarm();
      for (const signal of gone) signal.removeEventListener('abort', giveUp);
    };
    question.then(
      (answer) => {
        settle();
        resolve(answer);
      },
      (error: unknown) => {
        settle();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
    for (const signal of gone) {
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp);
    }
  });
}
