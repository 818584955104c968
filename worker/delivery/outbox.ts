/** The entries that wait for one tab, and the credit that lets them go. Bounded: a tab that does not read costs one window and one outbox. */
import type { WorkerFrame } from '../../src/contract/frames.js';
import { EntryKind } from '../../src/contract/frames.js';

export interface OutboxLimits {
  /** Batches that may be posted and not yet acknowledged. */
  readonly window: number;
  readonly maxBatchEntries: number;
  /** Characters of text in a batch. */
  readonly maxBatchChars: number;
  readonly maxQueuedEntries: number;
  /** Characters of text that may wait. */
  readonly maxQueuedChars: number;
}

export const DEFAULT_OUTBOX_LIMITS: OutboxLimits = {
  window: 4,
  maxBatchEntries: 512,
  maxBatchChars: 256 * 1024,
  maxQueuedEntries: 10_000,
  maxQueuedChars: 8 * 1024 * 1024,
};

/** A piece of JSON that is the same for every tab that gets it, so it is encoded once. */
export interface Encoded {
  readonly kind: 'hub' | 'event' | 'status';
  readonly hub: number;
  readonly text: string;
}

type Queued = Encoded & { readonly number: number };
interface Gap {
  readonly kind: 'gap';
  readonly hub: number;
  readonly number: number;
  readonly dropped: number;
}

export interface Outbox {
  /** Number of the newest entry, delivered or not; a call's outcome that is known now belongs after it. Every number is reached. */
  readonly lastNumber: number;
  readonly waiting: number;
  readonly waitingChars: number;
  readonly unacknowledged: number;
  readonly delivered: number;
  readonly dropped: number;
  readonly lastAckAtMs: number | null;
  push(entry: Encoded): void;
  acknowledge(last: number, atMs: number): void;
  /** While parked nothing is posted. */
  setParked(parked: boolean): void;
  /** Forgets the events and statuses of one hub, or of all, that wait: none of them is ever delivered. */
  wipe(hub?: number): void;
}

export function createOutbox(deps: {
  readonly limits: OutboxLimits;
  readonly post: (frame: WorkerFrame) => void;
  /** Runs the flush at the end of the present task. */
  readonly schedule: (flush: () => void) => void;
}): Outbox {
  const { limits } = deps;
  let queue: Queued[] = [];
  let head = 0;
  /** What stands before the queue after something was dropped: gaps, and what may not be dropped. */
  let kept: (Queued | Gap)[] = [];
  let chars = 0;
  let number = 0;
  let posted = 0;
  const unacknowledged: number[] = [];
  let delivered = 0;
  let dropped = 0;
  let lastAckAtMs: number | null = null;
  let parked = false;
  let scheduled = false;

  const waiting = (): number => kept.length + queue.length - head;

  /** Numbers that were wiped are still to be passed, by an empty batch if need be: a call may wait for them. */
  const hasWork = (): boolean => waiting() > 0 || posted < number;

  function scheduleFlush(): void {
    if (scheduled || parked || !hasWork() || unacknowledged.length >= limits.window) return;
    scheduled = true;
    deps.schedule(() => {
      scheduled = false;
      while (!parked && hasWork() && unacknowledged.length < limits.window) postBatch();
    });
  }

  function postBatch(): void {
    const texts: string[] = [];
    let size = 0;
    let last = 0;
    let next: Queued | Gap | undefined;
    while (texts.length < limits.maxBatchEntries && (next = kept[0] ?? queue[head]) !== undefined) {
      const text = next.kind === 'gap' ? JSON.stringify([EntryKind.gap, next.hub, next.dropped]) : next.text;
      if (texts.length > 0 && size + text.length > limits.maxBatchChars) break;
      if (kept.length > 0) kept.shift();
      else head += 1;
      if (next.kind !== 'gap') chars -= text.length;
      if (next.kind === 'event') delivered += 1;
      size += text.length;
      last = next.number;
      texts.push(text);
    }
    compact();
    if (waiting() === 0) last = number;
    posted = last;
    unacknowledged.push(last);
    deps.post({ kind: 'batch', last, text: `[${texts.join(',')}]` });
  }

  /** Frees the part of the array that has been read, in steps, so that a push stays cheap. */
  function compact(): void {
    if (head === queue.length) {
      queue = [];
      head = 0;
    } else if (head > 1024 && head * 2 > queue.length) {
      queue = queue.slice(head);
      head = 0;
    }
  }

  function makeRoom(): void {
    while (
      (queue.length - head > limits.maxQueuedEntries || chars > limits.maxQueuedChars) &&
      queue.length - head > 1
    ) {
      const oldest = queue[head] as Queued;
      head += 1;
      if (oldest.kind === 'event') {
        chars -= oldest.text.length;
        dropped += 1;
        widenGap(oldest);
      } else {
        keep(oldest);
      }
    }
    compact();
  }

  /** One gap a hub, in the place of its newest event: a tab that never reads must not gather gaps either. */
  function widenGap({ hub, number: place }: Queued): void {
    const at = kept.findIndex((entry) => entry.kind === 'gap' && entry.hub === hub);
    const before = at < 0 ? undefined : (kept.splice(at, 1)[0] as Gap);
    kept.push({ kind: 'gap', hub, number: place, dropped: (before?.dropped ?? 0) + 1 });
  }

  /** A status that would be followed by a newer one before any event is of no use to anybody: only the newest per hub is kept. */
  function keep(entry: Queued): void {
    if (entry.kind === 'status') {
      const older = kept.findIndex((other) => other.kind === 'status' && other.hub === entry.hub);
      if (older >= 0) {
        chars -= (kept[older] as Queued).text.length;
        kept.splice(older, 1);
      }
    }
    kept.push(entry);
  }

  return {
    get lastNumber() {
      return number;
    },
    get waiting() {
      return waiting();
    },
    get waitingChars() {
      return chars;
    },
    get unacknowledged() {
      return unacknowledged.length;
    },
    get delivered() {
      return delivered;
    },
    get dropped() {
      return dropped;
    },
    get lastAckAtMs() {
      return lastAckAtMs;
    },
    push(entry) {
      number += 1;
      queue.push({ ...entry, number });
      chars += entry.text.length;
      makeRoom();
      scheduleFlush();
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
      // The hub's name stays: later entries need it, and it belongs to nobody.
      const stays = (entry: Queued | Gap): boolean => entry.kind === 'hub' || (hub !== undefined && entry.hub !== hub);
      kept = kept.filter(stays);
      queue = queue.slice(head).filter(stays);
      head = 0;
      chars = [...kept, ...queue].reduce((sum, entry) => sum + (entry.kind === 'gap' ? 0 : entry.text.length), 0);
      scheduleFlush();
    },
  };
}
