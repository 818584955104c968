/** A hub socket on SignalR's own client. SignalR is given no token: the transports carry it, in headers and subprotocols only. */
import {
  HttpTransportType,
  HubConnectionBuilder,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
  type HubConnection,
  type IHttpConnectionOptions,
  type ILogger,
} from '@microsoft/signalr';
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { HubSettings } from '../../src/contract/rpc.js';
import type { Sanitizer } from '../auth/sanitizer.js';
import type { Clock } from '../clock.js';
import { checkSettings } from './check-settings.js';
import type { HubSocket, HubSocketEvents } from './hub-socket.js';
import { createOpenUploads } from './open-uploads.js';
import { UNACKNOWLEDGED_BYTES } from './protocol/acknowledgements.js';
import { readCall } from './protocol/client-result.js';
import { createHubProtocol } from './protocol/hub-protocol.js';
import { createMuteCheck } from './protocol/mute-hub.js';
import { withUploads } from './protocol/upload-arguments.js';
import { announcedExpiryMs, announcedWay, reauthenticate, type AnnouncedWay } from './reauthenticate.js';
import type { RetryHint } from './retry-hint.js';
import { redirectableBearer, type Bearer } from './transport/bearer.js';
import { createBearerEventSource } from './transport/event-source.js';
import { FetchClient } from './transport/fetch-client.js';
import { BearerHttpClient } from './transport/http-client.js';
import type { Negotiated } from './transport/negotiate.js';
import type { Answer } from './transport/retry-after.js';
import { createBearerWebSocket } from './transport/web-socket.js';
import type { TransportMemory } from './transport-memory.js';

export interface SignalRSocketDeps {
  readonly url: string;
  readonly settings: HubSettings;
  readonly bearer: Bearer;
  /** As `BearerHttpClientDeps.tokenMayGoTo`. */
  readonly tokenMayGoTo?: (url: string) => boolean;
  readonly sanitizer: Sanitizer;
  readonly logger: ILogger;
  readonly clock: Clock;
  readonly transports: TransportMemory;
  /** Told what the hub says about the next attempt. */
  readonly retryHint: Pick<RetryHint, 'answered' | 'announced' | 'isAnnounced'>;
  /** Something arrived from the hub. */
  readonly onFrame: () => void;
  /** The hub says that the token of this connection ends soon; `null`: it does not say when. */
  readonly onTokenExpiring: (expiresAtMs: number | null) => void;
  /** For tests. */
  readonly inner?: { readonly httpClient?: HttpClient; readonly WebSocket?: typeof WebSocket };
}

/** A client method by which a hub says how it takes new tokens. */
const AUTHORIZED = 'connection.authorized';

/** A client method by which a hub says that the token of the connection ends soon (US8-3). */
const TOKEN_EXPIRING = 'token.expiring';

/** A client method by which a hub says, before a planned restart, how long clients should stay away. */
const RETRY_AFTER = 'connection.retryafter';

/** What is heard whether or not the app listens to it. In lower case, as every listened method. */
const OWN_METHODS: ReadonlySet<string> = new Set([AUTHORIZED, TOKEN_EXPIRING, RETRY_AFTER]);

const EVENT_SOURCE_CLOSED = 2;

/** SignalR's own. */
const SERVER_TIMEOUT_MS = 30_000;

/** @throws {HubshareError} `option-invalid` when the settings cannot work. */
export function openSignalRSocket(deps: SignalRSocketDeps, events: HubSocketEvents): HubSocket {
  const { url, settings, sanitizer, logger, clock, transports, inner = {} } = deps;
  checkSettings(settings);
  const bearer = redirectableBearer(deps.bearer);
  const ended = new AbortController();
  /** A frame of the hub is being handled: an error of a stream comes from the hub, and not from the loss of the connection. */
  let inFrame = false;
  const uploadsOpen = createOpenUploads(() => clock.now());
  let tried: HttpTransportType | null = null;
  let eventSource: { readonly readyState: number } | null = null;
  let webSocket: WebSocket | null = null;
  let transport: HttpTransportType | null = null;
  let negotiated: Negotiated | null = null;
  let announced: AnnouncedWay | null = null;
  let close: { readonly allowReconnect: boolean } | null = null;
  /** Why a request failed, where SignalR would only give a text. */
  let tokenFailure: HubshareError | null = null;

  /** What an abandoned start still hears is no news. */
  function onAnswer(answer: Answer): void {
    if (!ended.signal.aborted) deps.retryHint.answered(answer);
  }

  class HttpClientOfThisStart extends BearerHttpClient {
    override send(request: HttpRequest): Promise<HttpResponse> {
      if (request.method === 'GET') tried = HttpTransportType.LongPolling;
      return super.send(request);
    }
  }
  const httpClient = new HttpClientOfThisStart({
    bearer,
    sanitizer,
    inner: inner.httpClient ?? new FetchClient({ logger, clock, onAnswer }),
    signal: ended.signal,
    ...(deps.tokenMayGoTo === undefined ? {} : { tokenMayGoTo: deps.tokenMayGoTo }),
    onNegotiated: (answer) => {
      negotiated = answer;
    },
    onFailure: ({ error }) => {
      if (error !== null) tokenFailure = error;
    },
  });
  const BearerWebSocket = createBearerWebSocket({
    bearer,
    signal: ended.signal,
    now: () => clock.now(),
    onResumed: (lastedMs) => events.resumed(lastedMs),
    ...(inner.WebSocket === undefined ? {} : { base: inner.WebSocket }),
  });
  class WebSocketOfThisStart extends BearerWebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      // A socket of a connection that is up already: SignalR wants to go on with it after its transport broke.
      if (transport !== null) {
        refuseAfterUpload(uploadsOpen, clock.now());
        // SignalR goes on at once, in every browser in the same instant: that is what the hub has asked them not to do.
        if (deps.retryHint.isAnnounced)
          throw new Error('The hub has announced that it goes down: the connection ends with it.');
      }
      if (webSocket !== null) protocol.interrupted();
      tried = HttpTransportType.WebSockets;
      super(address, protocols);
      // eslint-disable-next-line @typescript-eslint/no-this-alias -- SignalR makes it and keeps it to itself
      webSocket = this;
    }
  }
  const BearerEventSource = createBearerEventSource({
    bearer,
    headers: settings.headers,
    signal: ended.signal,
    onAnswer,
  });
  class EventSourceOfThisStart extends BearerEventSource {
    constructor(address: string | URL, init?: { readonly withCredentials?: boolean }) {
      tried = HttpTransportType.ServerSentEvents;
      super(address, init);
      // eslint-disable-next-line @typescript-eslint/no-this-alias -- SignalR makes it and keeps it to itself
      eventSource = this;
    }
  }

  const protocol = createHubProtocol(settings.protocol, {
    onClose: (message) => {
      close = message;
    },
    onFrame: () => {
      inFrame = true;
      // SignalR handles a frame in the task in which it arrived, and ends a connection in a later one.
      queueMicrotask(() => {
        inFrame = false;
      });
      deps.onFrame();
    },
    onItem: () => uploadsOpen.noteSent(),
    resumption: {
      isGranted: () => negotiated?.statefulReconnect === true && tried === HttpTransportType.WebSockets,
      onAcknowledge: (frame) => {
        if (webSocket?.readyState === BearerWebSocket.OPEN) webSocket.send(frame);
      },
      onMessages: createMuteCheck({
        now: () => clock.now(),
        serverTimeoutMs: settings.serverTimeoutMs ?? SERVER_TIMEOUT_MS,
        // Not taken up again: it would be as mute.
        onMute: () => lost(new Error('Server timeout elapsed: the hub acknowledges, and sends nothing.')),
      }),
    },
  });

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
    .withHubProtocol(protocol)
    // Costs nothing where the hub does not grant it: negotiate simply does not mention it.
    .withStatefulReconnect({ bufferSize: settings.statefulReconnectBufferSize ?? UNACKNOWLEDGED_BYTES });
  if (settings.serverTimeoutMs !== null) builder.withServerTimeout(settings.serverTimeoutMs);
  if (settings.keepAliveIntervalMs !== null) builder.withKeepAliveInterval(settings.keepAliveIntervalMs);
  const connection: HubConnection = builder.build();

  const listened = new Set<string>();
  /** What is returned is the result for the hub: nothing for an event, or SignalR would complain of a result that nobody wants. */
  const handle = (method: string, marked: readonly unknown[]): Promise<unknown> | undefined => {
    const { args, isQuestion } = readCall(marked);
    if (method === AUTHORIZED && !isQuestion) announced = announcedWay(args);
    if (method === TOKEN_EXPIRING && !isQuestion && !ended.signal.aborted)
      deps.onTokenExpiring(announcedExpiryMs(args));
    if (method === RETRY_AFTER && !isQuestion) deps.retryHint.announced(args);
    if (!listened.has(method)) return undefined;
    if (isQuestion) return events.question(method, args);
    events.event(method, args);
    return undefined;
  };
  for (const method of OWN_METHODS) connection.on(method, (...args: unknown[]) => handle(method, args));
  let isLost = false;
  /** SignalR tells of an end that was seen here before, too. */
  const lost = (error: Error | undefined): void => {
    if (isLost) return;
    isLost = true;
    ended.abort();
    uploadsOpen.letGoOfAll();
    events.closed(error, close);
  };
  connection.onclose(lost);

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
      // The last step of a start is a ping, over an event stream a request. When the stream ends meanwhile, SignalR (10.0.11) comes
      // to the state Connected all the same, and stays there without calling `onclose`.
      if (tried === HttpTransportType.ServerSentEvents && eventSource?.readyState === EVENT_SOURCE_CLOSED) {
        lost(new Error('The event stream ended before the connection was up.'));
      }
    },
    async stop() {
      // Before the handshake SignalR can forget a request or a socket: those are ended by the signal. A live one says goodbye first.
      // So does one that polls: a hub cannot see that a poll was given up, and would keep the connection until its own limit.
      if (transport === null && tried !== HttpTransportType.LongPolling) ended.abort();
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
      if (!OWN_METHODS.has(method)) connection.on(method, (...args: unknown[]) => handle(method, args));
    },
    unlisten(method) {
      listened.delete(method);
      if (!OWN_METHODS.has(method)) connection.off(method);
    },
    async invoke(method, args, uploads) {
      const sent = uploadsOpen.of(uploads);
      try {
        return await connection.invoke<unknown>(method, ...withUploads(args, sent.sources));
      } finally {
        // The method has ended, or never began: the hub takes no more items for it.
        sent.letGo();
      }
    },
    async send(method, args, uploads) {
      const sent = uploadsOpen.of(uploads);
      try {
        await connection.send(method, ...withUploads(args, sent.sources));
      } catch (error) {
        sent.letGo();
        throw error;
      }
    },
    stream(method, args, sink, uploads) {
      const sent = uploadsOpen.of(uploads);
      let isOver = false;
      const end = (tell: () => void): void => {
        if (isOver) return;
        isOver = true;
        sent.letGo();
        tell();
      };
      let subscription: { dispose(): void } | null = null;
      try {
        subscription = connection.stream<unknown>(method, ...withUploads(args, sent.sources)).subscribe({
          next: (item) => {
            if (!isOver) sink.next(item);
          },
          complete: () => end(() => sink.complete()),
          error: (error: unknown) => end(() => sink.error(inFrame ? error : lossOf(error))),
        });
      } catch (error) {
        // An argument that the protocol cannot write. Told later, as every other end of a stream.
        queueMicrotask(() => end(() => sink.error(error)));
      }
      return () => {
        if (isOver) return;
        isOver = true;
        // Its uploads go on: a method that does not look at the cancel ends when they end.
        subscription?.dispose();
      };
    },
    reauthenticate: (token) =>
      reauthenticate(token, {
        hubUrl: url,
        headers: settings.headers,
        withCredentials: settings.withCredentials,
        clock,
        negotiated,
        announced,
        // Negotiate grants it before a transport is chosen.
        survivesCut: negotiated?.statefulReconnect === true && transport === HttpTransportType.WebSockets,
        invoke: (method, ...args) => connection.invoke<unknown>(method, ...args),
        send: (method) => connection.send(method),
        onTransportToken: (next) => bearer.redirect(next),
      }),
  };
}

/** SignalR tells streams of the loss of the connection by a plain error, before it tells anybody else. */
function lossOf(error: unknown): unknown {
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  return new HubshareError(wireError('connection-lost', error.message, {}), { cause: error });
}

/** Longer than the hub takes to acknowledge what it got, which it does once a second. */
const UNACKNOWLEDGED_MS = 5_000;

/**
 * ASP.NET Core (10.0.12) does not number the items of an upload that it has no use for, such as those that are sent again for
 * one that is over; the client does. A connection that went on after such items would take as many later calls for doubles and
 * never answer them. So it does not go on: the link connects anew, and calls in flight are rejected.
 *
 * @throws {Error} when an upload was sent just now.
 */
function refuseAfterUpload({ lastSentAtMs }: { readonly lastSentAtMs: number | null }, nowMs: number): void {
  if (lastSentAtMs === null || nowMs - lastSentAtMs > UNACKNOWLEDGED_MS) return;
  throw new Error('The connection was lost while an upload was not acknowledged; it is made anew.');
}
