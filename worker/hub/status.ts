/** What tabs are told of a hub: a projection of the machine's state and the list of its tabs. */
import { ConnectionStatus, type SignalRConnection } from '../../src/contract/connection.js';
import type { HubStatus, Reconnect } from '../../src/contract/frames.js';
import type { ErrorCode, WireError } from '../../src/contract/errors.js';
import type { State } from './connection-machine.js';

/** Refused by the issuer or the hub, or all attempts are used up and nobody gives a token: a person has to do something. */
const NEEDS_SIGN_IN: ReadonlySet<ErrorCode> = new Set(['token-rejected', 'token-unavailable']);

export interface StatusParts {
  readonly state: State;
  readonly transport: string | null;
  /** Why the hub is closed although nothing failed (sign-out). */
  readonly closedBy: WireError | null;
  readonly lastConnectedMs: number;
  readonly activeHubs: readonly string[];
  readonly primaryTabId: string | null;
  readonly tabIds: readonly string[];
  readonly lastReconnect: Reconnect | null;
}

export function projectStatus(parts: StatusParts): HubStatus {
  const { state } = parts;
  const error = state.kind === 'live' ? null : state.kind === 'idle' ? parts.closedBy : state.error;
  const snapshot: SignalRConnection = {
    connectionId: state.kind === 'live' ? (state.connectionId ?? '') : '',
    activeHubs: [...parts.activeHubs],
    lastConnected: parts.lastConnectedMs,
    reconnectAttempts: state.kind === 'live' || state.kind === 'idle' ? 0 : state.attempt,
    status: statusOf(state),
    ...(error === null ? {} : { error: error.message }),
    primaryTabId: parts.primaryTabId ?? '',
    subscribedTabs: [...parts.tabIds],
  };
  return {
    phase: state.kind === 'idle' ? 'closed' : state.kind,
    snapshot,
    connectionId: state.kind === 'live' ? state.connectionId : null,
    error,
    retryAtMs: state.kind === 'waiting' ? state.retryAtMs : null,
    transport: parts.transport,
    lastReconnect: parts.lastReconnect,
    authenticationRequired: state.kind === 'resting' && state.error !== null && NEEDS_SIGN_IN.has(state.error.code),
  };
}

export function statusOf(state: State): ConnectionStatus {
  switch (state.kind) {
    case 'idle':
    case 'resting':
      return ConnectionStatus.DISCONNECTED;
    case 'live':
      return ConnectionStatus.CONNECTED;
    case 'starting':
    case 'waiting':
      return state.wasLive ? ConnectionStatus.RECONNECTING : ConnectionStatus.CONNECTING;
  }
}
