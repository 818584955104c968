/** A hub that does what a test says: accepts, refuses or hangs, emits, asks, streams, answers calls, and closes as a SignalR hub would. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type {
  HubSocket,
  HubSocketEvents,
  OpenHubSocket,
  ReauthWay,
  StreamSink,
  UploadSource,
} from '../hub/hub-socket.js';
import type { SignalRSocketDeps } from '../hub/signalr-socket.js';

// Node's; one turn of the event loop lets every promise that can settle do so.
declare function setImmediate(callback: () => void): unknown;

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What has come of a stream that was sent with a call. */
export interface HubUpload {
  readonly method: string;
  readonly items: unknown[];
  /** `null`: more may come. */
  end: { readonly error: string | null } | null;
  /** The socket has let go of it: its call cannot be served any more. */
  disposed: boolean;
}

/** A call that has reached the hub. */
export interface HubInvocation {
  /** Number of the socket by which it came. */
  readonly socket: number;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly uploads: readonly HubUpload[];
  /** Neither answered, failed nor lost with its connection. */
  readonly open: boolean;
  answer(value?: unknown): Promise<void>;
  fail(message: string): Promise<void>;
  /** Fails on its way, before or after the hub has seen it. */
  failBy(error: unknown): Promise<void>;
}

/** A stream that the hub was asked for. What a test lets it say after its end or after a cancel goes nowhere, as with SignalR. */
export interface HubStream {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly uploads: readonly HubUpload[];
  /** The hub was told to stop. */
  readonly cancelled: boolean;
  /** Neither completed, failed, cancelled nor lost with its connection. */
  readonly open: boolean;
  emit(...items: unknown[]): Promise<void>;
  complete(): Promise<void>;
  fail(message: string): Promise<void>;
}

export class FakeHub {
  /** One for each run that got as far as a socket. */
  readonly sockets: FakeSocket[] = [];
  /** Calls, in the order in which the hub saw them. */
  readonly invocations: HubInvocation[] = [];
  readonly sent: { readonly method: string; readonly args: readonly unknown[] }[] = [];
  /** Streams that were called for, in the order in which the hub saw them. */
  readonly streams: HubStream[] = [];
  /** Streams that came with calls, in the order of the calls and of their arguments. */
  readonly uploads: HubUpload[] = [];
  readonly tokens: string[] = [];
  /** Accepts each start at once, as a hub that is well does. */
  acceptsAtOnce = false;
  /** A stop does not end until `finishStop`. */
  hangsOnStop = false;
  /** A socket that was stopped while it started goes on starting, as a stuck one does. */
  ignoresStopDuringStart = false;
  reauthWay: ReauthWay | 'none' = 'none';

  readonly open: OpenHubSocket = (events) => {
    const socket = new FakeSocket(this, events, this.sockets.length + 1);
    this.sockets.push(socket);
    return socket;
  };

  /** Sockets that were told to start. */
  get starts(): FakeSocket[] {
    return this.sockets.filter((socket) => socket.startCalls > 0);
  }

  /** Sockets that the hub may still count: started, and neither refused, closed nor fully stopped. */
  get held(): number {
    return this.sockets.filter((socket) => socket.phase !== 'new' && socket.phase !== 'over').length;
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('No socket was opened yet.');
    return socket;
  }

  async accept(connectionId?: string | null): Promise<void> {
    this.socket.accept(connectionId);
    await settle();
  }

  async refuse(error: unknown = new TypeError('Failed to fetch')): Promise<void> {
    this.socket.refuse(error);
    await settle();
  }

  /** Calls a client method; like SignalR, only the methods that are listened to are heard. */
  async emit(method: string, ...args: unknown[]): Promise<void> {
    this.socket.emit(method, args);
    await settle();
  }

  /** Asks the client for a result. Rejects with the text that the hub would be told. */
  ask(method: string, ...args: unknown[]): Promise<unknown> {
    return this.socket.ask(method, args);
  }

  /** Streams that still run, in either direction. */
  get streamsOpen(): number {
    return (
      this.streams.filter((stream) => stream.open).length +
      this.uploads.filter((upload) => upload.end === null && !upload.disposed).length
    );
  }

  /** The transport is cut: no close message. */
  async cut(error: Error = new Error('WebSocket closed with status code: 1006 (no reason given).')): Promise<void> {
    this.socket.end(error, null);
    await settle();
  }

  /** Stateful reconnect: the transport was cut and the hub has taken the connection up again. */
  async resume(lastedMs: number): Promise<void> {
    this.socket.resume(lastedMs);
    await settle();
  }

  /** The hub says goodbye with a close message. */
  async close(allowReconnect: boolean, error?: string): Promise<void> {
    const reason = error === undefined ? undefined : new Error(`Server returned an error on close: ${error}`);
    this.socket.end(reason, { allowReconnect });
    await settle();
  }

  /** The worker that held the sockets has died: the hub counts them no more, and nobody is told. */
  vanish(): void {
    for (const socket of this.sockets) socket.phase = 'over';
  }

  async finishStop(): Promise<void> {
    for (const socket of this.sockets) socket.finishStop();
    await settle();
  }
}

/** The hubs that a worker can reach, by URL. `open` stands in for `openSignalRSocket`. */
export class FakeHubs {
  /** What each socket was opened with. */
  readonly opened: SignalRSocketDeps[] = [];
  readonly #hubs = new Map<string, FakeHub>();

  readonly open = (deps: SignalRSocketDeps, events: HubSocketEvents): HubSocket => {
    this.opened.push(deps);
    return this.at(deps.url).open(events);
  };

  /** A hub that is well, until a test says otherwise. */
  at(url: string): FakeHub {
    const known = this.#hubs.get(url);
    if (known !== undefined) return known;
    const hub = new FakeHub();
    hub.acceptsAtOnce = true;
    this.#hubs.set(url, hub);
    return hub;
  }

  /** The worker that held every socket has died. */
  vanish(): void {
    for (const hub of this.#hubs.values()) hub.vanish();
  }
}

export class FakeSocket implements HubSocket {
  readonly number: number;
  readonly listened = new Set<string>();
  readonly #hub: FakeHub;
  readonly #events: HubSocketEvents;
  phase: 'new' | 'starting' | 'open' | 'stopping' | 'over' = 'new';
  startCalls = 0;
  abandoned = false;
  stops = 0;
  connectionId: string | null = null;
  transport: string | null = null;
  #start: { resolve(): void; reject(error: unknown): void } | null = null;
  #stop: (() => void)[] = [];
  #pending: ((error: Error) => void)[] = [];
  #uploads: (() => void)[] = [];

  constructor(hub: FakeHub, events: HubSocketEvents, number: number) {
    this.#hub = hub;
    this.#events = events;
    this.number = number;
  }

  start(): Promise<void> {
    this.startCalls += 1;
    this.phase = 'starting';
    return new Promise((resolve, reject) => {
      this.#start = { resolve, reject };
      if (this.#hub.acceptsAtOnce) this.accept();
    });
  }

  accept(connectionId: string | null = `connection-${this.number}`): void {
    const start = this.#start;
    if (start === null) throw new Error('Nothing is starting.');
    this.#start = null;
    this.phase = this.phase === 'starting' ? 'open' : this.phase;
    this.connectionId = connectionId;
    this.transport = 'WebSockets';
    start.resolve();
  }

  refuse(error: unknown): void {
    const start = this.#start;
    if (start === null) throw new Error('Nothing is starting.');
    this.#start = null;
    this.phase = 'over';
    start.reject(error);
  }

  abandon(): void {
    this.abandoned = true;
  }

  stop(): Promise<void> {
    this.stops += 1;
    if (this.phase === 'over' || this.phase === 'new') return Promise.resolve();
    const wasOpen = this.phase === 'open';
    this.phase = 'stopping';
    return new Promise((resolve) => {
      this.#stop.push(() => {
        this.phase = 'over';
        if (!this.#hub.ignoresStopDuringStart) {
          this.#start?.reject(new Error('The connection was stopped before the hub handshake could complete.'));
          this.#start = null;
        }
        this.#rejectPending(new Error('Invocation canceled due to the underlying connection being closed.'));
        // SignalR calls `onclose` also for a stop that the app asked for, but only once started.
        if (wasOpen) this.#events.closed(undefined, null);
        resolve();
      });
      if (!this.#hub.hangsOnStop) this.finishStop();
    });
  }

  finishStop(): void {
    const stops = this.#stop;
    this.#stop = [];
    for (const stop of stops) stop();
  }

  /** As SignalR: no handler and no result are told in the same words. */
  async ask(method: string, args: unknown[]): Promise<unknown> {
    const name = method.toLowerCase();
    let result: unknown;
    if (this.listened.has(name)) {
      try {
        result = await this.#events.question(name, args);
      } catch (error) {
        throw new Error(String(error));
      }
    }
    if (result === undefined) throw new Error("Client didn't provide a result.");
    return result;
  }

  emit(method: string, args: unknown[]): void {
    if (this.listened.has(method.toLowerCase())) this.#events.event(method.toLowerCase(), args);
  }

  resume(lastedMs: number): void {
    this.#events.resumed(lastedMs);
  }

  /** As SignalR: what waits for a completion fails first, then the end is told. */
  end(error: Error | undefined, close: { readonly allowReconnect: boolean } | null): void {
    this.phase = 'over';
    this.#rejectPending(error ?? new Error('Invocation canceled due to the underlying connection being closed.'));
    this.#events.closed(error, close);
  }

  listen(method: string): void {
    // SignalR keeps handlers in a plain object.
    if (method in {}) throw new TypeError('this._methods[methodName].indexOf is not a function');
    this.listened.add(method);
  }

  unlisten(method: string): void {
    this.listened.delete(method);
  }

  invoke(method: string, args: readonly unknown[], uploads: readonly UploadSource[] = []): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let open = true;
      const lost = (error: Error): void => {
        open = false;
        reject(error);
      };
      this.#pending.push(lost);
      this.#hub.invocations.push({
        get open() {
          return open;
        },
        socket: this.number,
        method,
        args,
        uploads: this.#receive(method, uploads),
        answer: (value) => {
          open = false;
          resolve(value);
          return settle();
        },
        fail: (message) => {
          lost(new Error(message));
          return settle();
        },
        failBy: (error) => {
          open = false;
          reject(error);
          return settle();
        },
      });
    });
  }

  send(method: string, args: readonly unknown[], uploads: readonly UploadSource[] = []): Promise<void> {
    this.#hub.sent.push({ method, args });
    this.#receive(method, uploads);
    return Promise.resolve();
  }

  stream(
    method: string,
    args: readonly unknown[],
    sink: StreamSink,
    uploads: readonly UploadSource[] = [],
  ): () => void {
    let state: 'open' | 'over' | 'cancelled' = 'open';
    const end = (tell: () => void): Promise<void> => {
      if (state === 'open') {
        state = 'over';
        tell();
      }
      return settle();
    };
    // As the real socket does: a stream can tell the loss of its connection from an error of the hub.
    const lost = (error: Error): HubshareError => new HubshareError(wireError('connection-lost', error.message, {}));
    this.#pending.push((error) => void end(() => sink.error(lost(error))));
    this.#hub.streams.push({
      method,
      args,
      uploads: this.#receive(method, uploads),
      get cancelled() {
        return state === 'cancelled';
      },
      get open() {
        return state === 'open';
      },
      emit: (...items) => {
        for (const item of items) if (state === 'open') sink.next(item);
        return settle();
      },
      complete: () => end(() => sink.complete()),
      fail: (message) => end(() => sink.error(new Error(message))),
    });
    return () => {
      if (state === 'open') state = 'cancelled';
    };
  }

  reauthenticate(token: string): Promise<ReauthWay | 'none'> {
    this.#hub.tokens.push(token);
    return Promise.resolve(this.#hub.reauthWay);
  }

  /** As SignalR: subscribed at once, and let go of with the connection. */
  #receive(method: string, sources: readonly UploadSource[]): HubUpload[] {
    return sources.map((source) => {
      const upload: HubUpload = { method, items: [], end: null, disposed: false };
      this.#hub.uploads.push(upload);
      const subscription = source.subscribe({
        next: (item) => void upload.items.push(item),
        error: (error) => (upload.end = { error: error instanceof Error ? error.message : String(error) }),
        complete: () => (upload.end = { error: null }),
      });
      this.#uploads.push(() => {
        if (upload.end !== null) return;
        upload.disposed = true;
        subscription.dispose();
      });
      return upload;
    });
  }

  #rejectPending(error: Error): void {
    const uploads = this.#uploads;
    this.#uploads = [];
    for (const letGo of uploads) letGo();
    const pending = this.#pending;
    this.#pending = [];
    for (const reject of pending) reject(error);
  }
}
