/** What a connection shows of the hub: the worker's snapshot, and whether this tab is the primary one. */
import { ConnectionStatus, type SignalRConnection } from '../contract/connection.js';
import type { HubStatus, Reconnect } from '../contract/frames.js';
import { createAuthenticationNotice, type AuthenticationNotice } from './authentication-required.js';
import { createCallbacks, type Callbacks } from './callbacks.js';
import type { Log } from './log.js';

const NOTHING_YET: SignalRConnection = {
  connectionId: '',
  activeHubs: [],
  lastConnected: 0,
  reconnectAttempts: 0,
  status: ConnectionStatus.DISCONNECTED,
  primaryTabId: '',
  subscribedTabs: [],
};

export interface ConnectionView {
  readonly snapshot: SignalRConnection;
  readonly transport: string | null;
  readonly retryAtMs: number | null;
  readonly lastReconnect: Reconnect | null;
  readonly isPrimary: boolean;
  readonly statusChanged: Callbacks<[snapshot: SignalRConnection]>;
  readonly primaryChanged: Callbacks<[isPrimary: boolean]>;
  readonly authentication: Pick<AuthenticationNotice, 'required' | 'tell'>;
  show(status: HubStatus): void;
  /** The hub is connected again, by another worker, which knows nothing of the loss. */
  workerReplaced(reconnect: Reconnect): void;
  /** The worker has died; nobody knows more until the next one speaks. */
  showWorkerLost(message: string, wasConnected: boolean): void;
  /** What the worker said no longer holds for this tab, which it does not tell any more. */
  forget(): void;
}

/** @param self - The connection, which callbacks get as `this`. */
export function createConnectionView(self: object, tabId: string, log: Log): ConnectionView {
  const authentication = createAuthenticationNotice(self, tabId, log);

  function tell(snapshot: SignalRConnection): void {
    const wasPrimary = view.isPrimary;
    view.snapshot = snapshot;
    view.isPrimary = snapshot.primaryTabId === tabId;
    view.statusChanged.call(self, snapshot);
    if (view.isPrimary !== wasPrimary) view.primaryChanged.call(self, view.isPrimary);
  }

  function tellWithoutWorker(snapshot: SignalRConnection): void {
    view.transport = view.retryAtMs = null;
    tell(snapshot);
  }

  const view = {
    snapshot: NOTHING_YET,
    transport: null as string | null,
    retryAtMs: null as number | null,
    lastReconnect: null as Reconnect | null,
    isPrimary: false,
    statusChanged: createCallbacks<[snapshot: SignalRConnection]>('onstatus', log),
    primaryChanged: createCallbacks<[isPrimary: boolean]>('onprimary', log),
    authentication,
    show(status: HubStatus) {
      const { transport, retryAtMs, snapshot, lastReconnect } = status;
      authentication.see(status);
      view.transport = transport;
      view.retryAtMs = retryAtMs;
      // A new worker knows nothing of the loss of the one before.
      if ((lastReconnect?.endedAtMs ?? 0) > (view.lastReconnect?.endedAtMs ?? 0)) view.lastReconnect = lastReconnect;
      tell(snapshot);
    },
    workerReplaced(reconnect: Reconnect) {
      view.lastReconnect = reconnect;
    },
    showWorkerLost(error: string, wasConnected: boolean) {
      const status = wasConnected ? ConnectionStatus.RECONNECTING : view.snapshot.status;
      tellWithoutWorker({ ...view.snapshot, connectionId: '', status, error, primaryTabId: '' });
    },
    forget() {
      const { lastConnected, error } = view.snapshot;
      view.lastReconnect = null;
      authentication.forget();
      tellWithoutWorker({ ...NOTHING_YET, lastConnected, ...(error === undefined ? {} : { error }) });
    },
  };
  return view;
}
