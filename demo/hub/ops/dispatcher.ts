/** Runs hub methods for their callers and words every failure as ASP.NET Core words it. */
import { setMaxListeners } from 'node:events';
import type { Controls } from '../admin/controls.js';
import type { Connection } from '../connections/connection.js';
import type { Counters } from '../counters.js';
import type { ClientMessage, Invocation, StreamInvocation } from '../protocol/messages.js';
import { HubException, type Caller, type HubMethod } from './hub-method.js';

export interface Dispatcher {
  take(connection: Connection, message: ClientMessage): void;
}

export interface DispatcherDeps {
  readonly methods: readonly HubMethod[];
  readonly counters: Counters;
  readonly controls: Controls;
  readonly detailedErrors: boolean;
  readonly maxCallsInFlight: number;
}

export function createDispatcher({ methods, counters, controls, detailedErrors, ...deps }: DispatcherDeps): Dispatcher {
  const byName = new Map(methods.map((method) => [method.name.toLowerCase(), method]));
  /** Streams that run now, so that the client can cancel them. */
  const streams = new WeakMap<Connection, Map<string, AbortController>>();
  const inFlight = new WeakMap<Connection, number>();

  function explained(text: string, error: unknown): string {
    if (!(error instanceof Error) || !(error instanceof HubException || detailedErrors)) return text;
    return `${text} ${error.name}: ${error.message}`;
  }

  function refuse(connection: Connection, message: Invocation | StreamInvocation, error: string): void {
    if (message.invocationId !== null) connection.send({ type: 3, invocationId: message.invocationId, error });
  }

  function start(connection: Connection, message: Invocation | StreamInvocation): void {
    const { target } = message;
    const method = byName.get(target.toLowerCase());
    if (method === undefined) {
      refuse(
        connection,
        message,
        `Failed to invoke '${target}' due to an error on the server. HubException: Method does not exist.`,
      );
      return;
    }
    const pending = inFlight.get(connection) ?? 0;
    if (pending >= deps.maxCallsInFlight) {
      // Answers of a client that calls faster than it can be served would pile up here.
      connection.close({ error: 'Connection closed with an error.' });
      return;
    }
    inFlight.set(connection, pending + 1);
    counters.invocationsPending += 1;
    void run(connection, message, method).finally(() => {
      inFlight.set(connection, (inFlight.get(connection) ?? 1) - 1);
      counters.invocationsPending -= 1;
    });
  }

  async function run(connection: Connection, message: Invocation | StreamInvocation, method: HubMethod): Promise<void> {
    const { target } = message;
    const unfit = `Failed to invoke '${target}' due to an error on the server.`;
    // Without a delay nothing is awaited before the method runs, so calls run in the order of their arrival.
    if (controls.delaysMs.calls > 0) await controls.delay('calls', connection.signal);
    if (connection.signal.aborted) return;
    if (method.kind === 'call') {
      if (message.type === 4) {
        const error = `The client attempted to invoke the non-streaming '${target}' method with a streaming invocation.`;
        refuse(connection, message, error);
        return;
      }
      // No method here takes a stream from the client.
      const work = message.streams > 0 ? null : method.bind(message.args);
      if (work === null) refuse(connection, message, unfit);
      else await answer(connection, message, work);
      return;
    }
    if (message.type === 1) {
      const error = `The client attempted to invoke the streaming '${target}' method with a non-streaming invocation.`;
      refuse(connection, message, error);
      return;
    }
    const work = message.streams > 0 ? null : method.bind(message.args);
    if (work === null) refuse(connection, message, unfit);
    else await pump(connection, message, work);
  }

  async function answer(connection: Connection, message: Invocation, work: (caller: Caller) => unknown): Promise<void> {
    const { invocationId, target } = message;
    try {
      const outcome = work({ connection, signal: connection.signal });
      // A plain value is sent in the same task, before anything that the hub may push in between.
      const result = outcome instanceof Promise ? ((await outcome) as unknown) : outcome;
      if (invocationId !== null) connection.send({ type: 3, invocationId, result });
    } catch (error) {
      refuse(connection, message, explained(`An unexpected error occurred invoking '${target}' on the server.`, error));
    }
  }

  async function pump(
    connection: Connection,
    { invocationId }: StreamInvocation,
    work: (caller: Caller) => AsyncIterable<unknown>,
  ): Promise<void> {
    const running = streams.get(connection) ?? new Map<string, AbortController>();
    streams.set(connection, running);
    if (running.has(invocationId)) {
      connection.send({ type: 3, invocationId, error: `Invocation ID '${invocationId}' is already in use.` });
      return;
    }
    const cancelled = new AbortController();
    running.set(invocationId, cancelled);
    const signal = AbortSignal.any([cancelled.signal, connection.signal]);
    setMaxListeners(0, signal);
    try {
      for await (const item of work({ connection, signal })) {
        if (signal.aborted) break;
        connection.send({ type: 2, invocationId, item });
      }
      connection.send({ type: 3, invocationId });
    } catch (error) {
      const text = explained('An error occurred on the server while streaming results.', error);
      connection.send({ type: 3, invocationId, error: text });
    } finally {
      running.delete(invocationId);
    }
  }

  return {
    take(connection, message) {
      switch (message.type) {
        case 1:
        case 4:
          counters.invocations += 1;
          start(connection, message);
          break;
        case 5:
          streams.get(connection)?.get(message.invocationId)?.abort();
          break;
        case 6:
        case 7:
        case 'other':
          break;
      }
    },
  };
}
