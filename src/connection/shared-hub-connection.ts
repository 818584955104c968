/** The drop-in: SignalR's `HubConnection` as an app sees it, on the connection that the worker shares among all tabs. */
import type { HubConnection, HubConnectionState, IStreamResult } from '@microsoft/signalr';
import { ConnectionStatus, type SignalRConnection } from '../contract/connection.js';
import { errorFromWire, HubshareError, isHubshareError, wireError, type WireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import { offerInspection } from '../contract/inspection.js';
import type { ChannelUser, HubChannel } from '../tab/hub-channel.js';
import { answered } from '../tab/answered.js';
import type { TabClient } from '../tab/tab-client.js';
import { createCallbacks } from './callbacks.js';
import { createHandlers, type Handler } from './handlers.js';
import { inspectHub } from './inspect-hub.js';
import { jsonArguments } from './json-arguments.js';
import { checkFunction, checkHubUrl, checkMs, checkText, type ConnectionOptions } from './options.js';

/** Why events may be missing here. */
export interface Resync {
  /** `outbox-full`: this tab did not read for too long. `reconnected`, `worker-replaced`: the connection was down for a while. */
  readonly reason: 'outbox-full' | 'reconnected' | 'worker-replaced';
  /** How many events were dropped; `null` when nobody can know. */
  readonly dropped: number | null;
}

const NOTHING_YET: SignalRConnection = {
  connectionId: '',
  activeHubs: [],
  lastConnected: 0,
  reconnectAttempts: 0,
  status: ConnectionStatus.DISCONNECTED,
  primaryTabId: '',
  subscribedTabs: [],
};

interface Starting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Built by `SharedHubConnectionBuilder`. Members that `HubConnection` has behave as there, unless their comment says otherwise. */
export class SharedHubConnection implements Pick<HubConnection, keyof HubConnection> {
  readonly #client: TabClient;
  readonly #options: ConnectionOptions;
  readonly #handlers = createHandlers();
  readonly #closed = createCallbacks<[error?: Error]>('onclose');
  readonly #reconnecting = createCallbacks<[error?: Error]>('onreconnecting');
  readonly #reconnected = createCallbacks<[connectionId?: string]>('onreconnected');
  readonly #statusChanged = createCallbacks<[snapshot: SignalRConnection]>('onstatus');
  readonly #primaryChanged = createCallbacks<[isPrimary: boolean]>('onprimary');
  readonly #resync = createCallbacks<[resync: Resync]>('onresync');
  readonly #user: ChannelUser;
  #hub: string;
  #channel: HubChannel | null = null;
  #state: `${HubConnectionState}` = 'Disconnected';
  #starting: Starting | null = null;
  #stopping: Promise<void> | null = null;
  #connectionId: string | null = null;
  #snapshot: SignalRConnection = NOTHING_YET;
  #transport: string | null = null;
  #retryAtMs: number | null = null;
  #isPrimary = false;
  #workerWasLost = false;
  #serverTimeoutMs: number;
  #keepAliveIntervalMs: number;

  /** @internal Use `SharedHubConnectionBuilder`. */
  constructor(client: TabClient, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.#hub = options.hub;
    this.#serverTimeoutMs = options.settings.serverTimeoutMs ?? 30_000;
    this.#keepAliveIntervalMs = options.settings.keepAliveIntervalMs ?? 15_000;
    // Read when the worker is told, so that fields set between build() and start() count.
    const settings = (): ConnectionOptions['settings'] => ({
      ...options.settings,
      serverTimeoutMs: this.#serverTimeoutMs,
      keepAliveIntervalMs: this.#keepAliveIntervalMs,
    });
    this.#user = {
      get settings() {
        return settings();
      },
      tokenFactory: options.tokenFactory,
      reconnects: options.reconnects,
      methods: () => this.#handlers.names(),
      onEvent: (method, args) => this.#handlers.run(this, method, args),
      onStatus: (status) => this.#onStatus(status),
      onGap: (dropped) => this.#resync.call(this, { reason: 'outbox-full', dropped }),
      onWorkerLost: (error) => this.#onWorkerLost(error),
      onAbandoned: (error) => this.#onAbandoned(error),
    };
    offerInspection(
      this,
      inspectHub(client, () => this.#hub),
    );
  }

  /** This connection's state in this tab. The hub's connection itself may live longer, for other tabs. */
  get state(): HubConnectionState {
    return this.#state as HubConnectionState;
  }

  /** Id of the shared connection on the hub: the same in every tab. `null` while not connected. */
  get connectionId(): string | null {
    return this.#state === 'Connected' ? this.#connectionId : null;
  }

  get baseUrl(): string {
    return this.#hub;
  }

  /** @throws {HubshareError} `state-invalid` unless disconnected or reconnecting; `option-invalid`. */
  set baseUrl(url: string) {
    if (this.#state !== 'Disconnected' && this.#state !== 'Reconnecting') {
      throw stateInvalid(
        this.#state,
        'The HubConnection must be in the Disconnected or Reconnecting state to change the url.',
      );
    }
    this.#hub = checkHubUrl(url, globalThis.location?.href);
  }

  /** Milliseconds. Takes effect at the next `start()`, for the tab that opens the hub. Default 30 000. */
  get serverTimeoutInMilliseconds(): number {
    return this.#serverTimeoutMs;
  }

  set serverTimeoutInMilliseconds(milliseconds: number) {
    this.#serverTimeoutMs = checkMs('serverTimeoutInMilliseconds', milliseconds);
  }

  /** Milliseconds. Takes effect at the next `start()`, for the tab that opens the hub. Default 15 000. */
  get keepAliveIntervalInMilliseconds(): number {
    return this.#keepAliveIntervalMs;
  }

  set keepAliveIntervalInMilliseconds(milliseconds: number) {
    this.#keepAliveIntervalMs = checkMs('keepAliveIntervalInMilliseconds', milliseconds);
  }

  /** Identifies this page load among the tabs of `snapshot`. */
  get tabId(): string {
    return this.#client.tabId;
  }

  /** What the worker last said of the hub: the same in every tab (T5-1). */
  get snapshot(): SignalRConnection {
    return this.#snapshot;
  }

  /** `WebSockets`, `ServerSentEvents` or `LongPolling`; `null` while not connected. */
  get transport(): string | null {
    return this.#transport;
  }

  /** When the next attempt to connect is due, in milliseconds since the epoch; `null` when none is. */
  get retryAtMs(): number | null {
    return this.#retryAtMs;
  }

  /** This tab is the one that is asked for what only a page can do, such as showing a notification once. */
  get isPrimary(): boolean {
    return this.#isPrimary;
  }

  /**
   * Connects this tab to the hub: opens the worker's connection if no tab has it open, else joins it.
   *
   * With `withAutomaticReconnect` a first start that fails is tried again after the same delays (SignalR gives up at once), and
   * the promise stays open meanwhile; errors that trying again cannot mend reject at once.
   *
   * @throws {HubshareError} `state-invalid`, `worker-unsupported`, `worker-load-failed`, `worker-unreachable`,
   *   `contract-mismatch`, `hub-unreachable`, `hub-not-found`, `not-a-hub`, `hub-refused`, `start-timed-out`,
   *   `token-unavailable`, `token-rejected`, `stopped`.
   */
  start(): Promise<void> {
    if (this.#state !== 'Disconnected') {
      return Promise.reject(
        stateInvalid(this.#state, "Cannot start a HubConnection that is not in the 'Disconnected' state."),
      );
    }
    this.#state = 'Connecting';
    const starting = deferred();
    this.#starting = starting;
    void this.#attach(starting);
    return starting.promise;
  }

  async #attach(starting: Starting): Promise<void> {
    try {
      const before = this.#channel;
      // Rested on another URL: that hub is let go.
      if (before !== null && before.hub !== this.#hub) await before.detach(this.#user);
      if (this.#starting !== starting) return;
      const channel = this.#client.channel(this.#hub);
      this.#channel = channel;
      await channel.attach(this.#user);
    } catch (error) {
      if (this.#starting === starting) this.#failStart(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Lets the hub go in this tab. The hub's connection is closed when no tab wants it any more. Never rejects. */
  stop(): Promise<void> {
    if (this.#stopping !== null) return this.#stopping;
    const wasClosed = this.#state === 'Disconnected';
    const channel = this.#channel;
    if (wasClosed && channel === null) return Promise.resolve();
    if (wasClosed) {
      // At rest: nothing to wait for, and a start() right after must find it done.
      this.#channel = null;
      this.#forget();
      return channel?.detach(this.#user) ?? Promise.resolve();
    }
    this.#state = 'Disconnecting';
    const starting = this.#starting;
    this.#starting = null;
    starting?.reject(
      new HubshareError(
        wireError('stopped', 'The connection was stopped before the hub handshake could complete.', {}),
      ),
    );
    const stopping = (async () => {
      this.#channel = null;
      await channel?.detach(this.#user);
      this.#stopping = null;
      this.#forget();
      this.#state = 'Disconnected';
      if (starting === null) this.#closed.call(this, undefined);
    })();
    this.#stopping = stopping;
    return stopping;
  }

  /**
   * Calls a hub method and waits for its result. The result goes to this tab only.
   *
   * @throws {HubshareError} `hub-error` with SignalR's message when the hub method failed; `not-connected`; `connection-lost`;
   *   `stopped`; `outcome-unknown` when the worker died after it had given the call to the hub; `call-timed-out` when the worker
   *   does not take the call in 10 s; `option-invalid` for arguments that JSON cannot hold.
   */
  // The type parameter defaults to any as in SignalR.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  invoke<T = any>(methodName: string, ...args: any[]): Promise<T> {
    return this.#call('invoke', methodName, args) as Promise<T>;
  }

  /** Calls a hub method and resolves when the call was written to the transport. @throws {HubshareError} as `invoke`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in SignalR
  async send(methodName: string, ...args: any[]): Promise<void> {
    await this.#call('send', methodName, args);
  }

  async #call(kind: 'invoke' | 'send', method: string, args: readonly unknown[]): Promise<unknown> {
    const channel = this.#channel;
    if (this.#state !== 'Connected' || channel === null) {
      throw new HubshareError(
        wireError('not-connected', "Cannot send data if the connection is not in the 'Connected' State.", {}),
      );
    }
    checkText('methodName', method);
    return channel.call(this.#user, kind, method, jsonArguments(args));
  }

  /** @throws {HubshareError} `feature-unavailable`: streams come in a later version. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in SignalR
  stream<T = any>(methodName: string, ..._args: any[]): IStreamResult<T> {
    throw new HubshareError(
      wireError(
        'feature-unavailable',
        `Streams are not available in this version of hubshare (${methodName}). Use a plain HubConnection for them.`,
        { feature: 'streams' },
      ),
    );
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in SignalR
  on(methodName: string, newMethod: (...args: any[]) => any): void {
    // What is missing is ignored, as SignalR does; what is wrong is not.
    if (!methodName || !newMethod) return;
    checkText('methodName', methodName);
    checkFunction('newMethod', newMethod);
    const first = this.#handlers.add(methodName, newMethod as Handler);
    if (first !== null) this.#channel?.listen(first);
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in SignalR
  off(methodName: string, method?: (...args: any[]) => any): void {
    if (!methodName) return;
    checkText('methodName', methodName);
    const last = this.#handlers.remove(methodName, method as Handler | undefined);
    if (last !== null) this.#channel?.unlisten(last);
  }

  /** After the last attempt the worker still wakes the hub when the network is back or a tab is shown: then `onreconnected` follows. */
  onclose(callback: (error?: Error) => void): void {
    if (callback) this.#closed.add(checkFunction('callback', callback));
  }

  onreconnecting(callback: (error?: Error) => void): void {
    if (callback) this.#reconnecting.add(checkFunction('callback', callback));
  }

  onreconnected(callback: (connectionId?: string) => void): void {
    if (callback) this.#reconnected.add(checkFunction('callback', callback));
  }

  /** Told each change of `snapshot`. @returns Ends it. */
  onstatus(callback: (snapshot: SignalRConnection) => void): () => void {
    return this.#statusChanged.add(checkFunction('callback', callback));
  }

  /** Told when this tab becomes the primary one, or no longer is. @returns Ends it. */
  onprimary(callback: (isPrimary: boolean) => void): () => void {
    return this.#primaryChanged.add(checkFunction('callback', callback));
  }

  /** Told before the next event when events may be missing, so that the app can fetch anew. @returns Ends it. */
  onresync(callback: (resync: Resync) => void): () => void {
    return this.#resync.add(checkFunction('callback', callback));
  }

  /**
   * Signs out in every tab: closes the hubs at once and forgets the worker's token. Other tabs get `onclose` with code `signed-out`.
   * The app's own sign-out request, which ends the session at the server, is still the app's to send.
   */
  async signOut(): Promise<void> {
    for (let done = false; !done;) {
      try {
        await this.#client.visit((stay) => answered(stay.api.signOut(), stay.over));
        done = true;
      } catch (error) {
        // The worker died before it answered: the next one is told the same, for the other tabs come back with it.
        if (!isHubshareError(error) || error.code !== 'worker-lost') throw error;
      }
    }
    await this.stop();
  }

  #onStatus(status: HubStatus): void {
    this.#transport = status.transport;
    this.#retryAtMs = status.retryAtMs;
    this.#tellSnapshot(status.snapshot);
    switch (status.phase) {
      case 'live':
        return this.#onLive(status.connectionId);
      case 'starting':
      case 'waiting':
        return this.#onDown(status);
      case 'resting':
      case 'closed':
        return this.#onEnded(status);
    }
  }

  #onLive(connectionId: string | null): void {
    const before = this.#connectionId;
    this.#connectionId = connectionId;
    switch (this.#state) {
      case 'Connecting': {
        this.#state = 'Connected';
        const starting = this.#starting;
        this.#starting = null;
        this.#workerWasLost = false;
        starting?.resolve();
        return;
      }
      case 'Connected':
        // The statuses in between were not kept for this tab, because it was parked: it still learns that events may be missing.
        if (before !== connectionId) this.#tellReconnected();
        return;
      case 'Reconnecting':
      case 'Disconnected':
        this.#state = 'Connected';
        this.#tellReconnected();
        return;
      case 'Disconnecting':
    }
  }

  #tellReconnected(): void {
    const reason = this.#workerWasLost ? 'worker-replaced' : 'reconnected';
    this.#workerWasLost = false;
    this.#resync.call(this, { reason, dropped: null });
    this.#reconnected.call(this, this.#connectionId ?? undefined);
  }

  #onDown({ phase, error }: HubStatus): void {
    // While `starting` the error is that of an earlier attempt, which this start has not caused.
    if (this.#state === 'Connecting' && phase === 'waiting' && error !== null && !this.#options.reconnects) {
      return this.#failStart(errorFromWire(error));
    }
    if (this.#state !== 'Connected') return;
    if (!this.#options.reconnects) return this.#close(error);
    this.#state = 'Reconnecting';
    this.#reconnecting.call(this, error === null ? undefined : errorFromWire(error));
  }

  #onEnded({ phase, error }: HubStatus): void {
    if (this.#state === 'Connecting') {
      return this.#failStart(errorFromWire(error ?? wireError('hub-closed', 'The hub closed the connection.', {})));
    }
    if (this.#state !== 'Connected' && this.#state !== 'Reconnecting') return;
    if (phase === 'resting' && this.#options.reconnects) {
      // Still attached: when the worker wakes the hub, this tab comes back with it.
      this.#state = 'Disconnected';
      this.#closed.call(this, error === null ? undefined : errorFromWire(error));
    } else {
      this.#close(error);
    }
  }

  #onWorkerLost(error: WireError): void {
    this.#workerWasLost = true;
    this.#transport = null;
    this.#retryAtMs = null;
    this.#tellSnapshot({
      ...this.#snapshot,
      connectionId: '',
      status: this.#state === 'Connected' ? ConnectionStatus.RECONNECTING : this.#snapshot.status,
      error: error.message,
      primaryTabId: '',
    });
    if (this.#state !== 'Connected') return;
    this.#state = 'Reconnecting';
    this.#reconnecting.call(this, errorFromWire(error));
  }

  #onAbandoned(error: WireError): void {
    if (this.#state === 'Connecting') this.#failStart(errorFromWire(error));
    else this.#close(error);
  }

  /** Ends the connection in this tab although the app did not ask for it. */
  #close(error: WireError | null): void {
    const wasClosed = this.#state === 'Disconnected';
    this.#release();
    if (!wasClosed) this.#closed.call(this, error === null ? undefined : errorFromWire(error));
  }

  #failStart(error: Error): void {
    const starting = this.#starting;
    this.#starting = null;
    this.#release();
    starting?.reject(error);
  }

  #release(): void {
    const channel = this.#channel;
    this.#channel = null;
    this.#state = 'Disconnected';
    void channel?.detach(this.#user);
    this.#forget();
  }

  /** What the worker said no longer holds for this tab, which it does not tell any more. */
  #forget(): void {
    this.#connectionId = null;
    this.#transport = null;
    this.#retryAtMs = null;
    this.#workerWasLost = false;
    const { lastConnected, error } = this.#snapshot;
    this.#tellSnapshot({ ...NOTHING_YET, lastConnected, ...(error === undefined ? {} : { error }) });
  }

  #tellSnapshot(snapshot: SignalRConnection): void {
    this.#snapshot = snapshot;
    const isPrimary = snapshot.primaryTabId === this.tabId;
    const changed = isPrimary !== this.#isPrimary;
    this.#isPrimary = isPrimary;
    this.#statusChanged.call(this, snapshot);
    if (changed) this.#primaryChanged.call(this, isPrimary);
  }
}

function stateInvalid(state: string, message: string): HubshareError<'state-invalid'> {
  return new HubshareError(wireError('state-invalid', message, { state }));
}

function deferred(): Starting {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
