/** One tab as the worker sees it: who it is, what waits for it, and how it is asked. */
import type { Remote, ProxyMarked } from 'comlink';
import type { WireError } from '../../src/contract/errors.js';
import type { AckFrame, WorkerFrame } from '../../src/contract/frames.js';
import type {
  Hello,
  HubQuestion,
  HubWish,
  Parking,
  Reply,
  RetryContextData,
  TabApi,
  Visibility,
} from '../../src/contract/rpc.js';
import type { ScheduleFlush } from '../delivery/flush-turn.js';
import { createOutbox, type Encoded, type Outbox, type OutboxLimits } from '../delivery/outbox.js';
import { encodeHub } from '../delivery/encode.js';

export interface Tab {
  readonly id: string;
  /** Counts up in the order of joining, for people: `tab 1`, `tab 2`. */
  readonly ordinal: number;
  /** Known to the page and to the worker only. */
  readonly key: string;
  readonly joinedAtMs: number;
  /** The lock that this tab holds while it lives. */
  readonly lock: string;
  readonly outbox: Outbox;
  visibility: Visibility;
  /** Why nothing is posted to it; `null`: it is awake. */
  readonly parking: Parking | null;
  readonly parked: boolean;
  /** Aborted when the tab has gone. Whoever waits for the tab stops waiting. */
  readonly gone: AbortSignal;
  /**
   * Aborted when the page has stopped running, cached or frozen, or has gone: no answer will come of it. Another one after it is back.
   * A tab that parked itself because it is hidden still runs.
   */
  readonly away: AbortSignal;
  /** Resolves when the page runs, so that it can be answered: at once, mostly. Also when it has gone, for then it is all the same. */
  back(): Promise<void>;
  /** `null`: the tab is back, and what waited is posted. */
  setParking(how: Parking | null): void;
  /** The gaps that wait, by the hub's URL, with how many events each stands for: taken out of the line, for the tab is told by a call. */
  takeMissed(): ReadonlyMap<string, number>;
  /** The tab has come to a hub, or wants it opened anew: what follows in its outbox is of that wish. */
  attached(hub: number, wish: Pick<HubWish, 'hub' | 'attachment' | 'opening'>): void;
  /** The user of a hub has signed out, or another one has come: the tab is not attached any more. */
  fence(hubUrl: string, fence: Fenced): void;
  /** Why the tab is not attached to the hub any more, until it has come anew. */
  fenceOf(hubUrl: string): Fenced | undefined;
  /** The fences of hubs to which it has not come anew, by the hub's URL. */
  readonly fences: ReadonlyMap<string, Fenced>;
  /** One that went up while it was taken for gone: it learns of it when it wants the hub again as whom it showed. */
  learnFence(hubUrl: string, fence: Fenced): void;
  /** The fences of which the tab, which was parked, has not been told by a call, by the hub's URL. They are given once. */
  takeFences(): ReadonlyMap<string, WireError>;
  /**
   * Puts an entry into the outbox; the hub is named before its first entry.
   *
   * @param conflateKey - Over the bound, and while the tab is parked, a newer entry of the same key takes the place of this one.
   * @returns `false`: an item of a stream for which there is no room; its stream must end here.
   */
  deliver(entry: Encoded, hubUrl: string, conflateKey?: string): boolean;
  /** Says at once that a call is about to be handed to the hub. */
  accept(callId: string): void;
  /** Asks a tab that parked itself because it is hidden to come back: it is needed. */
  wake(): void;
  fetchAccessToken(hub: string): Promise<Reply<string>>;
  takeQuestion(question: HubQuestion): Promise<Reply<boolean>>;
  nextRetryDelay(hub: string, context: RetryContextData): Promise<Reply<number | null>>;
  /** Ends everything that this object holds. */
  end(): void;
}

export interface Fenced {
  readonly error: WireError;
  /** The tab's last attachment that has ended with it. */
  readonly attachment: number;
}

export function createTab(
  hello: Hello,
  remote: Remote<TabApi & ProxyMarked>,
  deps: {
    readonly ordinal: number;
    readonly limits: OutboxLimits;
    readonly now: () => number;
    /** What waits for it, or is on its way to it, has changed. */
    readonly onChange: () => void;
    readonly onBadFrame: () => void;
    readonly scheduleFlush: ScheduleFlush;
    /** An event of that hub was dropped. */
    readonly onDropped?: (hubUrl: string) => void;
    /** Of the same page when it was with this worker before: it may not have been told. */
    readonly fences?: ReadonlyMap<string, Fenced> | undefined;
  },
): Tab {
  const port = hello.events;
  const gone = new AbortController();
  /** Hubs by their number. */
  const named = new Map<number, string>();
  const fences = new Map<string, Fenced>(deps.fences);
  const untoldFences = new Map<string, WireError>();
  /** Fences before which something was posted that the page has not dispatched yet. */
  const undispatchedFences = new Map<string, Fenced>();
  let parking: Parking | null = null;
  let away = new AbortController();
  /** Those who wait until the page runs again. */
  let untilBack: (() => void)[] = [];
  /** Calls that came in the moment in which the page stopped running. */
  let acceptedMeanwhile: string[] = [];
  const outbox = createOutbox({
    limits: deps.limits,
    post: (frame) => port.postMessage(frame),
    schedule: deps.scheduleFlush,
    onChange: deps.onChange,
    onDropped: (hub) => deps.onDropped?.(named.get(hub) ?? ''),
  });
  port.onmessage = (event: MessageEvent<unknown>) => {
    if (!isAck(event.data)) {
      deps.onBadFrame();
      return;
    }
    outbox.acknowledge(event.data.last, deps.now());
  };

  function post(frame: WorkerFrame): void {
    port.postMessage(frame);
  }

  function accept(callId: string): void {
    if (away.signal.aborted) acceptedMeanwhile.push(callId);
    else post({ kind: 'accepted', callId });
  }

  function letGo(): void {
    const waiting = untilBack;
    untilBack = [];
    for (const resolve of waiting) resolve();
  }

  return {
    id: hello.tabId,
    ordinal: deps.ordinal,
    key: hello.tabKey,
    joinedAtMs: deps.now(),
    lock: hello.tabLock,
    outbox,
    visibility: hello.visibility,
    get parking() {
      return parking;
    },
    get parked() {
      return parking !== null;
    },
    gone: gone.signal,
    get away() {
      return away.signal;
    },
    back: () =>
      away.signal.aborted && !gone.signal.aborted
        ? new Promise((resolve) => untilBack.push(resolve))
        : Promise.resolve(),
    setParking(how) {
      if (gone.signal.aborted) return;
      parking = how;
      if (how !== null) for (const [hubUrl, { error }] of undispatchedFences) untoldFences.set(hubUrl, error);
      if (how === 'cached' || how === 'frozen') {
        away.abort();
      } else if (away.signal.aborted) {
        away = new AbortController();
        const calls = acceptedMeanwhile;
        acceptedMeanwhile = [];
        for (const callId of calls) accept(callId);
        letGo();
      }
      outbox.setParked(how !== null);
    },
    takeMissed() {
      const missed = new Map<string, number>();
      for (const [number, dropped] of outbox.takeGaps()) {
        const url = named.get(number);
        // One URL may have had two numbers: the hub was closed and opened anew.
        if (url !== undefined) missed.set(url, (missed.get(url) ?? 0) + dropped);
      }
      return missed;
    },
    attached(hub, { hub: hubUrl, attachment, opening }) {
      fences.delete(hubUrl);
      undispatchedFences.delete(hubUrl);
      named.set(hub, hubUrl);
      outbox.push(encodeHub(hub, hubUrl, attachment, opening));
    },
    fence(hubUrl, fence) {
      fences.set(hubUrl, fence);
      if (parking !== null) {
        untoldFences.set(hubUrl, fence.error);
        return;
      }
      // A page that is frozen in this moment would dispatch it when it is back.
      undispatchedFences.set(hubUrl, fence);
      void outbox.dispatched().then(() => {
        if (undispatchedFences.get(hubUrl) === fence) undispatchedFences.delete(hubUrl);
      });
    },
    fences,
    learnFence: (hubUrl, fence) => void fences.set(hubUrl, fence),
    fenceOf: (hubUrl) => fences.get(hubUrl),
    takeFences() {
      const taken = new Map(untoldFences);
      untoldFences.clear();
      return taken;
    },
    deliver(entry, hubUrl, conflateKey) {
      if (!named.has(entry.hub)) {
        named.set(entry.hub, hubUrl);
        outbox.push(encodeHub(entry.hub, hubUrl, 0, 0));
      }
      return outbox.push(entry, conflateKey);
    },
    accept,
    wake: () => post({ kind: 'wake' }),
    fetchAccessToken: (hub) => remote.fetchAccessToken(hub),
    takeQuestion: (question) => remote.takeQuestion(question),
    nextRetryDelay: (hub, context) => remote.nextRetryDelay(hub, context),
    end() {
      gone.abort();
      away.abort();
      letGo();
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
