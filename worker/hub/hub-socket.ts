/** The seam between the link and SignalR: one start of one connection. `signalr-socket.ts` is the real one, `FakeHub` the one for tests. */

/** What the hub says of itself after the handshake, so that a new token can reach it without a drop. */
export type ReauthWay =
  /** `POST {hub}/refresh` (ASP.NET Core 11). */
  | 'endpoint'
  /** The hub method `connection.reauth(token)`. */
  | 'call'
  /** The hub method `connection.cut()`: the hub cuts the transport and stateful reconnect brings the new token. */
  | 'cut';

/** A stream that goes to the hub with a call: SignalR's `Subject` fits. */
export interface UploadSource {
  subscribe(observer: {
    readonly next: (item: unknown) => void;
    readonly error: (error: unknown) => void;
    readonly complete: () => void;
  }): { dispose(): void };
}

/** Told what comes of a stream: items, then one of the two ends, never both, and nothing after. */
export interface StreamSink {
  next(item: unknown): void;
  complete(): void;
  error(error: unknown): void;
}

export interface HubSocketEvents {
  /** A client method was called by the hub. */
  event(method: string, args: unknown[]): void;
  /**
   * The hub wants a result. Only for methods that are listened to; for others SignalR itself answers. `undefined`: the handlers
   * gave nothing, and SignalR says so. What it rejects with is turned into text for the hub by `String()`.
   */
  question(method: string, args: unknown[]): Promise<unknown>;
  /**
   * The transport was cut, and the hub has taken the same connection up again on a new one: nothing was lost either way. Told before
   * the first frame of the new one is handled. `lastedMs`: milliseconds without a transport.
   */
  resumed(lastedMs: number): void;
  /** The connection, once started, has ended. `close` is the hub's close message, if it sent one. */
  closed(error: Error | undefined, close: { readonly allowReconnect: boolean } | null): void;
}

export interface HubSocket {
  /** Resolves after the handshake. */
  start(): Promise<void>;
  /** Ends the connection, also in the middle of a start. */
  stop(): Promise<void>;
  /** The stop took too long: whatever is still under way is broken off. */
  abandon(): void;
  readonly connectionId: string | null;
  /** Name of the transport, once started. */
  readonly transport: string | null;
  /** The methods that some tab has a handler for; others are reported by SignalR's own log. */
  listen(method: string): void;
  unlisten(method: string): void;
  invoke(method: string, args: readonly unknown[], uploads?: readonly UploadSource[]): Promise<unknown>;
  send(method: string, args: readonly unknown[], uploads?: readonly UploadSource[]): Promise<void>;
  /** @returns Cancels it: the hub is told, and the sink is told nothing more. */
  stream(method: string, args: readonly unknown[], sink: StreamSink, uploads?: readonly UploadSource[]): () => void;
  /** Gives the live connection a new token. `none`: the hub offers no way to do that. */
  reauthenticate(token: string): Promise<ReauthWay | 'none'>;
}

/** Makes a fresh socket for each run. Throws an error with a code when the settings cannot work. */
export type OpenHubSocket = (events: HubSocketEvents) => HubSocket;

/** What the link calls before each start. Rejects with the reason when there is no token to start with. */
export type PrepareStart = () => Promise<void>;
