/** Builds a `SharedHubConnection` with the methods of SignalR's `HubConnectionBuilder`. */
import type {
  HttpTransportType,
  IHttpConnectionOptions,
  IHubProtocol,
  ILogger,
  IRetryPolicy,
  IStatefulReconnectOptions,
  LogLevel,
} from '@microsoft/signalr';
import type { HubProtocolName } from '../contract/rpc.js';
import { HIDDEN_PARK_MS } from '../contract/timing.js';
import type { TopicDeclaration } from '../contract/topics.js';
import { createTabClient, type TabClient } from '../tab/tab-client.js';
import { defaultWorker, type WorkerFactory } from '../tab/worker-factory.js';
import {
  checkBytes,
  checkHiddenParking,
  checkHttpOptions,
  checkHubUrl,
  checkIdentity,
  checkLogging,
  checkMs,
  checkProtocol,
  checkRequired,
  checkRetries,
  invalid,
  refused,
  type Logging,
} from './options.js';
import { SharedHubConnection } from './shared-hub-connection.js';
import { checkTopics, type TopicDeclarations } from './topic-options.js';

/** One client for each worker: every connection of a page that uses the same worker shares it. */
const clients = new WeakMap<WorkerFactory, TabClient>();

function clientFor(factory: WorkerFactory): TabClient {
  const known = clients.get(factory);
  if (known !== undefined) return known;
  const client = createTabClient(factory);
  clients.set(factory, client);
  return client;
}

/**
 * Builds a {@link SharedHubConnection}. Use it where the app used `HubConnectionBuilder` of `@microsoft/signalr`.
 *
 * @example
 * const connection = new SharedHubConnectionBuilder()
 *   .withUrl('/hubs/ops', { accessTokenFactory: () => auth.accessToken() })
 *   .withAutomaticReconnect()
 *   .build();
 */
export class SharedHubConnectionBuilder {
  #url: { readonly hub: string; readonly baseUrl: string } | null = null;
  #httpOptions: IHttpConnectionOptions = {};
  #http = checkHttpOptions(undefined);
  #retries: ReturnType<typeof checkRetries> | null = null;
  #serverTimeoutMs: number | null = null;
  #keepAliveIntervalMs: number | null = null;
  #logging: Logging | null = null;
  #bufferSize: number | null = null;
  #protocol: HubProtocolName = 'json';
  #worker: WorkerFactory = defaultWorker;
  #topics: Readonly<Record<string, TopicDeclaration>> = {};
  #hiddenParkMs: number | null = HIDDEN_PARK_MS;
  #identity: () => string | null = () => null;

  /**
   * The hub, and how to reach it. As with SignalR, options of a second call are added to those of the first.
   *
   * @param url - Relative to the page, or absolute. A token in its query is refused.
   * @param transportTypeOrOptions - `HttpTransportType`, or SignalR's `IHttpConnectionOptions` except for what cannot cross to
   *   a worker: `httpClient`, `ITransport` objects, `WebSocket`, `EventSource`.
   * @throws {HubshareError} `option-invalid`, `option-unsupported`
   */
  withUrl(url: string): this;
  withUrl(url: string, transportType: HttpTransportType): this;
  withUrl(url: string, options: IHttpConnectionOptions): this;
  withUrl(url: string, transportTypeOrOptions?: IHttpConnectionOptions | HttpTransportType): this;
  withUrl(url: string, transportTypeOrOptions?: IHttpConnectionOptions | HttpTransportType): this {
    const hub = checkHubUrl(url, globalThis.location?.href);
    const given: unknown = transportTypeOrOptions;
    // What is neither is refused by the check.
    const options =
      given === undefined || typeof given === 'number'
        ? { ...this.#httpOptions, transport: given as HttpTransportType }
        : typeof given === 'object' && !Array.isArray(given)
          ? { ...this.#httpOptions, ...given }
          : (given as IHttpConnectionOptions);
    this.#http = checkHttpOptions(options);
    this.#httpOptions = options;
    this.#url = { hub, baseUrl: shownUrl(url, hub) };
    return this;
  }

  /**
   * Reconnects when the connection is lost, and tries a first start again that failed.
   *
   * @param retryDelaysOrReconnectPolicy - Milliseconds before each attempt; default 0, 2 000, 10 000, 30 000, 60 000, each up to a
   *   fifth longer. Or a policy, which stays in this tab and is asked here before each attempt, as long as this tab lives.
   * @throws {HubshareError} `option-invalid`
   */
  withAutomaticReconnect(): this;
  withAutomaticReconnect(retryDelays: number[]): this;
  withAutomaticReconnect(reconnectPolicy: IRetryPolicy): this;
  withAutomaticReconnect(retryDelaysOrReconnectPolicy?: number[] | IRetryPolicy): this;
  withAutomaticReconnect(retryDelaysOrReconnectPolicy?: number[] | IRetryPolicy): this {
    if (this.#retries !== null) throw refused('withAutomaticReconnect', 'A reconnectPolicy has already been set.');
    this.#retries = checkRetries(retryDelaysOrReconnectPolicy);
    return this;
  }

  /**
   * @param milliseconds - Silence of the hub after which the connection counts as lost. Default 30 000.
   * @throws {HubshareError} `option-invalid`
   */
  withServerTimeout(milliseconds: number): this {
    checkRequired('withServerTimeout', milliseconds, 'milliseconds');
    this.#serverTimeoutMs = checkMs('withServerTimeout', milliseconds);
    return this;
  }

  /**
   * @param milliseconds - Between pings to the hub. Default 15 000.
   * @throws {HubshareError} `option-invalid`
   */
  withKeepAliveInterval(milliseconds: number): this {
    checkRequired('withKeepAliveInterval', milliseconds, 'milliseconds');
    this.#keepAliveIntervalMs = checkMs('withKeepAliveInterval', milliseconds);
    return this;
  }

  /**
   * Stateful reconnect is always asked for: it costs nothing where the hub does not grant it.
   *
   * @param options.bufferSize - Bytes that may wait for the hub's acknowledgement before calls wait too. Default 32 MiB, where SignalR has
   * 100 000: ASP.NET Core acknowledges once a second.
   * @throws {HubshareError} `option-invalid`
   */
  withStatefulReconnect(options?: IStatefulReconnectOptions): this {
    if (options?.bufferSize !== undefined) this.#bufferSize = checkBytes('withStatefulReconnect', options.bufferSize);
    return this;
  }

  /**
   * The protocol, by the name of the given one: `json` (default) or `messagepack`. The worker has its own of each, so what the
   * object itself was configured with does not count.
   *
   * @throws {HubshareError} `option-invalid`; `option-unsupported` for any other protocol.
   */
  withHubProtocol(protocol: IHubProtocol): this {
    this.#protocol = checkProtocol(protocol);
    return this;
  }

  /**
   * A level: how much the worker writes to its own console (chrome://inspect/#workers), default `Warning`. Or a logger, which stays
   * in this tab and is given SignalR's whole log of the shared connection. Always redacted.
   *
   * @throws {HubshareError} `option-invalid`
   */
  configureLogging(logLevel: LogLevel): this;
  configureLogging(logger: ILogger): this;
  configureLogging(logLevel: string): this;
  configureLogging(logging: LogLevel | string | ILogger): this;
  configureLogging(logging: LogLevel | string | ILogger): this {
    this.#logging = checkLogging(logging);
    return this;
  }

  /**
   * Uses a worker file of the app's own, which calls `serveHubs()`.
   *
   * @param factory - Constructs the worker: the same URL, name and options in every tab. Keep one function for all
   *   connections of a page: each function is a client of its own.
   * @throws {HubshareError} `option-invalid`
   */
  withWorker(factory: WorkerFactory): this {
    if (typeof factory !== 'function')
      throw invalid('withWorker', 'must be a function that returns a new SharedWorker.');
    this.#worker = factory;
    return this;
  }

  /**
   * Declares topics for `connection.topic()`. Those that the worker declares in `serveHubs()` come first, then those of the first
   * tab; what is declared otherwise later is told to `onwarning`. Topics of a second call are added to those of the first.
   *
   * @example
   * .withTopics({ metric: { event: 'metric', join: 'JoinMetric', leave: 'LeaveMetric', key: 'name', retain: 'last' } })
   * @throws {HubshareError} `option-invalid`, `option-unsupported`
   */
  withTopics(topics: TopicDeclarations): this {
    this.#topics = { ...this.#topics, ...checkTopics(topics) };
    return this;
  }

  /**
   * When a hidden tab parks itself, so that the browser may freeze it. It does so only while it is not the primary one and has no
   * call, stream or claim open; events wait for it in the worker, and when it is shown `onresync` says whether all are there. A
   * page with several connections waits for the longest time.
   *
   * @param milliseconds - For how long the tab must have been hidden. Default 300 000 (5 minutes). `false`: it never parks itself.
   * @throws {HubshareError} `option-invalid`
   */
  withHiddenParking(milliseconds: number | false): this {
    this.#hiddenParkMs = checkHiddenParking(milliseconds);
    return this;
  }

  /**
   * The user whom this page shows. A page never gets the connection of another user then: `start()` rejects with code
   * `identity-changed` when somebody else is signed in, and when this page comes as the new user, the pages of the one before are
   * told `identity-changed` and closed. Without it a page that opens beside one that runs joins its connection,
   * and another user is noticed by the next token that names one; a page that opens when no other is left gets a connection of its
   * own, and beside pages that are frozen or cached a token request says whether it is the same user's.
   *
   * @param user - As the tokens name the user: their claim `sub`, or `identityClaim` of `serveHubs()`. A function is asked at each
   *   `start()` and after the worker was replaced; it gives `null` while nobody is signed in.
   * @throws {HubshareError} `option-invalid`
   */
  withIdentity(user: string | (() => string | null)): this {
    this.#identity = checkIdentity(user);
    return this;
  }

  /**
   * @typeParam Server - The hub's methods as an interface; left out: any method with any arguments.
   * @typeParam Client - The client's methods as an interface, for `on` and `off`.
   * @throws {HubshareError} `option-invalid` where `withUrl` was not called.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- untyped, as with SignalR
  build<Server = any, Client = any>(): SharedHubConnection<Server, Client> {
    if (this.#url === null) {
      throw refused(
        'withUrl',
        "The 'HubConnectionBuilder.withUrl' method must be called before building the connection.",
      );
    }
    const logging = [this.#logging, this.#http.logging];
    return new SharedHubConnection<Server, Client>(clientFor(this.#worker), {
      ...this.#url,
      settings: {
        ...this.#http.settings,
        protocol: this.#protocol,
        serverTimeoutMs: this.#serverTimeoutMs,
        keepAliveIntervalMs: this.#keepAliveIntervalMs,
        retryDelaysMs: this.#retries?.retryDelaysMs ?? null,
        logLevel: logging.find((asked) => asked !== null && 'logLevel' in asked)?.logLevel ?? null,
        statefulReconnectBufferSize: this.#bufferSize,
      },
      tokenFactory: this.#http.tokenFactory,
      retryPolicy: this.#retries?.retryPolicy ?? null,
      logger: logging.find((asked) => asked !== null && 'logger' in asked)?.logger ?? null,
      reconnects: this.#retries !== null,
      topics: this.#topics,
      hiddenParkMs: this.#hiddenParkMs,
      identity: this.#identity,
    });
  }
}

/** SignalR shows an absolute URL as it was given, and a relative one as it was resolved. */
function shownUrl(given: string, resolved: string): string {
  return /^https?:\/\//.test(given) ? given : resolved;
}
