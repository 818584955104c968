/** What the hub asks its clients: a call in the other direction, which waits for the client's completion. */
import type { Connection } from '../connections/connection.js';
import type { Counters } from '../counters.js';
import type { Completion } from '../protocol/messages.js';
import { HubException } from './hub-method.js';

export interface Questions {
  /**
   * @throws {HubException} The client answered with an error, whose text this is.
   * @throws {Error} The client has gone.
   */
  ask(connection: Connection, method: string, args: readonly unknown[]): Promise<unknown>;
  /** Ignored when nothing was asked under this id (any more). */
  answer(connection: Connection, completion: Completion): void;
}

interface Pending {
  readonly connection: Connection;
  answer(completion: Completion): void;
}

export function createQuestions(counters: Counters): Questions {
  const pending = new Map<string, Pending>();
  let asked = 0;

  return {
    ask(connection, method, args) {
      return new Promise((resolve, reject) => {
        if (!connection.live) {
          reject(new Error(`Connection '${connection.id}' does not exist.`));
          return;
        }
        // Not a number: the client counts its own calls in numbers, and a log shows both.
        asked += 1;
        const invocationId = `s${asked}`;
        const settle = (): void => {
          pending.delete(invocationId);
          counters.clientResultsPending -= 1;
          connection.signal.removeEventListener('abort', gone);
        };
        const gone = (): void => {
          settle();
          reject(new Error(`Connection '${connection.id}' disconnected.`));
        };
        connection.signal.addEventListener('abort', gone);
        counters.clientResultsPending += 1;
        pending.set(invocationId, {
          connection,
          answer({ outcome }) {
            settle();
            if (outcome.kind === 'result') resolve(outcome.value);
            else reject(new HubException(outcome.kind === 'error' ? outcome.message : NO_MESSAGE));
          },
        });
        try {
          connection.send({ type: 1, invocationId, target: method, arguments: args });
        } catch (error) {
          // The arguments cannot be encoded.
          settle();
          throw error;
        }
      });
    },

    answer(connection, completion) {
      const question = pending.get(completion.invocationId);
      // The ids are easy to guess: nobody may answer for another.
      if (question?.connection === connection) question.answer(completion);
    },
  };
}

/** What .NET says of an exception that was given no message. */
const NO_MESSAGE = "Exception of type 'Microsoft.AspNetCore.SignalR.HubException' was thrown.";
