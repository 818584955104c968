/** Runs methods that answer with a stream, item by item, until they end or the client has enough. */
import { setMaxListeners } from 'node:events';
import type { Controls } from '../admin/controls.js';
import type { Connection } from '../connections/connection.js';
import type { Counters } from '../counters.js';
import type { StreamInvocation } from '../protocol/messages.js';
import type { FailureTexts } from './failure-texts.js';
import type { Work } from './hub-method.js';
import { endUploadsWith, type Invoked } from './invocation.js';
import { OperationCanceled } from './operation-canceled.js';
import type { Questions } from './questions.js';

export interface ServerStreams {
  /** Settles when the stream has ended and the client was told. Never rejects. */
  run(invoked: Invoked<StreamInvocation>, work: Work<AsyncIterable<unknown>>): Promise<void>;
  /** The client has enough. Ignored when there is no such stream (any more). */
  cancel(connection: Connection, invocationId: string): void;
}

export interface ServerStreamsDeps {
  readonly counters: Counters;
  readonly controls: Controls;
  readonly questions: Questions;
  readonly failureTexts: FailureTexts;
}

export function createServerStreams(deps: ServerStreamsDeps): ServerStreams {
  const { counters, controls, questions, failureTexts } = deps;
  /** Streams that run now, so that the client can cancel them. */
  const running = new WeakMap<Connection, Map<string, AbortController>>();

  return {
    async run({ connection, message, uploads }, work) {
      const { invocationId, target } = message;
      const streams = running.get(connection) ?? new Map<string, AbortController>();
      running.set(connection, streams);
      if (streams.has(invocationId)) {
        uploads.forEach((upload) => upload.end(null));
        connection.send({ type: 3, invocationId, error: failureTexts.idInUse(invocationId) });
        return;
      }
      const cancelled = new AbortController();
      streams.set(invocationId, cancelled);
      const signal = AbortSignal.any([cancelled.signal, connection.signal]);
      setMaxListeners(0, signal);
      const endUploads = endUploadsWith(signal, uploads);

      counters.invocationsPending += 1;
      const error = await flow();
      // Before the client is told: whoever has the end finds nothing of the stream left.
      counters.invocationsPending -= 1;
      endUploads();
      streams.delete(invocationId);
      connection.send({ type: 3, invocationId, ...(error === null ? {} : { error }) });

      /** The text of a failure; `null` when the stream has ended well or was cancelled. */
      async function flow(): Promise<string | null> {
        let items: AsyncIterable<unknown>;
        try {
          if (controls.delaysMs.calls > 0) await controls.delay('calls', signal);
          if (signal.aborted) return null;
          const ask = (method: string, ...args: readonly unknown[]): Promise<unknown> =>
            questions.ask(connection, method, args);
          items = work({ connection, signal, ask }, uploads);
        } catch (thrown) {
          return failureTexts.thrown(target, thrown);
        }
        counters.streamsOpen += 1;
        try {
          for await (const item of items) {
            if (signal.aborted) break;
            connection.send({ type: 2, invocationId, item });
          }
          return null;
        } catch (thrown) {
          return signal.aborted && thrown instanceof OperationCanceled ? null : failureTexts.streamThrown(thrown);
        } finally {
          counters.streamsOpen -= 1;
        }
      }
    },

    cancel(connection, invocationId) {
      running.get(connection)?.get(invocationId)?.abort();
    },
  };
}
