/** Runs methods that answer once. */
import type { Controls } from '../admin/controls.js';
import type { Counters } from '../counters.js';
import type { Invocation } from '../protocol/messages.js';
import type { FailureTexts } from './failure-texts.js';
import type { Work } from './hub-method.js';
import { endUploadsWith, type Invoked } from './invocation.js';
import type { Questions } from './questions.js';

export interface Calls {
  /** Settles when the call has ended and its answer, if one is wanted, was sent. Never rejects. */
  run(invoked: Invoked<Invocation>, work: Work<unknown>): Promise<void>;
}

export interface CallsDeps {
  readonly counters: Counters;
  readonly controls: Controls;
  readonly questions: Questions;
  readonly failureTexts: FailureTexts;
}

export function createCalls({ counters, controls, questions, failureTexts }: CallsDeps): Calls {
  return {
    async run({ connection, message, uploads }, work) {
      const { invocationId, target } = message;
      const { signal } = connection;
      const endUploads = endUploadsWith(signal, uploads);
      counters.invocationsPending += 1;
      // Before the client is told: whoever has the answer finds nothing of the call left.
      const end = (): void => {
        endUploads();
        counters.invocationsPending -= 1;
      };
      try {
        // Without a delay nothing is awaited before the method runs, so calls run in the order of their arrival.
        if (controls.delaysMs.calls > 0) await controls.delay('calls', signal);
        if (signal.aborted) {
          end();
          return;
        }
        const caller = {
          connection,
          signal,
          ask: (method: string, ...args: readonly unknown[]) => questions.ask(connection, method, args),
        };
        const outcome = work(caller, uploads);
        // A plain value is sent in the same task, before anything that the hub may push in between.
        const result = outcome instanceof Promise ? ((await outcome) as unknown) : outcome;
        end();
        // A method without a result answers null, as `Task` does in ASP.NET Core.
        if (invocationId !== null) connection.send({ type: 3, invocationId, result: result ?? null });
      } catch (error) {
        end();
        if (invocationId !== null) {
          connection.send({ type: 3, invocationId, error: failureTexts.thrown(target, error) });
        }
      }
    },
  };
}
