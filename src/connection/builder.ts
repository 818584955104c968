/** Builds a `SharedHubConnection` with the methods of SignalR's `HubConnectionBuilder`. */
import type {
  HttpTransportType,
  IHttpConnectionOptions,
  IHubProtocol,
  IRetryPolicy,
  LogLevel,
} from '@microsoft/signalr';
import { createTabClient, type TabClient } from '../tab/tab-client.js';
import { defaultWorker, type WorkerFactory } from '../tab/worker-factory.js';
import {
  checkBytes,
  checkHttpOptions,
  checkHubUrl,
  checkLogLevel,
  checkMs,
  checkProtocol,
  checkRetryDelays,
  invalid,
} from './options.js';
import { SharedHubConnection } from './shared-hub-connection.js';

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
  #hub: string | null = null;
  #http: ReturnType<typeof checkHttpOptions> | null = null;
  #reconnects = false;
  #retryDelaysMs: readonly number[] | null = null;
  #serverTimeoutMs: number | null = null;
  #keepAliveIntervalMs: number | null = null;
  #logLevel: number | null = null;
  #bufferSize: number | null = null;
  #worker: WorkerFactory = defaultWorker;

  /**
   * The hub, and how to reach it.
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
    this.#hub = checkHubUrl(url, globalThis.location?.href);
    this.#http = checkHttpOptions(transportTypeOrOptions);
    if (this.#http.logger !== undefined) this.#logLevel = checkLogLevel(this.#http.logger);
    return this;
  }

  /**
   * Reconnects when the connection is lost, and tries a first start again that failed.
   *
   * @param retryDelays - Milliseconds before each attempt. Default 0, 2 000, 10 000, 30 000, 60 000, each up to a fifth longer.
   * @throws {HubshareError} `option-invalid`; `option-unsupported` for a retry policy object.
   */
  withAutomaticReconnect(retryDelays?: number[] | IRetryPolicy): this {
    if (this.#reconnects) throw invalid('withAutomaticReconnect', 'A reconnectPolicy has already been set.');
    this.#retryDelaysMs = checkRetryDelays(retryDelays);
    this.#reconnects = true;
    return this;
  }

  /** @param milliseconds - Silence of the hub after which the connection counts as lost. Default 30 000. */
  withServerTimeout(milliseconds: number): this {
    this.#serverTimeoutMs = checkMs('withServerTimeout', milliseconds);
    return this;
  }

  /** @param milliseconds - Between pings to the hub. Default 15 000. */
  withKeepAliveInterval(milliseconds: number): this {
    this.#keepAliveIntervalMs = checkMs('withKeepAliveInterval', milliseconds);
    return this;
  }

  /**
   * Stateful reconnect is always asked for: it costs nothing where the hub does not grant it.
   *
   * @param options.bufferSize - Bytes that wait for the hub's acknowledgement. Default 100 000.
   * @throws {HubshareError} `option-invalid`
   */
  withStatefulReconnect(options?: { bufferSize: number }): this {
    if (options?.bufferSize !== undefined) this.#bufferSize = checkBytes('withStatefulReconnect', options.bufferSize);
    return this;
  }

  /** @throws {HubshareError} `feature-unavailable` for any protocol but SignalR's JSON: others come in a later version. */
  withHubProtocol(protocol: IHubProtocol): this {
    checkProtocol(protocol);
    return this;
  }

  /**
   * How much the worker writes to its own console (chrome://inspect/#workers), always redacted. Default `Warning`.
   *
   * @throws {HubshareError} `option-unsupported` for a logger object, which cannot cross to the worker.
   */
  configureLogging(logLevel: LogLevel | string): this {
    this.#logLevel = checkLogLevel(logLevel);
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

  /** @throws {HubshareError} `option-invalid` when `withUrl` was not called. */
  build(): SharedHubConnection {
    if (this.#hub === null || this.#http === null) {
      throw invalid(
        'withUrl',
        "The 'HubConnectionBuilder.withUrl' method must be called before building the connection.",
      );
    }
    return new SharedHubConnection(clientFor(this.#worker), {
      hub: this.#hub,
      settings: {
        ...this.#http.settings,
        serverTimeoutMs: this.#serverTimeoutMs,
        keepAliveIntervalMs: this.#keepAliveIntervalMs,
        retryDelaysMs: this.#retryDelaysMs,
        logLevel: this.#logLevel,
        statefulReconnectBufferSize: this.#bufferSize,
      },
      tokenFactory: this.#http.tokenFactory,
      reconnects: this.#reconnects,
    });
  }
}
