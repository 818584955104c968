/** A question to a tab that may be frozen or gone: Comlink would wait for ever, so every question has an end. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';

/**
 * @param afterMs - Milliseconds after which the tab is taken to be unable to answer.
 * @param gone - Aborted when the tab has gone or the answer is no longer wanted.
 * @throws {HubshareError} `token-timed-out` when there was no answer.
 */
export function ask<T>(
  question: Promise<T>,
  deps: { readonly clock: Clock; readonly afterMs: number; readonly gone: readonly AbortSignal[] },
): Promise<T> {
  const { clock, afterMs, gone } = deps;
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => {
      settle();
      reject(new HubshareError(wireError('token-timed-out', `The tab gave no answer in ${afterMs} ms.`, { afterMs })));
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
