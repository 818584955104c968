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
import { WebSocket as NodeWebSocket } from 'ws';
import { createBearerWebSocket } from '../../../worker/hub/transport/web-socket.js';

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

  // The worker's, and not one of its own: SignalR does not count what comes with the answer to the handshake, and takes it twice after
  // a stateful reconnect. Here that would be often, for `ws` gives every frame of a packet in one task.
  const SubprotocolWebSocket = createBearerWebSocket({
    bearer: { peek: token },
    now: Date.now,
    base: NodeWebSocket as unknown as typeof WebSocket,
  });

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
