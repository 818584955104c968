/** The entries that wait for one tab, and the credit that lets them go. Bounded: a tab that does not read costs one window and one outbox. */
import type { Entry, WorkerFrame } from '../../src/contract/frames.js';
import { createBatchTexts, entryOf } from './batch.js';
import type { ScheduleFlush } from './flush-turn.js';
import { charsOf, createWaitingLine, type Slot } from './waiting-line.js';

export interface OutboxLimits {
  /** Batches that may be posted and not yet acknowledged. The tab is asked to acknowledge when half of them are on the way. */
  readonly window: number;
  readonly maxBatchEntries: number;
  /** Characters of text in a batch. */
  readonly maxBatchChars: number;
  /** Events that may wait. */
  readonly maxQueuedEntries: number;
  /** Characters of text of the events that may wait. */
  readonly maxQueuedChars: number;
  /** Items of streams that may wait, of all streams together. */
  readonly maxStreamItems: number;
  /** Characters of text of the items that may wait. */
  readonly maxStreamChars: number;
}

export const DEFAULT_OUTBOX_LIMITS: OutboxLimits = {
  window: 8,
  maxBatchEntries: 512,
  maxBatchChars: 256 * 1024,
  maxQueuedEntries: 32_768,
  maxQueuedChars: 8 * 1024 * 1024,
  maxStreamItems: 32_768,
  maxStreamChars: 8 * 1024 * 1024,
};

/** An entry in the form in which it is posted, the same for every tab that gets it, so it is encoded once. */
export type Encoded = {
  readonly kind: 'hub' | 'event' | 'status' | 'item' | 'end' | 'log' | 'retained' | 'refused';
  readonly hub: number;
} & (
  | { readonly text: string }
  /** What JSON cannot hold. `size`: roughly the characters that it would take. */
  | { readonly text?: never; readonly entry: Entry; readonly size: number }
);

export interface Outbox {
  /** Number of the newest entry, delivered or not; a call's outcome that is known now belongs after it. Every number is reached. */
  readonly lastNumber: number;
  /** As `lastNumber`, for what the tab waits for: the entries before it are not held back any longer. */
  takePlace(): number;
  readonly waiting: number;
  readonly waitingChars: number;
  /** Batches on the way since the tab was asked to acknowledge; 0 while it is not asked. */
  readonly unacknowledged: number;
  readonly delivered: number;
  readonly dropped: number;
  /** Events that were left out because a newer one of their key waited. No gap tells of them. */
  readonly conflated: number;
  readonly lastAckAtMs: number | null;
  /**
   * @param conflateKey - Of an event whose value is of no use once a newer one of the same hub and key waits. While the tab is
   *   parked, and from when too much waits until nothing does, only the newest of each key is kept, and dropped last.
   * @returns `false`: an item of a stream for which there is no room. It was not taken, and its stream must end here.
   */
  push(entry: Encoded, conflateKey?: string): boolean;
  acknowledge(last: number, atMs: number): void;
  /** Resolves when the tab has dispatched all that there is now, for which it is asked; at once while it is parked, or when it parks. */
  dispatched(): Promise<void>;
  /** While parked nothing is posted. */
  setParked(parked: boolean): void;
  /** Forgets all that waits of one hub, or of all hubs, but their names: nothing of it is ever delivered. */
  wipe(hub?: number): void;
  /** Takes the gaps that wait out of the line, for a tab that is told of them in another way. Events dropped, by number of hub. */
  takeGaps(): ReadonlyMap<number, number>;
}

export function createOutbox(deps: {
  readonly limits: OutboxLimits;
  readonly post: (frame: WorkerFrame) => void;
  /** Runs the flush soon. `canWait`: it may be later, together with what comes meanwhile. */
  readonly schedule: ScheduleFlush;
  /** An event of the hub of that number was dropped. */
  readonly onDropped?: (hub: number) => void;
  /** More or less waits, or less is on its way. Not told of what waits for the next flush, which tells it. */
  readonly onChange?: () => void;
}): Outbox {
  const { limits } = deps;
  const line = createWaitingLine(limits, deps.onDropped);
  let number = 0;
  let posted = 0;
  /** The last number of each batch of which the tab has not said that it has read it, oldest first. */
  const unread: number[] = [];
  /** The last number of the batch that asks for an acknowledgement which has not come. */
  let asked: number | null = null;
  /** Those who wait until the tab has dispatched the entry of that number. */
  let waiters: { readonly number: number; readonly resolve: () => void }[] = [];
  let delivered = 0;
  let lastAckAtMs: number | null = null;
  let parked = false;
  let scheduled: 'no' | 'can-wait' | 'soon' = 'no';

  /** Numbers that were wiped or conflated are still to be passed, by an empty batch if need be: a call may wait for them. */
  const hasWork = (): boolean => line.waiting > 0 || posted < number;

  function scheduleFlush(canWait = false): void {
    if (scheduled === 'soon' || (canWait && scheduled === 'can-wait')) return;
    if (parked || !hasWork() || unread.length >= limits.window) return;
    scheduled = canWait ? 'can-wait' : 'soon';
    deps.schedule(flush, canWait);
  }

  function flush(): number {
    scheduled = 'no';
    const before = delivered;
    while (!parked && hasWork() && unread.length < limits.window) postBatch();
    deps.onChange?.();
    return delivered - before;
  }

  function postBatch(): void {
    const parts: Slot['entry'][] = [];
    let isText = true;
    let size = 0;
    let last = 0;
    let next: Slot | undefined;
    while (parts.length < limits.maxBatchEntries && (next = line.first()) !== undefined) {
      const { entry } = next;
      const chars = entry.kind === 'gap' ? 0 : charsOf(entry);
      if (parts.length > 0 && size + chars > limits.maxBatchChars) break;
      if (entry.kind !== 'gap' && entry.text === undefined) isText = false;
      size += chars;
      parts.push(entry);
      line.shift();
      if (entry.kind === 'event') delivered += 1;
      last = next.number;
    }
    if (line.waiting === 0) last = number;
    posted = last;
    unread.push(last);
    const isAsking = (asked === null && unread.length * 2 >= limits.window) || isAwaited(last);
    if (isAsking) asked = last;
    const numbers = isAsking ? ({ last, wantsAck: true } as const) : { last };
    deps.post(
      isText
        ? { kind: 'batch', ...numbers, text: textOfBatch(parts) }
        : { kind: 'values', ...numbers, entries: parts.map(entryOf) },
    );
  }

  /** Somebody waits for this batch, and no later one is on its way that says the same. */
  function isAwaited(last: number): boolean {
    return waiters.some((waiter) => waiter.number <= last && (asked === null || asked < waiter.number));
  }

  function settleWaiters(last: number): void {
    if (waiters.length === 0) return;
    const due = waiters.filter((waiter) => waiter.number <= last);
    waiters = waiters.filter((waiter) => waiter.number > last);
    for (const { resolve } of due) resolve();
  }

  return {
    get lastNumber() {
      return number;
    },
    takePlace() {
      scheduleFlush();
      return number;
    },
    get waiting() {
      return line.waiting;
    },
    get waitingChars() {
      return line.chars;
    },
    get unacknowledged() {
      return asked === null ? 0 : unread.length;
    },
    get delivered() {
      return delivered;
    },
    get dropped() {
      return line.dropped;
    },
    get conflated() {
      return line.conflated;
    },
    get lastAckAtMs() {
      return lastAckAtMs;
    },
    push(entry, conflateKey) {
      if (!line.push(entry, number + 1, conflateKey)) return false;
      number += 1;
      scheduleFlush(entry.kind === 'event' || entry.kind === 'log');
      if (scheduled === 'no') deps.onChange?.();
      return true;
    },
    acknowledge(last, atMs) {
      let open = unread[0];
      if (open === undefined || last < open) return;
      lastAckAtMs = atMs;
      while (open !== undefined && open <= last) {
        unread.shift();
        open = unread[0];
      }
      if (asked !== null && asked <= last) asked = null;
      settleWaiters(last);
      scheduleFlush();
      deps.onChange?.();
    },
    dispatched() {
      const unreadTo = unread.at(-1);
      if (parked || (posted === number && unreadTo === undefined)) return Promise.resolve();
      // Posted without having asked: an empty batch asks.
      if (posted === number && asked !== unreadTo) number += 1;
      return new Promise((resolve) => {
        waiters.push({ number, resolve });
        scheduleFlush();
      });
    },
    setParked(value) {
      parked = value;
      if (value) settleWaiters(Infinity);
      line.keepNewestOnly(value);
      scheduleFlush();
    },
    wipe(hub) {
      line.wipe(hub);
      scheduleFlush();
    },
    takeGaps() {
      const taken = line.takeGaps();
      scheduleFlush();
      return taken;
    },
  };
}

/** Of all outboxes of this worker. */
const textOfBatch = createBatchTexts(queueMicrotask);
