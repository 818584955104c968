/** Every question to the worker has an end: its answer, the worker's death, or a limit. */
import { errorFromWire, HubshareError, wireError } from '../contract/errors.js';
import type { Reply } from '../contract/rpc.js';
import { CONTROL_REPLY_MS } from '../contract/timing.js';
import { limitPageTime } from './page-time.js';

/** The longest that a browser's timer can wait, 24.8 days: for questions that stay open until there is something to say. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for the answer to a call that the worker only has to note.
 *
 * @throws {HubshareError} what the worker answered; `worker-lost` when it died; `worker-unreachable` when it hangs.
 */
export function answered<T>(
  reply: Promise<Reply<T>>,
  over: AbortSignal,
  afterMs: number = CONTROL_REPLY_MS,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void =>
      settle(() =>
        reject(
          new HubshareError(
            wireError('worker-unreachable', `The shared worker gave no answer in ${afterMs} ms.`, { afterMs }),
          ),
        ),
      );
    const disarm = limitPageTime(giveUp, afterMs);
    const onOver = (): void =>
      settle(() => reject(new HubshareError(wireError('worker-lost', 'The shared worker has ended.', {}))));
    over.addEventListener('abort', onOver);
    function settle(then: () => void): void {
      disarm();
      over.removeEventListener('abort', onOver);
      then();
    }
    if (over.aborted) return onOver();
    reply.then(
      (value) => settle(() => (value.ok ? resolve(value.value) : reject(errorFromWire(value.error)))),
      (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
    );
  });
}
