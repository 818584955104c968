/** One tab as the worker sees it: who it is, what waits for it, and how it is asked. */
import type { Remote, ProxyMarked } from 'comlink';
import type { AckFrame, WorkerFrame } from '../../src/contract/frames.js';
import type { Hello, HubQuestion, Reply, RetryContextData, TabApi, Visibility } from '../../src/contract/rpc.js';
import { createOutbox, type Encoded, type Outbox, type OutboxLimits } from '../delivery/outbox.js';
import { encodeHub } from '../delivery/encode.js';

export interface Tab {
  readonly id: string;
  /** Counts up in the order of joining, for people: `tab 1`, `tab 2`. */
  readonly ordinal: number;
  readonly joinedAtMs: number;
  /** The lock that this tab holds while it lives. */
  readonly lock: string;
  readonly outbox: Outbox;
  visibility: Visibility;
  parked: boolean;
  /** Aborted when the tab has gone. Whoever waits for the tab stops waiting. */
  readonly gone: AbortSignal;
  /**
   * Puts an entry into the outbox; the hub is named before its first entry.
   *
   * @returns `false`: an item of a stream for which there is no room; its stream must end here.
   */
  deliver(entry: Encoded, hubUrl: string): boolean;
  /** Says at once that a call is about to be handed to the hub. */
  accept(callId: string): void;
  fetchAccessToken(hub: string): Promise<Reply<string>>;
  takeQuestion(question: HubQuestion): Promise<Reply<boolean>>;
  nextRetryDelay(hub: string, context: RetryContextData): Promise<Reply<number | null>>;
  /** Ends everything that this object holds. */
  end(): void;
}

export function createTab(
  hello: Hello,
  remote: Remote<TabApi & ProxyMarked>,
  deps: {
    readonly ordinal: number;
    readonly limits: OutboxLimits;
    readonly now: () => number;
    readonly onAck: () => void;
    readonly onBadFrame: () => void;
  },
): Tab {
  const port = hello.events;
  const gone = new AbortController();
  const named = new Set<number>();
  const outbox = createOutbox({
    limits: deps.limits,
    post: (frame) => port.postMessage(frame),
    schedule: (flush) => queueMicrotask(flush),
  });
  port.onmessage = (event: MessageEvent<unknown>) => {
    if (!isAck(event.data)) {
      deps.onBadFrame();
      return;
    }
    outbox.acknowledge(event.data.last, deps.now());
    deps.onAck();
  };
  return {
    id: hello.tabId,
    ordinal: deps.ordinal,
    joinedAtMs: deps.now(),
    lock: hello.tabLock,
    outbox,
    visibility: hello.visibility,
    parked: false,
    gone: gone.signal,
    deliver(entry, hubUrl) {
      if (!named.has(entry.hub)) {
        named.add(entry.hub);
        outbox.push(encodeHub(entry.hub, hubUrl));
      }
      return outbox.push(entry);
    },
    accept(callId) {
      const frame: WorkerFrame = { kind: 'accepted', callId };
      port.postMessage(frame);
    },
    fetchAccessToken: (hub) => remote.fetchAccessToken(hub),
    takeQuestion: (question) => remote.takeQuestion(question),
    nextRetryDelay: (hub, context) => remote.nextRetryDelay(hub, context),
    end() {
      gone.abort();
      outbox.setParked(true);
      outbox.wipe();
      port.onmessage = null;
      port.close();
    },
  };
}

function isAck(data: unknown): data is AckFrame {
  if (typeof data !== 'object' || data === null) return false;
  const { kind, last } = data as Partial<AckFrame>;
  return kind === 'ack' && typeof last === 'number' && Number.isInteger(last);
}
