/** Runs the connection machine: the only place that holds a hub socket, a retry timer or a start in progress. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { RetryContextData } from '../../src/contract/rpc.js';
import type { Clock } from '../clock.js';
import {
  transition,
  type Effect,
  type Event,
  type Failure,
  type RetryDelay,
  type State,
} from './connection-machine.js';
import { lossFailure, startFailure } from './failure.js';
import type { HubSocket, OpenHubSocket, PrepareStart, ReauthWay, StreamSink, UploadSource } from './hub-socket.js';

export interface HubLinkDeps {
  /** The hub's URL without query, for messages. */
  readonly url: string;
  readonly openSocket: OpenHubSocket;
  readonly prepareStart: PrepareStart;
  readonly clock: Clock;
  readonly retryDelay: RetryDelay;
  /**
   * What the policy says to which `retryDelay` pointed by `'ask'`: milliseconds, or `null` to give up. Must settle, and not reject.
   * Aborted when the answer is no longer wanted.
   */
  readonly askRetryDelay: (context: RetryContextData, signal: AbortSignal) => Promise<number | null>;
  readonly redact: (text: string) => string;
  /** Milliseconds that a start may take, from negotiate to handshake. */
  readonly startTimeoutMs: number;
  /** Milliseconds that a stop may take before the socket is left to itself. */
  readonly stopTimeoutMs: number;
  readonly onState: (state: State, before: State) => void;
  readonly onEvent: (method: string, args: unknown[]) => void;
  /** The hub wants a result; as `HubSocketEvents.question`. */
  readonly onQuestion: (method: string, args: unknown[]) => Promise<unknown>;
  /** As `HubSocketEvents.resumed`: the run goes on. */
  readonly onResumed: (lastedMs: number) => void;
}

export interface HubLink {
  readonly state: State;
  readonly transport: string | null;
  open(): void;
  wake(): void;
  retryNow(): void;
  reconnect(): void;
  /** Resolves when the socket has said goodbye to the hub, or after the stop limit. */
  close(): Promise<void>;
  listen(method: string): void;
  unlisten(method: string): void;
  /** @throws {HubshareError} `not-connected`; otherwise what SignalR throws. */
  invoke(method: string, args: readonly unknown[], uploads?: readonly UploadSource[]): Promise<unknown>;
  send(method: string, args: readonly unknown[], uploads?: readonly UploadSource[]): Promise<void>;
  /**
   * The sink is told in a later task than the call, as by SignalR; `not-connected` too comes as its error.
   *
   * @returns Cancels it: the hub is told, and the sink is told nothing more.
   */
  stream(method: string, args: readonly unknown[], sink: StreamSink, uploads?: readonly UploadSource[]): () => void;
  reauthenticate(token: string): Promise<ReauthWay | 'none'>;
}

export function createHubLink(deps: HubLinkDeps): HubLink {
  const { clock } = deps;
  const methods = new Set<string>();
  let state: State = { kind: 'idle', run: 0 };
  let socket: HubSocket | null = null;
  let disarmRetry: (() => void) | null = null;
  /** Settles when every socket that was told to stop has stopped: a new start waits for it, so that the hub never counts two. */
  let stopping: Promise<void> = Promise.resolve();

  function dispatch(event: Event): void {
    const before = state;
    const step = transition(state, event, deps.retryDelay);
    state = step.state;
    for (const effect of step.effects) perform(effect);
    if (state !== before) deps.onState(state, before);
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'start':
        void start(effect.run);
        return;
      case 'stop':
        stopping = stopSocket();
        return;
      case 'arm-retry':
        disarmRetry = clock.setTimeout(
          () => {
            disarmRetry = null;
            dispatch({ type: 'retry-due', run: effect.run });
          },
          Math.max(0, effect.atMs - clock.now()),
        );
        return;
      case 'ask-retry-delay':
        disarmRetry = askRetryDelay(effect.run, effect.context);
        return;
      case 'disarm-retry':
        disarmRetry?.();
        disarmRetry = null;
    }
  }

  /** @returns Takes the question back. */
  function askRetryDelay(run: number, context: RetryContextData): () => void {
    const unwanted = new AbortController();
    void deps.askRetryDelay(context, unwanted.signal).then((delayMs) => {
      if (unwanted.signal.aborted) return;
      disarmRetry = null;
      dispatch({ type: 'delay-known', run, delayMs, atMs: clock.now() });
    });
    return () => unwanted.abort();
  }

  async function start(run: number): Promise<void> {
    let own: HubSocket | null = null;
    let isStarted = false;
    let lostAtOnce: Failure | null = null;
    try {
      await stopping;
      // Nobody is asked for a token on behalf of a hub that was let go, perhaps by a sign-out.
      if (!isCurrent(run)) return;
      // Has limits of its own: a tab that does not answer, a slow issuer.
      await deps.prepareStart();
      if (!isCurrent(run)) return;
      const opened = deps.openSocket({
        event: (method, args) => {
          if (isCurrent(run)) deps.onEvent(method, args);
        },
        question: async (method, args) => {
          // Who asked on an old connection does not wait for an answer any more.
          return isCurrent(run) ? deps.onQuestion(method, args) : undefined;
        },
        resumed: (lastedMs) => {
          if (isCurrent(run)) deps.onResumed(lastedMs);
        },
        closed: (error, close) => {
          if (socket === opened) socket = null;
          const failure = lossFailure(error, close, deps.redact);
          // The socket may end before the start that has just succeeded is heard of here.
          if (isStarted) dispatch({ type: 'lost', run, failure, atMs: clock.now() });
          else lostAtOnce = failure;
        },
      });
      own = opened;
      socket = opened;
      for (const method of methods) listenTo(opened, method);
      await withinLimit(opened.start());
      isStarted = true;
      dispatch({ type: 'started', run, connectionId: opened.connectionId, atMs: clock.now() });
      if (lostAtOnce !== null) dispatch({ type: 'lost', run, failure: lostAtOnce, atMs: clock.now() });
    } catch (error) {
      // A start that timed out may still succeed later: it is told to stop, and its news is dropped by its run number.
      if (own !== null && socket === own) {
        socket = null;
        stopping = stopWithinLimit(own);
      }
      const wasLive = state.kind === 'starting' && state.wasLive;
      const failure = startFailure(error, deps.url, deps.redact, wasLive);
      dispatch({ type: 'failed', run, failure, atMs: clock.now() });
    }
  }

  function isCurrent(run: number): boolean {
    return (state.kind === 'starting' || state.kind === 'live') && state.run === run;
  }

  function stopSocket(): Promise<void> {
    const stopped = socket;
    socket = null;
    return stopped === null ? stopping : Promise.all([stopping, stopWithinLimit(stopped)]).then(() => undefined);
  }

  function stopWithinLimit(stopped: HubSocket): Promise<void> {
    return new Promise((resolve) => {
      const disarm = clock.setTimeout(() => {
        stopped.abandon();
        resolve();
      }, deps.stopTimeoutMs);
      const done = (): void => {
        disarm();
        resolve();
      };
      stopped.stop().then(done, done);
    });
  }

  function withinLimit(work: Promise<void>): Promise<void> {
    const afterMs = deps.startTimeoutMs;
    return new Promise((resolve, reject) => {
      const disarm = clock.setTimeout(() => {
        reject(
          new HubshareError(
            wireError('start-timed-out', `The hub at ${deps.url} did not finish the handshake in ${afterMs} ms.`, {
              afterMs,
            }),
          ),
        );
      }, afterMs);
      work.then(resolve, reject).finally(disarm);
    });
  }

  function live(): HubSocket {
    if (state.kind === 'live' && socket !== null) return socket;
    throw notConnected();
  }

  function stream(
    method: string,
    args: readonly unknown[],
    sink: StreamSink,
    uploads?: readonly UploadSource[],
  ): () => void {
    if (state.kind === 'live' && socket !== null) return socket.stream(method, args, sink, uploads);
    let isCancelled = false;
    queueMicrotask(() => {
      if (!isCancelled) sink.error(notConnected());
    });
    return () => {
      isCancelled = true;
    };
  }

  /** A name that SignalR cannot take costs its own events, and nobody the connection. */
  function listenTo(to: HubSocket, method: string): void {
    try {
      to.listen(method);
    } catch {
      methods.delete(method);
    }
  }

  return {
    get state() {
      return state;
    },
    get transport() {
      return state.kind === 'live' ? (socket?.transport ?? null) : null;
    },
    open: () => dispatch({ type: 'open' }),
    wake: () => dispatch({ type: 'wake' }),
    retryNow: () => dispatch({ type: 'retry-now' }),
    reconnect: () => dispatch({ type: 'reconnect' }),
    close: () => {
      dispatch({ type: 'close' });
      return stopping;
    },
    listen: (method) => {
      methods.add(method);
      if (socket !== null) listenTo(socket, method);
    },
    unlisten: (method) => {
      methods.delete(method);
      socket?.unlisten(method);
    },
    invoke: async (method, args, uploads) => live().invoke(method, args, uploads),
    send: async (method, args, uploads) => live().send(method, args, uploads),
    stream,
    reauthenticate: async (token) => live().reauthenticate(token),
  };
}

/** In SignalR's own sentence, so that an app that looks for it finds it. */
function notConnected(): HubshareError<'not-connected'> {
  return new HubshareError(
    wireError('not-connected', "Cannot send data if the connection is not in the 'Connected' State.", {}),
  );
}
