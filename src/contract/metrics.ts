/** What the worker measures of each hub, and when it raises an alert. Holds no token, no user, and no URL with a query. */

/** How long something took, as counts in ranges. Times are in milliseconds. */
export interface Histogram {
  /** Upper ends of the ranges, each within its own; the last range, above all of them, has none. */
  readonly boundsMs: readonly number[];
  /** One more than there are bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumMs: number;
  /** `null`: nothing was measured yet. */
  readonly lastMs: number | null;
}

/**
 * Why an authentication failed. `refused-by-hub`: the hub answered 401 to a token, or to none, or did not take a new one for the live
 * connection. `refused-by-issuer`: whoever gives tokens said no, so asking again cannot help. `no-token`: none came, perhaps the next
 * time.
 */
export type AuthenticationFailure = 'refused-by-hub' | 'refused-by-issuer' | 'no-token';

export type AlertKind = 'frequent-disconnects' | 'authentication-failed';

/**
 * Something that a person should look at.
 *
 * - `frequent-disconnects`: the connection was lost three times within five minutes though nobody had asked for that. Raised once;
 *   anew when a five-minute window has held fewer than three in between.
 * - `authentication-failed`: somebody has to sign in, now or when the present connection ends. Further ones within a minute are the
 *   same alert.
 */
export interface Alert {
  /** Counts from 1 in each worker. */
  readonly id: number;
  readonly kind: AlertKind;
  /** The hub's URL without query. */
  readonly hub: string;
  /** When it was raised, in milliseconds since the epoch. */
  readonly atMs: number;
  /** How often that has happened. It grows where alerts are read; those who were told are not told again. */
  readonly count: number;
  /** When that happened last, in milliseconds since the epoch. */
  readonly lastAtMs: number;
  readonly text: string;
}

export interface ConnectionMetrics {
  readonly isConnected: boolean;
  /** `WebSockets`, `ServerSentEvents` or `LongPolling`; `null` while not connected. */
  readonly transport: string | null;
  readonly connects: number;
  /** Connections that were lost, those that stateful reconnect has brought back among them; not those that an app or a person ended. */
  readonly disconnects: number;
  /** Losses that stateful reconnect has mended: the same connection, nothing missed. */
  readonly resumes: number;
  /** Milliseconds for which the present connection is up; 0 while not connected. */
  readonly uptimeMs: number;
  /** Milliseconds for which the hub was connected, all connections added up. */
  readonly connectedMs: number;
  /** From each loss until the hub was connected again. */
  readonly reconnects: Histogram;
}

export interface AuthenticationMetrics {
  /** Tokens that the hub has accepted, at a connect or for the live connection. */
  readonly accepted: number;
  readonly failures: Readonly<Record<AuthenticationFailure, number>>;
}

export interface TokenMetrics {
  /** The worker's own source gives one token for all of its hubs: these figures, and failures that are not the hub's, are of all. */
  readonly isShared: boolean;
  /** Tokens that took the place of one before. */
  readonly refreshes: number;
  /** Times that no token came of asking. */
  readonly failures: number;
  /** Each time that a token came, the first one too. */
  readonly fetches: Histogram;
}

/** What one worker has counted of one hub since the worker started; a worker that takes over starts from 0 under another `bootId`. */
export interface HubMetrics {
  /** The hub's URL without query. */
  readonly hub: string;
  readonly bootId: string;
  /** When the worker started, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** When these figures were read. */
  readonly atMs: number;
  /** Tabs that want the hub now. */
  readonly tabs: number;
  readonly connection: ConnectionMetrics;
  readonly authentication: AuthenticationMetrics;
  readonly token: TokenMetrics;
  readonly events: number;
  readonly calls: number;
  readonly callsFailed: number;
  /** Events that were dropped because a tab did not read for too long, once per tab, also of tabs that have gone. */
  readonly dropped: number;
  /** Alerts that were raised, by kind, also those that are not kept any more. */
  readonly alertsRaised: Readonly<Record<AlertKind, number>>;
  /** The newest, at most 50 in a worker. Oldest first. */
  readonly alerts: readonly Alert[];
}
