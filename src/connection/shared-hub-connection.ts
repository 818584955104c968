/** The drop-in: SignalR's `HubConnection` as an app sees it, on the connection that the worker shares among all tabs. */
import type { HubConnection, HubConnectionState } from '@microsoft/signalr';
import type { SignalRConnection } from '../contract/connection.js';
import { isReservedMethod, MAX_CLIENT_METHODS, MAX_METHOD_NAME, tooManyMethods } from '../contract/client-methods.js';
import { HubshareError, wireError } from '../contract/errors.js';
import type { Reconnect } from '../contract/frames.js';
import { offerInspection } from '../contract/inspection.js';
import type { Alert, HubMetrics } from '../contract/metrics.js';
import type { TopicKey } from '../contract/topics.js';
import { readMetrics, watchAlerts } from '../observe/hub-metrics.js';
import type { HubChannel } from '../tab/hub-channel.js';
import type { TabClient } from '../tab/tab-client.js';
import { authorizedFetch } from './authorized-fetch.js';
import type { AuthenticationRequired } from './authentication-required.js';
import { createCallbacks, type Callbacks } from './callbacks.js';
import { connected, createCalls } from './calls.js';
import { createChannelUser } from './channel-user.js';
import { createConnectionView, type ConnectionView } from './connection-view.js';
import { createHandlers, type Handler } from './handlers.js';
import { inspectHub } from './inspect-hub.js';
import { createLifecycle, stateInvalid, type Lifecycle, type Resync } from './lifecycle.js';
import { createLog, Level, type Log } from './log.js';
import { checkFunction, checkHubUrl, checkMs, checkText, invalid, refused, type ConnectionOptions } from './options.js';
import { settingsDiffer } from './settings-differ.js';
import { createTopics, type Topic } from './topics.js';
import type { InvokeMethod, OffMethod, OnMethod, SendMethod, StreamMethod } from './typed-hub.js';
import { wireFormOf } from './wire-form.js';

/**
 * Built by `SharedHubConnectionBuilder`. Members that `HubConnection` has behave as there, unless their comment says otherwise.
 * What asks the worker may also reject with `worker-failed`, a defect of hubshare; a callback that is no function is refused with
 * `option-invalid`.
 *
 * @typeParam Server - The hub's methods as an interface; left out: any method with any arguments. A method that returns
 *   `IStreamResult<T>` or `AsyncIterable<T>` is for `stream`, and an argument of such a type is a stream that goes up.
 * @typeParam Client - The client's methods as an interface, for `on` and `off`.
 */
export class SharedHubConnection<
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- untyped, as with SignalR
  Server = any,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- untyped, as with SignalR
  Client = any,
> implements Pick<HubConnection, Exclude<keyof HubConnection, 'invoke' | 'send' | 'stream' | 'on' | 'off'>> {
  /**
   * Calls a hub method and waits for its result. The result goes to this tab only. Arguments that have a `subscribe` are streams:
   * their items follow, and what is subscribed to is let go when the call is over.
   *
   * @throws {HubshareError} `hub-error` with SignalR's message when the hub method failed; `call-failed` when the request that
   *   carried the call did; `not-connected`; `connection-lost`, `hub-unreachable` and what else ends the connection; `stopped`;
   *   `signed-out`, `identity-changed`; `outcome-unknown` when the worker died after it had given the call to the hub;
   *   `call-timed-out` when the worker does not take the call in 10 s; `option-invalid` for arguments that the hub protocol cannot
   *   hold; `message-invalid` for arguments beyond any measure; `limit-reached` for too many calls at the same time.
   */
  readonly invoke: InvokeMethod<Server>;
  /** Calls a hub method and resolves when the call was written to the transport. @throws {HubshareError} as `invoke`. */
  readonly send: SendMethod<Server>;
  /**
   * Calls a hub method that gives a stream. The call goes out at once; subscribe in the same turn, for items that come before the
   * first subscriber are lost. Disposing of the last subscription cancels the stream on the hub. What goes wrong is told to the
   * subscribers' `error`: as `invoke`, and `stream-overrun` when this tab does not read fast enough.
   *
   * @throws {HubshareError} `option-invalid` for arguments that the hub protocol cannot hold.
   */
  readonly stream: StreamMethod<Server>;
  /**
   * Registers a handler for a client method. When the hub asks the client for a result, one tab answers with what its handlers
   * return: the primary one, or the next that has handlers; those of the other tabs do not run for it.
   *
   * @throws {HubshareError} `option-invalid`
   */
  readonly on: OnMethod<Client>;
  /** Takes one handler off, or all of the method. @throws {HubshareError} `option-invalid` */
  readonly off: OffMethod<Client>;
  /**
   * One member of a topic that the worker or a tab has declared. All tabs share it: the hub is joined once, and only tabs that
   * have subscribed to the key hear its events.
   *
   * @typeParam T - The first argument of the topic's events.
   * @example
   * const cpu = connection.topic<Metric>('metric', 'cpu').subscribe((metric, { ageMs }) => draw(metric, ageMs));
   * @throws {HubshareError} `option-invalid`
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- untyped, as with SignalR
  readonly topic: <T = any>(name: string, key: TopicKey) => Topic<T>;
  /**
   * Asks to do what must be done once though every tab has heard of it, such as to show a notification. Visible tabs come first;
   * a tab that goes, or is frozen, before it has heard that it may is passed over.
   *
   * @param id - What all tabs call it, such as the id of the incident.
   * @returns `true` for one call in one tab, `false` for every other one, later ones too. While the worker is replaced, that waits.
   * @throws {HubshareError} `option-invalid`; `not-connected` before `start()`; `stopped`; `signed-out`, `identity-changed`;
   *   `worker-unreachable`; `limit-reached` for too many claims at the same time.
   */
  readonly claim: (id: string) => Promise<boolean>;
  readonly #client: TabClient;
  readonly #log: Log;
  readonly #view: ConnectionView;
  readonly #lifecycle: Lifecycle;
  readonly #warned: Callbacks<[warning: HubshareError<'settings-differ'>]>;
  #hasWarned = false;
  #hub: string;
  #baseUrl: string;
  #serverTimeoutMs: number;
  #keepAliveIntervalMs: number;

  /** @internal Use `SharedHubConnectionBuilder`. */
  constructor(client: TabClient, options: ConnectionOptions) {
    const { settings, reconnects } = options;
    const log = createLog(options.logger, settings.logLevel);
    const form = wireFormOf(settings.protocol);
    const handlers = createHandlers(log);
    const view = createConnectionView(this, client.tabId, log);
    const topics = createTopics({
      self: this,
      log,
      hold: (listener) => lifecycle.channel?.hold(user, listener),
      letGo: (listener) => lifecycle.channel?.letGo(listener),
    });
    const user = createChannelUser({
      self: this,
      options,
      settings: () => ({
        ...settings,
        serverTimeoutMs: this.#serverTimeoutMs,
        keepAliveIntervalMs: this.#keepAliveIntervalMs,
      }),
      form,
      log,
      handlers,
      topics,
      lifecycle: () => lifecycle,
      onDifferences: (differences) => this.#warn(settingsDiffer(this.#hub, differences)),
    });
    const hub = (): string => this.#hub;
    const lifecycle = createLifecycle({ self: this, client, view, log, reconnects, hub, user });
    this.#client = client;
    this.#log = log;
    this.#view = view;
    this.#lifecycle = lifecycle;
    const channel = (): HubChannel | null => (lifecycle.state === 'Connected' ? lifecycle.channel : null);
    const calls = createCalls(form, channel, user, log);
    this.invoke = ((method: string, ...args: unknown[]) => calls.call('invoke', method, args)) as InvokeMethod<Server>;
    this.send = ((method: string, ...args: unknown[]) => calls.call('send', method, args)) as SendMethod<Server>;
    this.stream = (method: string, ...args: unknown[]) => calls.stream(method, args);
    this.on = ((methodName?: string, newMethod?: Handler) => {
      // What is missing is ignored, as SignalR does; what is wrong is not.
      if (!methodName || !newMethod) return;
      checkText('methodName', methodName);
      checkFunction('newMethod', newMethod);
      if (isReservedMethod(methodName))
        throw invalid('methodName', `"${methodName}" cannot be the name of a client method.`);
      if (methodName.length > MAX_METHOD_NAME)
        throw invalid('methodName', `the name of a client method has at most ${MAX_METHOD_NAME} characters.`);
      if (handlers.size >= MAX_CLIENT_METHODS && handlers.of(methodName.toLowerCase()).length === 0)
        throw tooManyMethods();
      const first = handlers.add(methodName, newMethod);
      if (first !== null) lifecycle.channel?.listen(first);
    }) as OnMethod<Client>;
    this.off = ((methodName?: string, method?: Handler) => {
      if (!methodName) return;
      checkText('methodName', methodName);
      const last = handlers.remove(methodName, method);
      if (last !== null) lifecycle.channel?.unlisten(last);
    }) as OffMethod<Client>;
    this.topic = topics.topic;
    this.claim = async (id) => connected(lifecycle.channel).claim(user, checkText('id', id));
    this.#warned = createCallbacks('onwarning', log);
    this.#hub = options.hub;
    this.#baseUrl = options.baseUrl;
    this.#serverTimeoutMs = settings.serverTimeoutMs ?? 30_000;
    this.#keepAliveIntervalMs = settings.keepAliveIntervalMs ?? 15_000;
    offerInspection(this, inspectHub(client, hub));
  }

  /** This connection's state in this tab. The hub's connection itself may live longer, for other tabs. */
  get state(): HubConnectionState {
    return this.#lifecycle.state as HubConnectionState;
  }

  /** Id of the shared connection on the hub: the same in every tab. `null` while not connected. */
  get connectionId(): string | null {
    return this.#lifecycle.connectionId;
  }

  get baseUrl(): string {
    return this.#baseUrl;
  }

  /** @throws {HubshareError} `state-invalid` unless disconnected or reconnecting; `option-invalid`. */
  set baseUrl(url: string) {
    const { state } = this.#lifecycle;
    if (state !== 'Disconnected' && state !== 'Reconnecting') {
      throw stateInvalid(
        state,
        'The HubConnection must be in the Disconnected or Reconnecting state to change the url.',
      );
    }
    if (!url) throw refused('baseUrl', 'The HubConnection url must be a valid url.');
    this.#hub = checkHubUrl(url, globalThis.location?.href);
    this.#baseUrl = url;
  }

  /**
   * Milliseconds. Takes effect at the next `start()`, for the tab that opens the hub. Default 30 000.
   *
   * @throws {HubshareError} `option-invalid` Set to what is no positive number.
   */
  get serverTimeoutInMilliseconds(): number {
    return this.#serverTimeoutMs;
  }

  set serverTimeoutInMilliseconds(milliseconds: number) {
    this.#serverTimeoutMs = checkMs('serverTimeoutInMilliseconds', milliseconds);
  }

  /**
   * Milliseconds. Takes effect at the next `start()`, for the tab that opens the hub. Default 15 000.
   *
   * @throws {HubshareError} `option-invalid` Set to what is no positive number.
   */
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
    return this.#view.snapshot;
  }

  /** `WebSockets`, `ServerSentEvents` or `LongPolling`; `null` while not connected. */
  get transport(): string | null {
    return this.#view.transport;
  }

  /** When the next attempt to connect is due, in milliseconds since the epoch; `null` when none is. */
  get retryAtMs(): number | null {
    return this.#view.retryAtMs;
  }

  /** The last time that the connection was lost and came back; `null`: not since it was opened. */
  get lastReconnect(): Reconnect | null {
    return this.#view.lastReconnect;
  }

  /** This tab is the one that is asked for what only a page can do, such as showing a notification once. */
  get isPrimary(): boolean {
    return this.#view.isPrimary;
  }

  /**
   * Connects this tab to the hub: opens the worker's connection if no tab has it open, else joins it.
   *
   * With `withAutomaticReconnect` a first start that fails is tried again after the same delays (SignalR gives up at once), and
   * the promise stays open meanwhile; errors that trying again cannot mend reject at once.
   *
   * @throws {HubshareError} `state-invalid`; `option-invalid` for settings that cannot work, and where two connections of the page
   *   name two users; `worker-unsupported`, `worker-load-failed`, `worker-unreachable`, `contract-mismatch`; `limit-reached` for too
   *   many pages or hubs; `hub-not-allowed` for a hub to which the worker's own token may not go; `hub-unreachable`, `hub-not-found`,
   *   `not-a-hub`, `hub-refused`, `hub-closed`, `start-timed-out`; `token-unavailable`, `token-timed-out`, `token-rejected`;
   *   `feature-unavailable` where negotiation is skipped and the token cannot go by WebSocket; `stopped`, `signed-out`;
   *   `identity-changed` when the page shows another user than the one who is signed in.
   */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  /** Lets the hub go in this tab. The hub's connection is closed when no tab wants it any more. Never rejects. */
  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** After the last attempt the worker still wakes the hub when the network is back or a tab is shown: then `onreconnected` follows. */
  onclose(callback: (error?: Error) => void): void {
    if (callback) this.#lifecycle.closed.add(checkFunction('callback', callback));
  }

  onreconnecting(callback: (error?: Error) => void): void {
    if (callback) this.#lifecycle.reconnecting.add(checkFunction('callback', callback));
  }

  onreconnected(callback: (connectionId?: string) => void): void {
    if (callback) this.#lifecycle.reconnected.add(checkFunction('callback', callback));
  }

  /** Told each change of `snapshot`. @returns Ends it. */
  onstatus(callback: (snapshot: SignalRConnection) => void): () => void {
    return this.#view.statusChanged.add(checkFunction('callback', callback));
  }

  /** Told when this tab becomes the primary one, or no longer is. @returns Ends it. */
  onprimary(callback: (isPrimary: boolean) => void): () => void {
    return this.#view.primaryChanged.add(checkFunction('callback', callback));
  }

  /**
   * Told before the next event when events may be missing, so that the app can fetch anew, and when the page was parked and is back.
   * Not after a reconnect that has brought all. @returns Ends it.
   */
  onresync(callback: (resync: Resync) => void): () => void {
    return this.#lifecycle.resync.add(checkFunction('callback', callback));
  }

  /**
   * Told when the hub is connected with other settings than this connection's, because another tab or connection that asked for
   * them opened it; they hold until the worker closes the hub. Without a callback the first such warning goes to the console.
   *
   * @param callback - Gets an error with code `settings-differ`, which names each setting. Nothing failed.
   * @returns Ends it.
   */
  onwarning(callback: (warning: HubshareError<'settings-differ'>) => void): () => void {
    return this.#warned.add(checkFunction('callback', callback));
  }

  /**
   * Told, in every tab that wants the hub, that it cannot be connected before somebody signs in: the issuer or the hub has refused the
   * token and the one after it, or there is none (`error.code` is `token-rejected` or `token-unavailable`). The hub is never asked
   * without a token where one is wanted, and no attempt is made until then.
   *
   * Show the sign-in where `isPrimary` is true, and call `start()` in that tab when it is done: it brings all tabs back that were
   * connected before, with `onreconnected`; a tab whose first `start()` was rejected calls it again.
   * If somebody else signs in, call `signOut()` before `start()`: else the first `start()` rejects with `identity-changed`, for the
   * page may still show what was of the user before.
   *
   * @param callback - Called once for each time, after `onclose` or the rejection of `start()` was brought about.
   * @returns Ends it.
   */
  onauthenticationrequired(callback: (needed: AuthenticationRequired) => void): () => void {
    return this.#view.authentication.required.add(checkFunction('callback', callback));
  }

  /**
   * What the worker has counted of this hub since it started, all tabs together (SEC-5): connects and disconnects, time connected,
   * accepted and failed authentications, token refreshes, events, calls, and the last alerts. `toOtlp()` of `hubshare/otlp` turns it
   * into OpenTelemetry's form.
   *
   * @throws {HubshareError} `worker-unsupported`, `worker-load-failed`, `worker-unreachable`, `worker-lost`, `contract-mismatch`,
   *   `limit-reached`; `option-invalid` where `withWorker()` was given what makes no worker.
   */
  metrics(): Promise<HubMetrics> {
    return readMetrics(this.#client, this.#hub);
  }

  /**
   * Told of each alert of this hub from now on (SEC-5): three disconnects within five minutes, or a failed authentication. Every tab
   * that asks is told, once; a parked one when it is back. What was raised before stands in `metrics().alerts`. While a callback is
   * registered this page stays with the worker, though the connection may be stopped.
   *
   * @returns Ends it.
   */
  onalert(callback: (alert: Alert) => void): () => void {
    return watchAlerts(this, this.#client, this.#hub, this.#log, checkFunction('callback', callback));
  }

  /**
   * Signs out in every tab: closes the hubs at once and forgets the worker's token; other workers of the origin that have the same
   * token endpoint or the same hubs do so too, without being waited for. Each connection gets `onclose` with code
   * `signed-out`, those of this page before this call returns. When it resolves, every tab that runs has seen the last of the user's
   * events; a tab that is frozen sees none of them when it runs again.
   * The app's own sign-out request, which ends the session at the server, is still the app's to send.
   *
   * @throws {HubshareError} `worker-unsupported`, `worker-load-failed`, `worker-unreachable`, `contract-mismatch`, `limit-reached`:
   *   the other tabs could not be told. This page has signed out all the same.
   */
  signOut(): Promise<void> {
    return this.#client.signOut();
  }

  /**
   * `fetch` with the token of this connection's hub, which the worker adds: no page needs the token. It goes to the worker's own origin
   * and to those in `fetchOrigins` of `serveHubs()`, to no endpoint that gives tokens, and follows no redirect. A 401 is answered with
   * a refresh and one more try.
   *
   * @throws {HubshareError} `not-connected` before `start()`; `option-invalid`; `fetch-refused`; `fetch-failed`; `token-unavailable`,
   *   `token-timed-out`, `token-rejected`; `worker-lost`: the server may have had the request; `stopped`; `signed-out`,
   *   `identity-changed`. `init.signal` aborts it as with `fetch`.
   */
  async authorizedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const { channel } = this.#lifecycle;
    if (channel === null) throw notStarted();
    return authorizedFetch(this.#client, channel, input, init);
  }

  #warn(warning: HubshareError<'settings-differ'>): void {
    if (!this.#warned.isEmpty) return this.#warned.call(this, warning);
    if (!this.#hasWarned) this.#log.insist(Level.warning, warning.message);
    this.#hasWarned = true;
  }
}

function notStarted(): HubshareError<'not-connected'> {
  const message = "authorizedFetch() sends the token of this connection's hub: call start() first.";
  return new HubshareError(wireError('not-connected', message, {}));
}
