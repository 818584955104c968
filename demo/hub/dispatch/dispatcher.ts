/** Leads each message of a client to what it is for, and refuses calls that fit no method, in the order ASP.NET Core checks them. */
import { FAILED, type Connection } from '../connections/connection.js';
import type { Controls } from '../admin/controls.js';
import type { Counters } from '../counters.js';
import type { ClientMessage, Invocation, StreamInvocation } from '../protocol/messages.js';
import { createCalls } from './calls.js';
import { createFailureTexts } from './failure-texts.js';
import { HubException, type HubMethod } from './hub-method.js';
import { createQuestions } from './questions.js';
import { createServerStreams } from './server-streams.js';
import { createUploads } from './uploads.js';

export interface Dispatcher {
  take(connection: Connection, message: ClientMessage): void;
}

export interface DispatcherDeps {
  readonly methods: readonly HubMethod[];
  /** Looks at each call before anything is done with it. @throws {Error} The call is refused, and told so like one that has failed. */
  beforeCall(connection: Connection, target: string): void;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly detailedErrors: boolean;
  readonly maxCallsInFlight: number;
}

export function createDispatcher({ methods, counters, controls, ...deps }: DispatcherDeps): Dispatcher {
  const byName = new Map(methods.map((method) => [method.name.toLowerCase(), method]));
  const failureTexts = createFailureTexts(deps.detailedErrors);
  const uploads = createUploads(counters);
  const questions = createQuestions(counters);
  const calls = createCalls({ counters, controls, questions, failureTexts });
  const serverStreams = createServerStreams({ counters, controls, questions, failureTexts });
  const inFlight = new WeakMap<Connection, number>();

  /** What will run, or why nothing can: the call is refused or fits no method. */
  function prepare(connection: Connection, message: Invocation | StreamInvocation): (() => Promise<void>) | string {
    const { target, args, streamIds } = message;
    try {
      deps.beforeCall(connection, target);
    } catch (error) {
      return failureTexts.thrown(target, error);
    }
    const method = byName.get(target.toLowerCase());
    if (method === undefined) {
      return failureTexts.notInvoked(target, new HubException('Method does not exist.'));
    }
    const expected = method.uploads.length;
    const openUploads = (): ReturnType<typeof uploads.open> => uploads.open(connection, streamIds, method.uploads);
    const wrongNumber = (): string =>
      failureTexts.thrown(
        target,
        new HubException(`Client sent ${streamIds.length} stream(s), Hub method expects ${expected}.`),
      );
    if (method.kind === 'call') {
      const work = method.bind(args);
      if (work === null) return failureTexts.notInvoked(target);
      if (message.type === 4) return failureTexts.wrongKind(target, 'call');
      if (streamIds.length !== expected) return wrongNumber();
      return () => calls.run({ connection, message, uploads: openUploads() }, work);
    }
    const work = method.bind(args);
    if (work === null) return failureTexts.notInvoked(target);
    if (message.type === 1) return failureTexts.wrongKind(target, 'stream');
    if (streamIds.length !== expected) return wrongNumber();
    return () => serverStreams.run({ connection, message, uploads: openUploads() }, work);
  }

  function start(connection: Connection, message: Invocation | StreamInvocation): void {
    const { invocationId } = message;
    const run = prepare(connection, message);
    if (typeof run === 'string') {
      if (invocationId !== null) connection.send({ type: 3, invocationId, error: run });
      return;
    }
    const pending = inFlight.get(connection) ?? 0;
    if (pending >= deps.maxCallsInFlight) {
      // Answers of a client that calls faster than it can be served would pile up here.
      connection.close(FAILED);
      return;
    }
    inFlight.set(connection, pending + 1);
    void run().finally(() => inFlight.set(connection, (inFlight.get(connection) ?? 1) - 1));
  }

  return {
    take(connection, message) {
      switch (message.type) {
        case 1:
        case 4:
          counters.invocations += 1;
          start(connection, message);
          break;
        case 2:
          uploads.take(connection, message.invocationId, message.item);
          break;
        case 3:
          if (!uploads.end(connection, message.invocationId, message.outcome)) questions.answer(connection, message);
          break;
        case 5:
          serverStreams.cancel(connection, message.invocationId);
          break;
        case 6:
        case 7:
        case 'other':
          break;
      }
    },
  };
}
