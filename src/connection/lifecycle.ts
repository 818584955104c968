/** SignalR's states of a connection, in this tab, and what leads from one to the next: the app, the worker, or the worker's death. */
import type { HubConnectionState } from '@microsoft/signalr';
import {
  errorFromWire,
  HubshareError,
  isHubshareError,
  isQuiet,
  wireError,
  type WireError,
} from '../contract/errors.js';
import type { HubStatus, Missed, Reconnect } from '../contract/frames.js';
import type { ChannelUser, Restored } from '../tab/channel-user.js';
import { deferred, type Deferred } from '../tab/deferred.js';
import type { HubChannel } from '../tab/hub-channel.js';
import type { TabClient } from '../tab/tab-client.js';
import { createCallbacks, type Callbacks } from './callbacks.js';
import type { ConnectionView } from './connection-view.js';
import type { Log } from './log.js';

/** Why events may be missing here, and whether they are. */
export interface Resync {
  /**
   * `outbox-full`: this tab did not read for too long. `reconnected`, `worker-replaced`: the connection was down for a while.
   * `page-restored`: the page was in the back/forward cache, frozen, or hidden for so long that it had parked itself.
   */
  readonly reason: 'outbox-full' | 'reconnected' | 'worker-replaced' | 'page-restored';
  /** `no`, for `page-restored` only: what waited for the page follows, and is all there was. */
  readonly missed: Missed;
  /** How many events were dropped; `null` when nobody can know. */
  readonly dropped: number | null;
  /** Milliseconds for which the connection was down or the page was parked; `null` for `outbox-full`. */
  readonly lastedMs: number | null;
}

export interface LifecycleParts {
  /** The connection, which callbacks get as `this`. */
  readonly self: object;
  readonly client: TabClient;
  readonly view: ConnectionView;
  readonly log: Log;
  readonly reconnects: boolean;
  /** The hub's URL of now. */
  readonly hub: () => string;
  /** The connection, as its channel sees it. */
  readonly user: ChannelUser;
}

export interface Lifecycle {
  readonly state: `${HubConnectionState}`;
  readonly connectionId: string | null;
  /** The way to the hub, while there is one. */
  readonly channel: HubChannel | null;
  readonly closed: Callbacks<[error?: Error]>;
  readonly reconnecting: Callbacks<[error?: Error]>;
  readonly reconnected: Callbacks<[connectionId?: string]>;
  readonly resync: Callbacks<[resync: Resync]>;
  start(): Promise<void>;
  stop(): Promise<void>;
  onStatus(status: HubStatus): void;
  onGap(dropped: number): void;
  onRestored(restored: Restored): void;
  onWorkerLost(error: WireError): void;
  onAbandoned(error: WireError): void;
}

/** A start that has not come to its end. */
type Starting = Deferred<void>;

export function createLifecycle({ self, client, view, log, reconnects, hub, user }: LifecycleParts): Lifecycle {
  const closed = createCallbacks<[error?: Error]>('onclose', log);
  const reconnecting = createCallbacks<[error?: Error]>('onreconnecting', log);
  const reconnected = createCallbacks<[connectionId?: string]>('onreconnected', log);
  const resync = createCallbacks<[resync: Resync]>('onresync', log);
  let state: `${HubConnectionState}` = 'Disconnected';
  let channel: HubChannel | null = null;
  let starting: Starting | null = null;
  let lastStart: Starting | null = null;
  let stopping: Promise<void> | null = null;
  /** Connected again after `onclose`, because another tab was started or the worker woke: the app has not started it yet. */
  let cameBack = false;
  let connectionId: string | null = null;
  /** When the worker died, in milliseconds since the epoch, until the next one has the hub connected. */
  let lostAtMs: number | null = null;
  /** The last reconnect that this tab knows of, told or not. */
  let knownReconnectMs = 0;

  async function attach(by: Starting): Promise<void> {
    try {
      const before = channel;
      // Rested on another URL: that hub is let go.
      if (before !== null && before.hub !== hub()) await before.detach(user);
      if (starting !== by) return;
      channel = client.channel(hub());
      await channel.attach(user);
    } catch (error) {
      if (starting === by) failStart(error instanceof Error ? error : new Error(String(error)));
      // Connected by what another connection of the page had asked for, and its own wish was refused: it hears of the hub no more.
      else if (lastStart === by && state !== 'Disconnected' && state !== 'Disconnecting')
        close(isHubshareError(error) ? error.wire : null);
    }
  }

  function onLive({ connectionId: id, lastReconnect }: HubStatus): void {
    const before = connectionId;
    const isOther = before !== id;
    const endedAtMs = lastReconnect?.endedAtMs ?? 0;
    const isNews = endedAtMs > 0 && endedAtMs !== knownReconnectMs && lastReconnect?.missed !== 'no';
    connectionId = id;
    knownReconnectMs = endedAtMs;
    switch (state) {
      case 'Connecting': {
        state = 'Connected';
        const started = starting;
        starting = null;
        lostAtMs = null;
        started?.resolve();
        return;
      }
      case 'Connected':
        // The statuses in between were not kept for this tab, because it was parked: it still learns that events may be missing.
        if (isOther || isNews) tellReconnected(lastReconnect, isOther);
        return;
      case 'Reconnecting':
      case 'Disconnected':
        cameBack ||= state === 'Disconnected';
        state = 'Connected';
        tellReconnected(lastReconnect, isOther);
        return;
      case 'Disconnecting':
    }
  }

  /** @param isOther - It is another connection, so stateful reconnect has not brought all, though it may have done so later. */
  function tellReconnected(reconnect: Reconnect | null, isOther: boolean): void {
    if (lostAtMs !== null) {
      const endedAtMs = Date.now();
      const lastedMs = Math.max(0, endedAtMs - lostAtMs);
      lostAtMs = null;
      view.workerReplaced({ endedAtMs, lastedMs, missed: 'unknown' });
      resync.call(self, { reason: 'worker-replaced', missed: 'unknown', dropped: null, lastedMs });
    } else {
      let missed = reconnect?.missed ?? 'unknown';
      if (missed === 'no' && isOther) missed = 'unknown';
      const lastedMs = reconnect?.lastedMs ?? null;
      if (missed !== 'no') resync.call(self, { reason: 'reconnected', missed, dropped: null, lastedMs });
    }
    reconnected.call(self, connectionId ?? undefined);
  }

  function onDown({ phase, error }: HubStatus): void {
    // While `starting` the error is that of an earlier attempt, which this start has not caused.
    if (state === 'Connecting' && phase === 'waiting' && error !== null && !reconnects) {
      return failStart(errorFromWire(error));
    }
    // Kept only because its worker died: it has no retries of its own, and what the next worker tries is not for it.
    if (state === 'Reconnecting' && phase === 'waiting' && !reconnects) return close(error);
    if (state !== 'Connected') return;
    if (!reconnects) return close(error);
    state = 'Reconnecting';
    reconnecting.call(self, optionalError(error));
  }

  function onEnded({ phase, error }: HubStatus): void {
    if (state === 'Connecting') {
      return failStart(errorFromWire(error ?? wireError('hub-closed', 'The hub closed the connection.', {})));
    }
    // At rest this tab is still attached: a hub that is closed is let go all the same, or the next worker would open it again.
    if (state === 'Disconnecting' || (state === 'Disconnected' && phase === 'resting')) return;
    if (phase !== 'resting' || !reconnects) return close(error);
    // Still attached: when the worker wakes the hub, this tab comes back with it.
    state = 'Disconnected';
    closed.call(self, optionalError(error));
  }

  function follow(status: HubStatus): void {
    switch (status.phase) {
      case 'live':
        onLive(status);
        return;
      case 'starting':
      case 'waiting':
        onDown(status);
        return;
      case 'resting':
      case 'closed':
        onEnded(status);
    }
  }

  /** Ends the connection in this tab although the app did not ask for it. */
  function close(error: WireError | null): void {
    const wasClosed = state === 'Disconnected';
    release();
    if (!wasClosed) closed.call(self, optionalError(error));
  }

  function failStart(error: Error): void {
    const failed = starting;
    starting = null;
    release();
    failed?.reject(error);
  }

  function release(): void {
    const before = channel;
    channel = null;
    state = 'Disconnected';
    void before?.detach(user);
    forget();
  }

  function forget(): void {
    cameBack = false;
    connectionId = null;
    lostAtMs = null;
    view.forget();
  }

  return {
    get state() {
      return state;
    },
    get connectionId() {
      return state === 'Connected' ? connectionId : null;
    },
    get channel() {
      return channel;
    },
    closed,
    reconnecting,
    reconnected,
    resync,

    start() {
      // An app that starts anew some time after `onclose`, as with SignalR, finds it done.
      if (state === 'Connected' && cameBack) {
        cameBack = false;
        return Promise.resolve();
      }
      if (state !== 'Disconnected') {
        return Promise.reject(
          stateInvalid(state, "Cannot start a HubConnection that is not in the 'Disconnected' state."),
        );
      }
      cameBack = false;
      state = 'Connecting';
      lastStart = starting = deferred();
      void attach(starting);
      return starting.promise;
    },

    stop() {
      if (stopping !== null) return stopping;
      const before = channel;
      channel = null;
      if (state === 'Disconnected') {
        if (before === null) return Promise.resolve();
        // At rest: nothing to wait for, and a start() right after must find it done.
        forget();
        return before.detach(user);
      }
      state = 'Disconnecting';
      const interrupted = starting;
      starting = null;
      interrupted?.reject(
        new HubshareError(
          wireError('stopped', 'The connection was stopped before the hub handshake could complete.', {}),
        ),
      );
      const finish = (): void => {
        stopping = null;
        forget();
        state = 'Disconnected';
        if (interrupted === null) closed.call(self, undefined);
      };
      // Kept at first although it may end at once: `finish` then clears it.
      const stopped = before === null ? Promise.resolve().then(finish) : before.detach(user, finish);
      if (state === 'Disconnecting') stopping = stopped;
      return stopped;
    },

    onStatus(status) {
      view.show(status);
      follow(status);
      view.authentication.tell();
    },

    onGap(dropped) {
      resync.call(self, { reason: 'outbox-full', missed: 'yes', dropped, lastedMs: null });
    },

    onRestored({ dropped, lastedMs }) {
      if (state !== 'Connected') return;
      const missed = dropped === null ? 'unknown' : dropped > 0 ? 'yes' : 'no';
      resync.call(self, { reason: 'page-restored', missed, dropped, lastedMs });
    },

    onWorkerLost(error) {
      lostAtMs ??= Date.now();
      view.showWorkerLost(error.message, state === 'Connected');
      if (state !== 'Connected') return;
      state = 'Reconnecting';
      reconnecting.call(self, errorFromWire(error));
    },

    onAbandoned(error) {
      if (state === 'Connecting') failStart(errorFromWire(error));
      else close(error);
    },
  };
}

export function stateInvalid(state: string, message: string): HubshareError<'state-invalid'> {
  return new HubshareError(wireError('state-invalid', message, { state }));
}

function optionalError(error: WireError | null): Error | undefined {
  return error === null || isQuiet(error) ? undefined : errorFromWire(error);
}
