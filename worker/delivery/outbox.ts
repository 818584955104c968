/** The entries that wait for one tab, and the credit that lets them go. Bounded: a tab that does not read costs one window and one outbox. */
import { EntryKind, type Entry, type WorkerFrame } from '../../src/contract/frames.js';
import { createWaitingLine, type Slot } from './waiting-line.js';

export interface OutboxLimits {
  /** Batches that may be posted and not yet acknowledged. */
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
  window: 4,
  maxBatchEntries: 512,
  maxBatchChars: 256 * 1024,
  maxQueuedEntries: 10_000,
  maxQueuedChars: 8 * 1024 * 1024,
  maxStreamItems: 10_000,
  maxStreamChars: 8 * 1024 * 1024,
};

/** An entry in the form in which it is posted, the same for every tab that gets it, so it is encoded once. */
export type Encoded = {
  readonly kind: 'hub' | 'event' | 'status' | 'item' | 'end' | 'log';
  readonly hub: number;
} & (
  | { readonly text: string }
  /** What JSON cannot hold. `size`: roughly the characters that it would take. */
  | { readonly text?: never; readonly entry: Entry; readonly size: number }
);

export interface Outbox {
  /** Number of the newest entry, delivered or not; a call's outcome that is known now belongs after it. Every number is reached. */
  readonly lastNumber: number;
  readonly waiting: number;
  readonly waitingChars: number;
  readonly unacknowledged: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly lastAckAtMs: number | null;
  /** @returns `false`: an item of a stream for which there is no room. It was not taken, and its stream must end here. */
  push(entry: Encoded): boolean;
  acknowledge(last: number, atMs: number): void;
  /** While parked nothing is posted. */
  setParked(parked: boolean): void;
  /** Forgets all that waits of one hub, or of all hubs, but their names: nothing of it is ever delivered. */
  wipe(hub?: number): void;
}

export function createOutbox(deps: {
  readonly limits: OutboxLimits;
  readonly post: (frame: WorkerFrame) => void;
  /** Runs the flush at the end of the present task. */
  readonly schedule: (flush: () => void) => void;
}): Outbox {
  const { limits } = deps;
  const line = createWaitingLine(limits);
  let number = 0;
  let posted = 0;
  const unacknowledged: number[] = [];
  let delivered = 0;
  let lastAckAtMs: number | null = null;
  let parked = false;
  let scheduled = false;

  /** Numbers that were wiped are still to be passed, by an empty batch if need be: a call may wait for them. */
  const hasWork = (): boolean => line.waiting > 0 || posted < number;

  function scheduleFlush(): void {
    if (scheduled || parked || !hasWork() || unacknowledged.length >= limits.window) return;
    scheduled = true;
    deps.schedule(() => {
      scheduled = false;
      while (!parked && hasWork() && unacknowledged.length < limits.window) postBatch();
    });
  }

  /** A batch is text or values, never both: it ends where the form changes, so that the order holds. */
  function postBatch(): void {
    const texts: string[] = [];
    const values: Entry[] = [];
    let count = 0;
    let size = 0;
    let last = 0;
    let next: Slot | undefined;
    while (count < limits.maxBatchEntries && (next = line.first()) !== undefined) {
      const { entry } = next;
      if (entry.kind === 'gap') {
        // Takes the form of the batch that it falls into.
        const gap = [EntryKind.gap, entry.hub, entry.dropped] as const;
        if (values.length > 0) values.push(gap);
        else texts.push(JSON.stringify(gap));
      } else if (entry.text !== undefined) {
        if (values.length > 0 || (count > 0 && size + entry.text.length > limits.maxBatchChars)) break;
        size += entry.text.length;
        texts.push(entry.text);
      } else {
        if (texts.length > 0 || (count > 0 && size + entry.size > limits.maxBatchChars)) break;
        size += entry.size;
        values.push(entry.entry);
      }
      line.shift();
      if (entry.kind === 'event') delivered += 1;
      count += 1;
      last = next.number;
    }
    if (line.waiting === 0) last = number;
    posted = last;
    unacknowledged.push(last);
    deps.post(
      values.length > 0
        ? { kind: 'values', last, entries: values }
        : { kind: 'batch', last, text: `[${texts.join(',')}]` },
    );
  }

  return {
    get lastNumber() {
      return number;
    },
    get waiting() {
      return line.waiting;
    },
    get waitingChars() {
      return line.chars;
    },
    get unacknowledged() {
      return unacknowledged.length;
    },
    get delivered() {
      return delivered;
    },
    get dropped() {
      return line.dropped;
    },
    get lastAckAtMs() {
      return lastAckAtMs;
    },
    push(entry) {
      if (!line.push(entry, number + 1)) return false;
      number += 1;
      scheduleFlush();
      return true;
    },
    acknowledge(last, atMs) {
      let open = unacknowledged[0];
      if (open === undefined || last < open) return;
      lastAckAtMs = atMs;
      while (open !== undefined && open <= last) {
        unacknowledged.shift();
        open = unacknowledged[0];
      }
      scheduleFlush();
    },
    setParked(value) {
      parked = value;
      scheduleFlush();
    },
    wipe(hub) {
      line.wipe(hub);
      scheduleFlush();
    },
  };
}
