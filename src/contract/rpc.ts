/** What tab and worker may ask of each other. These calls go through Comlink; events do not (see `frames.ts`). */
import type { ProxyMarked, Remote } from 'comlink';
import type { WireError } from './errors.js';
import type { FetchAnswer, FetchRequest } from './fetch.js';
import type { Alert, HubMetrics } from './metrics.js';
import type { WorkerReport } from './report.js';
import type { TopicDeclaration, TopicKey } from './topics.js';

/** Both sides compare it in `join`. Raised when a message changes in a way that the other side would misread. */
export const CONTRACT_VERSION = 1;

/** Failure is part of the return type: a thrown error would lose its class and fields in transit. */
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };

export type Visibility = 'visible' | 'hidden';

/** The first message of a tab. */
export interface Hello {
  readonly contractVersion: number;
  /** Identifies this document load; never reused by a reload. */
  readonly tabId: string;
  /** Known to this document only: who joins under its id again must bring it. */
  readonly tabKey: string;
  /** Name of the Web Lock that this tab already holds. The worker queues for it once; granted means that the tab is gone. */
  readonly tabLock: string;
  readonly visibility: Visibility;
  /** The tab's end of the other side's port for events. Transferred. */
  readonly events: MessagePort;
}

/** What the worker answers to `join`. */
export interface Welcome {
  /** Identifies this start of the worker. A change means that the worker has lost its memory and the tab must say all again. */
  readonly bootId: string;
  /** The worker holds it for as long as it lives. Tabs queue for it in shared mode; granted means that the worker is gone. */
  readonly workerLock: string;
  readonly contractVersion: number;
}

/** The hub protocols that the worker speaks. */
export type HubProtocolName = 'json' | 'messagepack';

/** How a tab wants a hub to be connected. Everything here can be cloned. `null` means: the worker's default. */
export interface HubSettings {
  readonly protocol: HubProtocolName;
  /** Bits of SignalR's `HttpTransportType`. */
  readonly transport: number | null;
  readonly skipNegotiation: boolean;
  readonly withCredentials: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for each HTTP request. */
  readonly requestTimeoutMs: number | null;
  readonly serverTimeoutMs: number | null;
  readonly keepAliveIntervalMs: number | null;
  /** Bytes that wait for the hub's acknowledgement under stateful reconnect. */
  readonly statefulReconnectBufferSize: number | null;
  /** Milliseconds before each reconnect attempt. */
  readonly retryDelaysMs: readonly number[] | null;
  /** SignalR's `LogLevel` for the worker's console. */
  readonly logLevel: number | null;
}

/** A tab's wish for a hub. A second `attach` for the same hub replaces the first. */
export interface HubWish {
  /** Absolute http(s) URL without fragment: the hub's identity in the worker. */
  readonly hub: string;
  readonly settings: HubSettings;
  /** Client methods that this tab has handlers for, lower-cased. */
  readonly methods: readonly string[];
  /** The hub is opened, or woken if it rests. `false`: only what this tab wants has changed. */
  readonly opens: boolean;
  /** This tab can answer `fetchAccessToken` for this hub. */
  readonly hasTokenFactory: boolean;
  /** This tab can answer `nextRetryDelay` for this hub. */
  readonly hasRetryPolicy: boolean;
  /** SignalR's log of this hub, redacted, is wanted as entries among the events. */
  readonly wantsLog: boolean;
  /** By name. The worker's own and those of the tab that opened the hub come first. */
  readonly topics: Readonly<Record<string, TopicDeclaration>>;
  /** Claims that this tab knows to be settled: a new worker has not heard of them. Oldest first. */
  readonly settledClaims: readonly string[];
  /** The user that this page shows, as its tokens name it; `null`: the app does not say. */
  readonly identity: string | null;
  /**
   * Counts up with each time that this tab comes to a hub that it did not want before. A wish that was sent before the tab knew that
   * its user is signed in no more is recognised by it, and entries from before it are.
   */
  readonly attachment: number;
  /** Counts up with each wish that opens. Statuses from before it are no answer to it, as when a hub that rests is started anew. */
  readonly opening: number;
}

/** A setting that this tab asked for and that another tab, which opened the hub, had asked for differently. */
export interface SettingDifference {
  readonly setting: keyof HubSettings | `topics.${string}`;
  /** For people: headers by name only, for a value may be a secret. */
  readonly inForce: string;
  readonly asked: string;
}

/** What the worker answers to `attach`. */
export interface Attached {
  /** The settings of the tab that opened the hub hold until the worker has closed it. Empty: they are the same. */
  readonly differences: readonly SettingDifference[];
}

/**
 * Why a page is parked. `cached`: it is in the back/forward cache, and a message might evict it. `frozen`: it does not run.
 * `hidden`: it has been hidden for long, runs, and lets itself be frozen.
 */
export type Parking = 'cached' | 'frozen' | 'hidden';

/** What a tab has missed of a hub while it was parked. */
export interface MissedWhileParked {
  readonly hub: string;
  /** Events that were dropped, for too many waited. 0: what waited is all there was. */
  readonly dropped: number;
  /**
   * The user has signed out meanwhile, or another one has signed in (`signed-out`, `identity-changed`): this page is not attached any
   * more, and what it has not dispatched yet must not be seen. `null`: the user is the same.
   */
  readonly fencedBy: WireError | null;
}

export interface HubCall {
  readonly hub: string;
  /** Unique per call. The same id sent twice to the same worker is one call. */
  readonly callId: string;
  readonly method: string;
  /** Without those that are streams. */
  readonly args: readonly unknown[];
  /** How many of the arguments are streams; their items follow as `upload`, numbered from 0 in the order of the arguments. */
  readonly uploads: number;
}

/** A piece of a stream that a tab sends with a call. The tab sends none before the call was accepted. */
export interface UploadPiece {
  readonly hub: string;
  readonly callId: string;
  /** Number of the stream among those of the call. */
  readonly stream: number;
  readonly items: readonly unknown[];
  /** `null`: more will follow. */
  readonly end: null | { readonly error: string | null };
}

/** The hub wants a result from this client, which is all tabs together. */
export interface HubQuestion {
  readonly hub: string;
  /** Unique in this worker. */
  readonly questionId: string;
  /** Of the tab: a question that comes when that has ended is of a user who is gone, and nobody is told of it. */
  readonly attachment: number;
  /** Lower-cased. */
  readonly method: string;
  readonly args: readonly unknown[];
  /** The handlers run after the entry of this number was dispatched, as they would on a connection of the tab's own. */
  readonly after: number;
}

/** What the handlers of the tab that took a question came to. */
export type HandlersResult =
  | { readonly kind: 'result'; readonly value: unknown }
  /** The handlers gave nothing. */
  | { readonly kind: 'none' }
  /** `text` is what the hub is told, in SignalR's words. */
  | { readonly kind: 'error'; readonly text: string };

/** What a retry policy is told, as data (SignalR's `RetryContext`). */
export interface RetryContextData {
  readonly previousRetryCount: number;
  readonly elapsedMilliseconds: number;
  readonly retryReason: WireError;
}

/**
 * The outcome of a call, and its place among the events of this tab: the tab settles the call after it has
 * dispatched the entry numbered `after`, so that handlers and results keep the order that the hub gave them.
 */
export interface CallOutcome {
  readonly after: number;
  readonly reply: Reply<unknown>;
}

/** What a tab may ask of the worker. One instance per port. */
export interface CoordinatorApi {
  /** First call on a port. The worker holds nothing for a tab that has not joined. */
  join(hello: Hello, tab: Remote<TabApi & ProxyMarked>): Promise<Reply<Welcome>>;
  /**
   * Opens the hub if it is not open, or wakes it if it rests. Answers at once, unless the tab shows another user than the one whom the
   * hub is connected for: then a token is asked for first. The status follows as an entry among the events.
   */
  attach(wish: HubWish): Promise<Reply<Attached>>;
  /** This tab no longer wants the hub. Answers when the connection is closed, if it was the last tab. */
  detach(hub: string): Promise<Reply<void>>;
  subscribe(hub: string, method: string): Promise<Reply<void>>;
  unsubscribe(hub: string, method: string): Promise<Reply<void>>;
  invoke(call: HubCall): Promise<CallOutcome>;
  send(call: HubCall): Promise<CallOutcome>;
  /** The items come as entries among the events. Settles when the stream has ended; a cancelled one ends with `undefined`. */
  stream(call: HubCall): Promise<CallOutcome>;
  /** The tab wants no more items: the hub is told to stop. */
  cancelStream(hub: string, callId: string): Promise<Reply<void>>;
  /** Answered when the items were handed to the hub: the answer is the credit for the next piece. */
  upload(piece: UploadPiece): Promise<Reply<void>>;
  /** What became of a question that this tab took. */
  answer(questionId: string, result: HandlersResult): Promise<Reply<void>>;
  /**
   * The tab wants the events of one member of a topic. Settles when the hub has let this client join it, after the retained value;
   * while the hub is not connected, that waits. The result is `TopicJoined`. The same key twice is once.
   */
  joinTopic(hub: string, topic: string, key: TopicKey): Promise<CallOutcome>;
  leaveTopic(hub: string, topic: string, key: TopicKey): Promise<Reply<void>>;
  /** This tab would do what may be done once. `offered`: it must confirm; `lost`: another tab has confirmed. */
  claim(hub: string, id: string): Promise<Reply<'offered' | 'lost'>>;
  /** `true`: no other tab will do it. `false`: the offer went to another tab, for this one took too long. */
  confirmClaim(hub: string, id: string): Promise<Reply<boolean>>;
  setVisibility(visibility: Visibility): Promise<Reply<void>>;
  /** Nothing is posted to the page until `unpark`, and it is not asked for anything. */
  park(how: Parking): Promise<Reply<void>>;
  /** What waited follows as entries, without the gaps that this answer tells of. */
  unpark(): Promise<Reply<readonly MissedWhileParked[]>>;
  /** The browser says that the network is back. */
  online(): Promise<Reply<void>>;
  /**
   * Closes every hub at once, forgets the token, tells every tab. Answers when each tab that is awake has dispatched its last entry of
   * the old user, or after `FENCE_WAIT_MS`.
   */
  signOut(): Promise<Reply<void>>;
  /** Sends an HTTP request with the worker's token. The answer never holds that token; what the server answers is passed on as it is. */
  authorizedFetch(request: FetchRequest): Promise<Reply<FetchAnswer>>;
  /** The tab wants the answer no more. A request that has ended is no error. */
  abortFetch(requestId: string): Promise<Reply<void>>;
  /** The worker's state, as soon as it differs from `sinceVersion`. Journal entries up to `sinceJournal` are left out. */
  nextReport(sinceVersion: number, sinceJournal: number): Promise<Reply<WorkerReport>>;
  /** What the worker has counted of a hub: zeros for one that it has never had open. */
  hubMetrics(hub: string): Promise<Reply<HubMetrics>>;
  /**
   * The alerts of a hub with ids above `sinceId`, as soon as there is one: a question that stays open, so that a tab that does not ask
   * costs nothing. A parked tab is answered when it is back. One question per tab and hub; the next takes the place of the one before.
   */
  nextAlerts(hub: string, sinceId: number): Promise<Reply<readonly Alert[]>>;
  reconnectNow(hub: string): Promise<Reply<void>>;
  refreshTokenNow(hub: string): Promise<Reply<void>>;
  becomePrimary(hub: string): Promise<Reply<void>>;
  leave(): Promise<Reply<void>>;
}

/** What the worker may ask of a tab. Handed over once, in `join`, as a Comlink proxy. */
export interface TabApi {
  /** Only one tab is asked at a time, the primary first. */
  fetchAccessToken(hub: string): Promise<Reply<string>>;
  /** `true`: this tab runs its handlers and will call `answer`. `false`: it has none. Answered at once, however long the handlers take. */
  takeQuestion(question: HubQuestion): Promise<Reply<boolean>>;
  /** Asks the app's retry policy: milliseconds until the next attempt, or `null` to give up. */
  nextRetryDelay(hub: string, context: RetryContextData): Promise<Reply<number | null>>;
}
