/**
 * A stock SignalR connection as the three ways without hubshare use it, in a tab or in a worker.
 *
 * The embedded hub refuses tokens in URLs, so the token goes in a header and, for the WebSocket, in a subprotocol, as with hubshare:
 * what is compared is the number of connections, not how a token travels.
 */
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
  type IHttpConnectionOptions,
} from '@microsoft/signalr';

/** SignalR takes this option, but its typings do not have it. */
interface Options extends IHttpConnectionOptions {
  readonly WebSocket: typeof WebSocket;
}

class HeaderClient extends HttpClient {
  readonly #inner = new DefaultHttpClient(NullLogger.instance);

  constructor(readonly token: string) {
    super();
  }

  override send(request: HttpRequest): Promise<HttpResponse> {
    return this.#inner.send({ ...request, headers: { ...request.headers, Authorization: `Bearer ${this.token}` } });
  }
}

/** The refresh cookie is rotated: two tabs that use the same one end the session. So one at a time, as an app has to do it. */
async function fetchToken(): Promise<string> {
  return navigator.locks.request('bench-token', async () => {
    const response = await fetch('/auth/refresh', { method: 'POST' });
    if (!response.ok) throw new Error(`the refresh endpoint answered ${response.status}`);
    return ((await response.json()) as { readonly accessToken: string }).accessToken;
  });
}

/** @returns The open connection, and the milliseconds that its token took. */
export async function openPlain(
  hubUrl: string,
  listen: (connection: HubConnection) => void,
): Promise<{ readonly tokenMs: number }> {
  const beganAtMs = performance.now();
  const token = await fetchToken();
  const tokenMs = performance.now() - beganAtMs;

  class SubprotocolWebSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url, ['signalr', `bearer.${token}`]);
    }
  }
  const options: Options = {
    httpClient: new HeaderClient(token),
    WebSocket: SubprotocolWebSocket,
    transport: HttpTransportType.WebSockets,
  };
  const connection = new HubConnectionBuilder().withUrl(hubUrl, options).configureLogging(LogLevel.None).build();
  listen(connection);
  await connection.start();
  return { tokenMs };
}
