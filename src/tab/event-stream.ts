/** Reads the batches of the worker in order, gives each entry to its hub, and acknowledges: the acknowledgement is the worker's credit. */
import type { WireError } from '../contract/errors.js';
import { EntryKind, type AckFrame, type Entry, type HubStatus, type WorkerFrame } from '../contract/frames.js';
import type { TopicMatch } from '../contract/topics.js';

/** What one hub of this tab is told. */
export interface EntrySink {
  /** What follows comes after the worker has taken that wish to have the hub opened. */
  onOpening(opening: number): void;
  /** @param topics - The members of topics that the event belongs to. */
  onEvent(method: string, args: unknown[], topics?: readonly TopicMatch[]): void;
  /** The newest value of a member of a topic that this tab has joined. @param atMs - When it came to the worker. */
  onRetained(topic: string, key: string, args: unknown[], atMs: number): void;
  /** The hub lets this client join the member of the topic no more. */
  onRefused(topic: string, key: string, error: WireError): void;
  onStatus(status: HubStatus): void;
  onGap(dropped: number): void;
  /** An item of a stream that this tab called for. */
  onItem(callId: string, item: unknown): void;
  /** Such a stream has ended; `null`: it is complete. */
  onStreamEnd(callId: string, error: WireError | null): void;
  /** A line of SignalR's log, with its `LogLevel`. */
  onLog(level: number, text: string): void;
}

type BatchFrame = Extract<WorkerFrame, { readonly kind: 'batch' | 'values' }>;

export interface EventStream {
  /**
   * Resolves when every entry up to `number` was dispatched, with `true`; `undefined` if that is so already. While entries are held,
   * it is not so before `release`. `false`: the worker has died before, and what it had sent is not to be seen.
   */
  reached(number: number): Promise<boolean> | undefined;
  /** Entries that arrive from now on wait for `release`. */
  hold(): void;
  release(): void;
  /**
   * The worker is dead. Of what comes late only its word about accepted calls still counts, for `forMs`. What was held back is for
   * nobody: the page was parked, and only the worker knew whether its user is still the one who is signed in.
   */
  drain(onAccepted: (callId: string) => void, forMs: number): void;
  close(): void;
}

export interface EventReader {
  /** @param attachment - Of the entry: what is of an attachment that has ended is for nobody. */
  sinkOf(hub: string, attachment: number): EntrySink | undefined;
  onAccepted(callId: string): void;
  /** This tab, which has parked itself, is needed. */
  onWake(): void;
}

export function readEvents(port: MessagePort, { sinkOf, onAccepted, onWake }: EventReader): EventStream {
  const hubs = new Map<number, { readonly url: string; readonly attachment: number }>();
  let dispatched = 0;
  let waiting: { readonly number: number; readonly resolve: (reached: boolean) => void }[] = [];
  let held: BatchFrame[] | null = null;

  port.onmessage = (event: MessageEvent<WorkerFrame>) => {
    const frame = event.data;
    if (frame.kind === 'accepted') onAccepted(frame.callId);
    else if (frame.kind === 'wake') onWake();
    else if (held !== null) held.push(frame);
    else read(frame);
  };

  function read(frame: BatchFrame): void {
    try {
      const entries = frame.kind === 'batch' ? (JSON.parse(frame.text) as Entry[]) : frame.entries;
      for (const entry of entries) dispatch(typeof entry === 'string' ? (JSON.parse(entry) as Entry) : entry);
    } finally {
      dispatched = frame.last;
      if (frame.wantsAck === true) {
        const ack: AckFrame = { kind: 'ack', last: frame.last };
        port.postMessage(ack);
      }
      if (waiting.length > 0) settleWaiting(true);
    }
  }

  function dispatch(entry: Entry): void {
    switch (entry[0]) {
      case EntryKind.hub:
        hubs.set(entry[1], { url: entry[2], attachment: entry[3] });
        sink(entry[1])?.onOpening(entry[4]);
        return;
      case EntryKind.event:
        sink(entry[1])?.onEvent(entry[2], entry[3], entry[4]);
        return;
      case EntryKind.status:
        sink(entry[1])?.onStatus(entry[2]);
        return;
      case EntryKind.gap:
        sink(entry[1])?.onGap(entry[2]);
        return;
      case EntryKind.item:
        sink(entry[1])?.onItem(entry[2], entry[3]);
        return;
      case EntryKind.log:
        sink(entry[1])?.onLog(entry[2], entry[3]);
        return;
      case EntryKind.end:
        sink(entry[1])?.onStreamEnd(entry[2], entry[3]);
        return;
      case EntryKind.retained:
        sink(entry[1])?.onRetained(entry[2], entry[3], entry[4], entry[5]);
        return;
      case EntryKind.refused:
        sink(entry[1])?.onRefused(entry[2], entry[3], entry[4]);
    }
  }

  function sink(hub: number): EntrySink | undefined {
    const named = hubs.get(hub);
    return named === undefined ? undefined : sinkOf(named.url, named.attachment);
  }

  function release(): void {
    const frames = held ?? [];
    held = null;
    frames.forEach(read);
    settleWaiting(true);
  }

  /** @param isReached - `false`: their turn can no longer come. */
  function settleWaiting(isReached: boolean, upTo = dispatched): void {
    const due = waiting.filter(({ number }) => number <= upTo);
    waiting = waiting.filter(({ number }) => number > upTo);
    for (const { resolve } of due) resolve(isReached);
  }

  return {
    reached(number) {
      if (held === null && number <= dispatched) return undefined;
      return new Promise((resolve) => waiting.push({ number, resolve }));
    },
    hold() {
      held ??= [];
    },
    release,
    drain(onLate, forMs) {
      // An outcome that is known is given, though its events can no longer come.
      settleWaiting(held === null, Infinity);
      held = null;
      port.onmessage = (event: MessageEvent<WorkerFrame>) => {
        if (event.data.kind === 'accepted') onLate(event.data.callId);
      };
      setTimeout(() => {
        port.onmessage = null;
        port.close();
      }, forMs);
    },
    close() {
      held = null;
      port.onmessage = null;
      port.close();
      settleWaiting(true, Infinity);
    },
  };
}
