/**
 * The one hub connection as a pure function: no timers, no sockets, no ports.
 *
 *           open             started
 *   idle ----------> starting --------> live
 *    ^                ^    |              |
 *    |      retry-due |    | failed       | lost
 *    |  or retry-now  |    v              |
 *    |              waiting <-------------+
 *    |                |   a policy that has to be asked is asked here; its answer sets the time
 *    |                v   the delays are used up, the policy gives up, or retrying cannot help
 *    |             resting ---- wake ----> starting
 *    |
 *   any state --- close
 */
import type { WireError } from '../../src/contract/errors.js';
import type { RetryContextData } from '../../src/contract/rpc.js';

export type State =
  /** Nobody wants the hub. `run` is the last one, so that its late news stays recognisable. */
  | { readonly kind: 'idle'; readonly run: number }
  | {
      readonly kind: 'starting';
      readonly run: number;
      readonly attempt: number;
      readonly wasLive: boolean;
      readonly error: WireError | null;
      /** When this series of attempts began to be needed: the loss, or the first start that failed. `null`: nothing has failed. */
      readonly fellAtMs: number | null;
    }
  | { readonly kind: 'live'; readonly run: number; readonly connectionId: string | null; readonly sinceMs: number }
  | {
      readonly kind: 'waiting';
      readonly run: number;
      readonly attempt: number;
      readonly wasLive: boolean;
      readonly error: WireError;
      readonly fellAtMs: number;
      /** `null`: the retry policy has not said yet. */
      readonly retryAtMs: number | null;
    }
  | {
      readonly kind: 'resting';
      readonly run: number;
      readonly attempt: number;
      readonly wasLive: boolean;
      readonly error: WireError | null;
      /** Trying again cannot help: only a person's or an app's wish leaves this rest, no network that is back. */
      readonly final: boolean;
    };

/** What went wrong, and whether trying again can help. */
export interface Failure {
  readonly error: WireError | null;
  readonly retryable: boolean;
}

/** `run` numbers each start, so that news of an abandoned start is recognised and dropped. */
export type Event =
  /** Somebody wants the hub. */
  | { readonly type: 'open' }
  | { readonly type: 'started'; readonly run: number; readonly connectionId: string | null; readonly atMs: number }
  | { readonly type: 'failed'; readonly run: number; readonly failure: Failure; readonly atMs: number }
  /** A connection that was up has ended. */
  | { readonly type: 'lost'; readonly run: number; readonly failure: Failure; readonly atMs: number }
  /** What the policy that was asked said: milliseconds, or `null` to give up. */
  | { readonly type: 'delay-known'; readonly run: number; readonly delayMs: number | null; readonly atMs: number }
  | { readonly type: 'retry-due'; readonly run: number }
  /** The network is back, a tab was shown, somebody called `start()`: a good moment to leave `resting`. */
  | { readonly type: 'wake' }
  /** The network is back or a person asked: do not wait for the retry. */
  | { readonly type: 'retry-now' }
  /** A person asked for a new connection, also when the present one is up. */
  | { readonly type: 'reconnect' }
  | { readonly type: 'close' };

export type Effect =
  | { readonly type: 'start'; readonly run: number }
  | { readonly type: 'stop'; readonly run: number }
  | { readonly type: 'arm-retry'; readonly run: number; readonly atMs: number }
  | { readonly type: 'ask-retry-delay'; readonly run: number; readonly context: RetryContextData }
  /** Takes back what the last `arm-retry` or `ask-retry-delay` has begun. */
  | { readonly type: 'disarm-retry' };

export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** Milliseconds before attempt number `attempt` (1 is the first retry), `null` when there are no more, `'ask'` when a tab has to be asked. */
export type RetryDelay = (attempt: number) => number | null | 'ask';

export function transition(state: State, event: Event, retryDelayMs: RetryDelay): Step {
  const ignored: Step = { state, effects: [] };
  switch (event.type) {
    case 'open':
      return state.kind === 'idle'
        ? begin(state.run + 1, 0, false, null, null)
        : state.kind === 'resting'
          ? revive(state)
          : ignored;
    case 'wake':
      return state.kind === 'resting' && !state.final ? revive(state) : ignored;
    case 'retry-now':
      return state.kind === 'waiting' ? retryNow(state) : transition(state, { type: 'wake' }, retryDelayMs);
    case 'reconnect':
      return state.kind === 'live'
        ? begin(state.run + 1, 0, true, null, null, [{ type: 'stop', run: state.run }])
        : state.kind === 'resting'
          ? revive(state)
          : transition(state, { type: 'retry-now' }, retryDelayMs);
    case 'started':
      return state.kind === 'starting' && state.run === event.run
        ? {
            state: { kind: 'live', run: state.run, connectionId: event.connectionId, sinceMs: event.atMs },
            effects: [],
          }
        : ignored;
    case 'failed':
      return state.kind === 'starting' && state.run === event.run
        ? fall(state, state.attempt + 1, state.wasLive, state.fellAtMs ?? event.atMs, event, retryDelayMs)
        : ignored;
    case 'lost':
      return state.kind === 'live' && state.run === event.run
        ? fall(state, 1, true, event.atMs, event, retryDelayMs)
        : ignored;
    case 'delay-known':
      return state.kind === 'waiting' && state.run === event.run && state.retryAtMs === null
        ? arm(state, event.delayMs, event.atMs)
        : ignored;
    case 'retry-due':
      return state.kind === 'waiting' && state.run === event.run ? retry(state) : ignored;
    case 'close':
      return close(state);
  }
}

function begin(
  run: number,
  attempt: number,
  wasLive: boolean,
  error: WireError | null,
  fellAtMs: number | null,
  before: readonly Effect[] = [],
): Step {
  return {
    state: { kind: 'starting', run, attempt, wasLive, error, fellAtMs },
    effects: [...before, { type: 'start', run }],
  };
}

/** A new series of attempts after the old one was given up. */
function revive(state: State & { kind: 'resting' }): Step {
  return begin(state.run + 1, 0, state.wasLive, state.error, null);
}

function retry(state: State & { kind: 'waiting' }): Step {
  return begin(state.run + 1, state.attempt, state.wasLive, state.error, state.fellAtMs);
}

/** An attempt that the policy did not plan: it is not counted, or a few tabs that open would use up all attempts at once. */
function retryNow(state: State & { kind: 'waiting' }): Step {
  return begin(state.run + 1, state.attempt - 1, state.wasLive, state.error, state.fellAtMs, [
    { type: 'disarm-retry' },
  ]);
}

function fall(
  { run }: { readonly run: number },
  attempt: number,
  wasLive: boolean,
  fellAtMs: number,
  { failure, atMs }: { readonly failure: Failure; readonly atMs: number },
  retryDelayMs: RetryDelay,
): Step {
  const { error, retryable } = failure;
  if (!retryable || error === null) {
    return { state: { kind: 'resting', run, attempt: attempt - 1, wasLive, error, final: !retryable }, effects: [] };
  }
  const waiting = { kind: 'waiting', run, attempt, wasLive, error, fellAtMs, retryAtMs: null } as const;
  const delayMs = retryDelayMs(attempt);
  if (delayMs !== 'ask') return arm(waiting, delayMs, atMs);
  // SignalR's numbers: the first question is about retry 0, at the moment of the loss.
  const context = { previousRetryCount: attempt - 1, elapsedMilliseconds: atMs - fellAtMs, retryReason: error };
  return { state: waiting, effects: [{ type: 'ask-retry-delay', run, context }] };
}

/** @param delayMs - `null`: there are no more attempts. */
function arm(state: State & { kind: 'waiting' }, delayMs: number | null, atMs: number): Step {
  const { run, attempt, wasLive, error } = state;
  if (delayMs === null) {
    return { state: { kind: 'resting', run, attempt: attempt - 1, wasLive, error, final: false }, effects: [] };
  }
  const retryAtMs = atMs + delayMs;
  return { state: { ...state, retryAtMs }, effects: [{ type: 'arm-retry', run, atMs: retryAtMs }] };
}

function close(state: State): Step {
  if (state.kind === 'idle') return { state, effects: [] };
  const idle: State = { kind: 'idle', run: state.run };
  switch (state.kind) {
    case 'resting':
      return { state: idle, effects: [] };
    case 'waiting':
      return { state: idle, effects: [{ type: 'disarm-retry' }] };
    case 'starting':
    case 'live':
      return { state: idle, effects: [{ type: 'stop', run: state.run }] };
  }
}
