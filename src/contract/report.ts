/** What the state panel shows: the worker's state as data. Holds no token, no part of one, and no URL with a query. */
import type { SignalRConnection } from './connection.js';
import type { LinkPhase, Reconnect } from './frames.js';
import type { ErrorCode } from './errors.js';
import type { Alert, AuthenticationMetrics } from './metrics.js';
import type { Parking } from './rpc.js';

export type JournalKind = 'worker' | 'hub' | 'tab' | 'token' | 'call' | 'log';

export interface JournalEntry {
  /** Counts from 1 in each worker. */
  readonly seq: number;
  readonly atMs: number;
  readonly kind: JournalKind;
  readonly text: string;
  readonly code?: ErrorCode;
}

export interface HubReport {
  readonly url: string;
  readonly phase: LinkPhase;
  readonly snapshot: SignalRConnection;
  readonly connectionId: string | null;
  readonly transport: string | null;
  readonly connectedAtMs: number | null;
  readonly retryAtMs: number | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly token: TokenReport;
  /** Since the worker started, though the hub may have been closed and opened in between. */
  readonly counters: HubCounters;
  readonly authentication: AuthenticationMetrics;
  /** `null`: the connection was never lost. */
  readonly lastReconnect: Reconnect | null;
  /** Members of topics that are joined or being joined, at most the first 200. */
  readonly topics: readonly TopicReport[];
}

export interface TopicReport {
  readonly topic: string;
  readonly key: string;
  /** Tabs that hold it; 0: the last one has just let it go. */
  readonly tabs: number;
  readonly isJoined: boolean;
  /** When the retained value came; `null`: none is held. */
  readonly retainedAtMs: number | null;
}

export interface HubCounters {
  readonly starts: number;
  readonly connected: number;
  readonly lost: number;
  readonly events: number;
  readonly calls: number;
  readonly callsFailed: number;
}

/** Of all hubs and tabs since the worker started, also of those that are no more. */
export interface WorkerTotals extends HubCounters {
  /** Events that were dropped, once per tab. */
  readonly dropped: number;
}

export interface TokenReport {
  readonly source: 'endpoint' | 'tab' | 'none';
  readonly state: 'none' | 'fetching' | 'valid' | 'refreshing' | 'refused';
  /** Short hash of the token, to tell two apart; no part of it. */
  readonly fingerprint: string | null;
  /** Milliseconds since the epoch, by this machine's clock. `null`: the token does not say. */
  readonly expiresAtMs: number | null;
  readonly refreshAtMs: number | null;
  readonly refreshes: number;
  readonly failures: number;
  /** How long the last fetch took, in milliseconds. */
  readonly lastTookMs: number | null;
}

export interface TabReport {
  readonly id: string;
  /** Counts up in the order of joining: `tab 1`, `tab 2`. */
  readonly ordinal: number;
  readonly visibility: 'visible' | 'hidden';
  readonly parked: boolean;
  /** Why it is parked; `null`: it is not. */
  readonly parking: Parking | null;
  readonly hubs: readonly string[];
  readonly primaryOf: readonly string[];
  /** Entries in the outbox: not yet posted. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Batches posted and not yet acknowledged. */
  readonly unacknowledged: number;
  readonly delivered: number;
  readonly dropped: number;
  /** Values that were left out because a newer one of the same key waited. */
  readonly conflated: number;
  readonly lastAckAtMs: number | null;
  readonly joinedAtMs: number;
}

export interface WorkerReport {
  /** Grows with each change. */
  readonly version: number;
  readonly bootId: string;
  readonly contractVersion: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly hubs: readonly HubReport[];
  readonly tabs: readonly TabReport[];
  readonly totals: WorkerTotals;
  /** The newest, at most 50. Oldest first. */
  readonly alerts: readonly Alert[];
  /** Oldest first. */
  readonly journal: readonly JournalEntry[];
}
