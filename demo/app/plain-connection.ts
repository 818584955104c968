/**
 * A stock SignalR connection for this tab alone: what the shared one is compared with.
 *
 * SignalR in a browser puts the access token into the URL of a WebSocket, and this hub refuses tokens in URLs.
 * So SignalR gets no `accessTokenFactory`: HTTP requests carry the token in a header (`httpClient`), the WebSocket
 * carries it as a subprotocol (`signalr`, `bearer.<token>`; the hub selects `signalr`). Server-sent events are left
 * out: the browser's EventSource can carry a token in no other place than the URL.
 */
import {
  DefaultHttpClient,
  HttpClient,
  HttpError,
  HttpTransportType,
  HubConnectionBuilder,
  LogLevel,
  NullLogger,
  type HttpRequest,
  type HttpResponse,
  type HubConnection,
  type IHttpConnectionOptions,
  type IRetryPolicy,
} from '@microsoft/signalr';
import { PlainTokenError, type PlainToken } from './plain-token.js';
import { RequestError } from './session.js';

/** SignalR takes this option, but its typings do not have it. */
interface PlainOptions extends IHttpConnectionOptions {
  readonly WebSocket: typeof WebSocket;
}

export interface PlainConnection {
  readonly connection: HubConnection;
  /** What the last start used; SignalR itself does not say. */
  transport(): string;
  /** Why the last request failed, before SignalR made a sentence of it; `null` after one that went well. */
  failure(): unknown;
}

class HeaderHttpClient extends HttpClient {
  readonly #inner = new DefaultHttpClient(NullLogger.instance);
  readonly #token: PlainToken;
  failure: unknown = null;

  constructor(token: PlainToken) {
    super();
    this.#token = token;
  }

  override async send(request: HttpRequest): Promise<HttpResponse> {
    try {
      const headers = { ...request.headers, Authorization: `Bearer ${await this.#token.get()}` };
      const response = await this.#inner.send({ ...request, headers });
      this.failure = null;
      return response;
    } catch (error) {
      this.failure = inOurWords(error);
      throw error;
    }
  }

  override getCookieString(url: string): string {
    return this.#inner.getCookieString(url);
  }
}

/** SignalR knows the status, but does not tell what it means to the person in front of the page. */
function inOurWords(error: unknown): unknown {
  if (error instanceof HttpError && error.statusCode === 401) {
    return new PlainTokenError(true, 'The hub refused the access token.');
  }
  if (error instanceof TypeError) return new RequestError('hub-unreachable', 'The hub does not answer.', 0);
  return error;
}

export function createPlainConnection(hubUrl: string, token: PlainToken, retryPolicy: IRetryPolicy): PlainConnection {
  let transport = 'LongPolling';

  class SubprotocolWebSocket extends WebSocket {
    constructor(url: string | URL) {
      // A constructor cannot wait; the negotiate request just before it has seen to it that the token is fresh.
      super(url, ['signalr', `bearer.${token.current()}`]);
      transport = 'WebSockets';
    }
  }

  const httpClient = new HeaderHttpClient(token);
  const options: PlainOptions = {
    httpClient,
    WebSocket: SubprotocolWebSocket,
    transport: HttpTransportType.WebSockets | HttpTransportType.LongPolling,
    // Each failure is shown on the page.
    logger: LogLevel.None,
  };
  const connection = new HubConnectionBuilder()
    .withUrl(hubUrl, options)
    .withAutomaticReconnect(retryPolicy)
    .configureLogging(LogLevel.None)
    .build();

  return { connection, transport: () => transport, failure: () => httpClient.failure };
}
