/** What rides on the event port of a tab: batches of entries one way, acknowledgements the other way. No Comlink here. */
import type { SignalRConnection } from './connection.js';
import type { WireError } from './errors.js';
import type { TopicMatch } from './topics.js';

/** Where a hub link is. `waiting`: a retry is due; `resting`: all retries are used up, or retrying cannot help. */
export type LinkPhase = 'closed' | 'starting' | 'live' | 'waiting' | 'resting';

/** Whether events may have been missed: it is known that some were, that none were, or nobody can know. */
export type Missed = 'yes' | 'no' | 'unknown';

/** The last time that the connection was lost and came back. */
export interface Reconnect {
  /** Milliseconds since the epoch. */
  readonly endedAtMs: number;
  /** Milliseconds from the loss until the hub was connected again. */
  readonly lastedMs: number;
  /** `no`: stateful reconnect brought what was sent meanwhile. */
  readonly missed: Missed;
}

/** What tabs are told of a hub at each change. */
export interface HubStatus {
  readonly phase: LinkPhase;
  readonly snapshot: SignalRConnection;
  /** `null` when not live, and also when negotiation is skipped. */
  readonly connectionId: string | null;
  /** Why the hub is not connected. */
  readonly error: WireError | null;
  /** Milliseconds since the epoch at which the next start is due; only while `waiting`. */
  readonly retryAtMs: number | null;
  readonly transport: string | null;
  /** `null`: the connection was never lost since the hub was opened. */
  readonly lastReconnect: Reconnect | null;
  /** The token was refused, and so was the one after it, or none can be had: the user has to sign in, then `start()` is to be called. */
  readonly authenticationRequired: boolean;
}

/** Entries of a batch, in the order in which they must be dispatched. The number after the kind is the hub's number. */
export const EntryKind = {
  hub: 0,
  event: 1,
  status: 2,
  gap: 3,
  item: 4,
  log: 5,
  end: 6,
  retained: 7,
  refused: 8,
} as const;

/**
 * - hub: gives the number by which later entries name this hub. What follows is of the tab's attachment of that number, and from
 *   after that of its openings (`HubWish`).
 * - event: a client method and its arguments, and the members of topics that it belongs to, if there are any.
 * - status: the hub's status has changed.
 * - gap: so many events for this tab were dropped here, because its outbox was full. Values of topics with `retain: 'last'` that
 *   a newer one of the same key follows are no loss and not counted.
 * - item: one item of a stream that this tab has called for. Never dropped.
 * - end: such a stream has ended here; `null` when it is complete. Before the status, if the connection was lost: SignalR's order.
 * - retained: the newest value of a member of a topic that this tab has just joined: the event's arguments, and when it came.
 * - refused: the hub no longer lets this client join the member of the topic (asked again after a reconnect): no event of it will come.
 * - log: a line of SignalR's log, redacted, with its `LogLevel`; for tabs that want it. Dropped like an event, but without a gap.
 */
export type Entry =
  | readonly [kind: 0, hub: number, url: string, attachment: number, opening: number]
  | readonly [kind: 1, hub: number, method: string, args: unknown[], topics?: readonly TopicMatch[]]
  | readonly [kind: 2, hub: number, status: HubStatus]
  | readonly [kind: 3, hub: number, dropped: number]
  | readonly [kind: 4, hub: number, callId: string, item: unknown]
  | readonly [kind: 5, hub: number, level: number, text: string]
  | readonly [kind: 6, hub: number, callId: string, error: WireError | null]
  | readonly [kind: 7, hub: number, topic: string, key: string, args: unknown[], atMs: number]
  | readonly [kind: 8, hub: number, topic: string, key: string, error: WireError];

/** What every batch says beside its entries. */
interface BatchNumbers {
  /** Number of the last entry in it; entries are numbered per tab from 1. */
  readonly last: number;
  /** The tab acknowledges this batch and so those before it. Not wanted of each: an acknowledgement costs as much as a batch. */
  readonly wantsAck?: true;
}

/** Worker to tab. */
export type WorkerFrame =
  /** `text` is a JSON array of `Entry`. */
  | ({ readonly kind: 'batch'; readonly text: string } & BatchNumbers)
  /** The same with what JSON cannot hold (bytes, dates), of hubs that speak MessagePack. A text is JSON of an `Entry`. */
  | ({ readonly kind: 'values'; readonly entries: readonly (Entry | string)[] } & BatchNumbers)
  /** The worker is about to hand this call to the hub: from here on its outcome may be unknown. */
  | { readonly kind: 'accepted'; readonly callId: string }
  /** No other tab of a hub is awake: this one, which had parked itself because it was hidden, is needed. */
  | { readonly kind: 'wake' };

/** Tab to worker: every entry up to `last` has been dispatched. This is the credit for further batches. */
export interface AckFrame {
  readonly kind: 'ack';
  readonly last: number;
}
