/** A real SignalR client in Node that carries its token only in headers and subprotocols, as the worker does. */
import {
  DefaultHttpClient,
  HttpClient,
  HttpTransportType,
  HubConnectionBuilder,
  LogLevel,
  NullLogger,
  type HttpRequest,
  type HttpResponse,
  type HubConnection,
  type IHubProtocol,
} from '@microsoft/signalr';
import { EventSource } from 'eventsource';
import { WebSocket } from 'ws';

export const TRANSPORTS = [
  ['WebSockets', HttpTransportType.WebSockets],
  ['ServerSentEvents', HttpTransportType.ServerSentEvents],
  ['LongPolling', HttpTransportType.LongPolling],
] as const;

/** A token that a test can change while clients use it. */
export interface TokenBox {
  token: string;
}

class HeaderHttpClient extends HttpClient {
  private readonly inner = new DefaultHttpClient(NullLogger.instance);

  constructor(private readonly box: TokenBox) {
    super();
  }

  override send(request: HttpRequest): Promise<HttpResponse> {
    return this.inner.send({ ...request, headers: { ...request.headers, Authorization: `Bearer ${this.box.token}` } });
  }
}

export interface ClientOptions {
  readonly reconnectDelaysMs?: readonly number[];
  readonly skipNegotiation?: boolean;
  /** Default JSON. */
  readonly protocol?: IHubProtocol;
  /** Default `/hubs/ops`. */
  readonly path?: string;
}

export function createClient(
  hubUrl: string,
  box: TokenBox,
  transport: HttpTransportType,
  options: ClientOptions = {},
): HubConnection {
  class SubprotocolWebSocket extends WebSocket {
    constructor(url: string) {
      super(url, ['signalr', `bearer.${box.token}`]);
    }
  }
  class HeaderEventSource extends EventSource {
    constructor(url: string | URL) {
      super(url, {
        fetch: (input, init) =>
          fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${box.token}` } }),
      });
    }
  }
  // `WebSocket` and `EventSource` are options of the library that its types leave out; in Node it calls both with a URL.
  const http = {
    transport,
    httpClient: new HeaderHttpClient(box),
    WebSocket: SubprotocolWebSocket,
    EventSource: HeaderEventSource,
    ...(options.skipNegotiation === undefined ? {} : { skipNegotiation: options.skipNegotiation }),
  };
  const builder = new HubConnectionBuilder()
    .configureLogging(LogLevel.None)
    .withUrl(`${hubUrl}${options.path ?? '/hubs/ops'}`, http);
  if (options.reconnectDelaysMs !== undefined) builder.withAutomaticReconnect([...options.reconnectDelaysMs]);
  if (options.protocol !== undefined) builder.withHubProtocol(options.protocol);
  return builder.build();
}
