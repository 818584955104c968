/** A hub socket on SignalR's own client. SignalR is given no token: the transports carry it, in headers and subprotocols only. */
import {
  HttpTransportType,
  HubConnectionBuilder,
  type HttpRequest,
  type HttpResponse,
  type HubConnection,
  type IHttpConnectionOptions,
  type ILogger,
} from '@microsoft/signalr';
import type { HubshareError } from '../../src/contract/errors.js';
import type { HubSettings } from '../../src/contract/rpc.js';
import type { Sanitizer } from '../auth/sanitizer.js';
import type { Clock } from '../clock.js';
import { observeProtocol } from './protocol-observer.js';
import type { HubSocket, HubSocketEvents } from './hub-socket.js';
import { announcedWay, reauthenticate, type AnnouncedWay } from './reauthenticate.js';
import type { Bearer } from './transport/bearer.js';
import { createBearerEventSource } from './transport/event-source.js';
import { BearerHttpClient } from './transport/http-client.js';
import type { Negotiated } from './transport/negotiate.js';
import { createBearerWebSocket } from './transport/web-socket.js';
import type { TransportMemory } from './transport-memory.js';

export interface SignalRSocketDeps {
  readonly url: string;
  readonly settings: HubSettings;
  readonly bearer: Bearer;
  readonly sanitizer: Sanitizer;
  readonly logger: ILogger;
  readonly clock: Clock;
  readonly transports: TransportMemory;
  /** Something arrived from the hub. */
  readonly onFrame: () => void;
}

/** A client method by which a hub says how it takes new tokens. */
const AUTHORIZED = 'connection.authorized';

export function openSignalRSocket(deps: SignalRSocketDeps, events: HubSocketEvents): HubSocket {
  const { url, settings, bearer, sanitizer, logger, clock, transports } = deps;
  const ended = new AbortController();
  let tried: HttpTransportType | null = null;
  let transport: HttpTransportType | null = null;
  let negotiated: Negotiated | null = null;
  let announced: AnnouncedWay | null = null;
  let close: { readonly allowReconnect: boolean } | null = null;
  /** Why a request failed, where SignalR would only give a text. */
  let tokenFailure: HubshareError | null = null;

  class HttpClientOfThisStart extends BearerHttpClient {
    override send(request: HttpRequest): Promise<HttpResponse> {
      if (request.method === 'GET') tried = HttpTransportType.LongPolling;
      return super.send(request);
    }
  }
  const httpClient = new HttpClientOfThisStart({
    hubUrl: url,
    bearer,
    sanitizer,
    logger,
    signal: ended.signal,
    onNegotiated: (answer) => {
      negotiated = answer;
    },
    onFailure: ({ error }) => {
      if (error !== null) tokenFailure = error;
    },
  });
  const BearerWebSocket = createBearerWebSocket({ bearer, signal: ended.signal });
  class WebSocketOfThisStart extends BearerWebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      tried = HttpTransportType.WebSockets;
      super(address, protocols);
    }
  }
  const BearerEventSource = createBearerEventSource({ bearer, headers: settings.headers, signal: ended.signal });
  class EventSourceOfThisStart extends BearerEventSource {
    constructor(address: string | URL, init?: { readonly withCredentials?: boolean }) {
      tried = HttpTransportType.ServerSentEvents;
      super(address, init);
    }
  }

  const options: IHttpConnectionOptions & { readonly WebSocket: unknown; readonly EventSource: unknown } = {
    httpClient,
    WebSocket: WebSocketOfThisStart,
    EventSource: EventSourceOfThisStart,
    transport: transports.next,
    skipNegotiation: settings.skipNegotiation,
    withCredentials: settings.withCredentials,
    headers: { ...settings.headers },
    ...(settings.requestTimeoutMs === null ? {} : { timeout: settings.requestTimeoutMs }),
  };
  const builder = new HubConnectionBuilder()
    .configureLogging(logger)
    .withUrl(url, options as IHttpConnectionOptions)
    .withHubProtocol(
      observeProtocol({
        onClose: (message) => {
          close = message;
        },
        onFrame: deps.onFrame,
      }),
    )
    // Costs nothing where the hub does not grant it: negotiate simply does not mention it.
    .withStatefulReconnect(
      settings.statefulReconnectBufferSize === null ? undefined : { bufferSize: settings.statefulReconnectBufferSize },
    );
  if (settings.serverTimeoutMs !== null) builder.withServerTimeout(settings.serverTimeoutMs);
  if (settings.keepAliveIntervalMs !== null) builder.withKeepAliveInterval(settings.keepAliveIntervalMs);
  const connection: HubConnection = builder.build();

  const listened = new Set<string>();
  connection.on(AUTHORIZED, (...args: unknown[]) => {
    announced = announcedWay(args);
    if (listened.has(AUTHORIZED)) events.event(AUTHORIZED, args);
  });
  connection.onclose((error) => {
    ended.abort();
    events.closed(error, close);
  });

  return {
    async start() {
      try {
        await connection.start();
      } catch (error) {
        ended.abort();
        transports.failed();
        throw tokenFailure ?? error;
      }
      transport = tried;
      if (transport !== null) transports.worked(transport);
    },
    async stop() {
      // Before the handshake SignalR can forget a request or a socket: those are ended by the signal. A live one says goodbye first.
      if (transport === null) ended.abort();
      await connection.stop();
      ended.abort();
    },
    abandon: () => ended.abort(),
    get connectionId() {
      return connection.connectionId;
    },
    get transport() {
      return transport === null ? null : HttpTransportType[transport];
    },
    listen(method) {
      if (listened.has(method)) return;
      listened.add(method);
      // Nothing is returned: SignalR would take it for a client result.
      if (method !== AUTHORIZED) connection.on(method, (...args: unknown[]) => events.event(method, args));
    },
    unlisten(method) {
      listened.delete(method);
      if (method !== AUTHORIZED) connection.off(method);
    },
    invoke: (method, args) => connection.invoke<unknown>(method, ...args),
    send: (method, args) => connection.send(method, ...args),
    reauthenticate: (token) =>
      reauthenticate(token, {
        hubUrl: url,
        headers: settings.headers,
        withCredentials: settings.withCredentials,
        clock,
        negotiated,
        announced,
        invoke: (method, ...args) => connection.invoke<unknown>(method, ...args),
        send: (method) => connection.send(method),
        onTransportToken: (next) => bearer.redirect(next),
      }),
  };
}
