/** A real `@microsoft/signalr` client for Node whose token travels in headers and subprotocols only, never in a URL. */
import {
  DefaultHttpClient,
  HubConnectionBuilder,
  LogLevel,
  NullLogger,
  type HttpRequest,
  type HttpResponse,
  type HubConnection,
  type IHttpConnectionOptions,
} from '@microsoft/signalr';
import { EventSource } from 'eventsource';
import { WebSocket, type ClientOptions } from 'ws';

export interface ClientOptionsOfTest {
  /** Read at each request, so that a test can hand over a new token. */
  readonly token: () => string;
  /** Bits of `HttpTransportType`; without it the client chooses. */
  readonly transport?: number;
  readonly stateful?: boolean;
  /** Milliseconds before each reconnect attempt; without it the client does not reconnect. */
  readonly retryDelaysMs?: number[];
}

export function createClient(url: string, { token, ...options }: ClientOptionsOfTest): HubConnection {
  const bearer = (): string => `Bearer ${token()}`;

  class HeaderHttpClient extends DefaultHttpClient {
    override send(request: HttpRequest): Promise<HttpResponse> {
      request.headers = { ...request.headers, Authorization: bearer() };
      return super.send(request);
    }
  }

  class SubprotocolWebSocket extends WebSocket {
    constructor(address: string | URL, _: unknown, settings?: ClientOptions) {
      super(address, ['signalr', `bearer.${token()}`], settings);
    }
  }

  class HeaderEventSource extends EventSource {
    constructor(address: string | URL) {
      super(address, {
        fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: bearer() } }),
      });
    }
  }

  // The client takes both classes, but its published types do not name them.
  const carriers = { WebSocket: SubprotocolWebSocket, EventSource: HeaderEventSource };
  const settings: IHttpConnectionOptions = { httpClient: new HeaderHttpClient(NullLogger.instance), ...carriers };
  if (options.transport !== undefined) settings.transport = options.transport;

  const builder = new HubConnectionBuilder().withUrl(url, settings).configureLogging(LogLevel.None);
  if (options.stateful === true) builder.withStatefulReconnect();
  if (options.retryDelaysMs !== undefined) builder.withAutomaticReconnect(options.retryDelaysMs);
  return builder.build();
}
