/** A tab without a page: real MessageChannels and Comlink in front of a coordinator, or a `Tab` object in front of one part. */
import { proxy, transfer, wrap, type ProxyMarked, type Remote } from 'comlink';
import type { WireError } from '../../src/contract/errors.js';
import type { AckFrame, Entry, HubStatus, WorkerFrame } from '../../src/contract/frames.js';
import { EntryKind } from '../../src/contract/frames.js';
import type { TopicMatch } from '../../src/contract/topics.js';
import {
  CONTRACT_VERSION,
  type Attached,
  type CoordinatorApi,
  type HandlersResult,
  type Hello,
  type HubCall,
  type HubQuestion,
  type HubWish,
  type Parking,
  type Reply,
  type RetryContextData,
  type TabApi,
  type Visibility,
  type Welcome,
} from '../../src/contract/rpc.js';
import type { Coordinator } from '../coordinator.js';
import { DEFAULT_OUTBOX_LIMITS, type OutboxLimits } from '../delivery/outbox.js';
import { createTab, type Tab } from '../tabs/tab.js';
import type { FakeLockClient, FakeLocks } from './fake-locks.js';
import { wishFor } from './plain-wish.js';
import { until } from './settle.js';

export { PLAIN_SETTINGS, wishFor } from './plain-wish.js';

/** Entries with the hub's URL in place of its number, in the order of arrival. */
export type Told =
  | {
      readonly kind: 'event';
      readonly hub: string;
      readonly method: string;
      readonly args: unknown[];
      /** Absent when the entry names none. */
      readonly topics?: readonly TopicMatch[];
    }
  | { readonly kind: 'status'; readonly hub: string; readonly status: HubStatus }
  | { readonly kind: 'gap'; readonly hub: string; readonly dropped: number }
  | { readonly kind: 'end'; readonly hub: string; readonly callId: string; readonly error: WireError | null }
  | { readonly kind: 'item'; readonly hub: string; readonly callId: string; readonly item: unknown }
  | { readonly kind: 'log'; readonly hub: string; readonly level: number; readonly text: string }
  | {
      readonly kind: 'retained';
      readonly hub: string;
      readonly topic: string;
      readonly key: string;
      readonly args: unknown[];
      readonly atMs: number;
    }
  | {
      readonly kind: 'refused';
      readonly hub: string;
      readonly topic: string;
      readonly key: string;
      readonly error: WireError;
    };

type Take = (question: HubQuestion) => Reply<boolean> | Promise<Reply<boolean>>;
type NextDelay = (hub: string, context: RetryContextData) => Reply<number | null> | Promise<Reply<number | null>>;

/** Reads batches as the tab side does, and keeps what they said. */
class Reader {
  readonly frames: WorkerFrame[] = [];
  readonly told: Told[] = [];
  readonly #urls = new Map<number, string>();

  read(frame: WorkerFrame): void {
    this.frames.push(frame);
    if (frame.kind === 'accepted' || frame.kind === 'wake') return;
    for (const part of frame.kind === 'batch' ? (JSON.parse(frame.text) as Entry[]) : frame.entries) {
      const entry = typeof part === 'string' ? (JSON.parse(part) as Entry) : part;
      const hub = entry[0] === EntryKind.hub ? entry[2] : this.#urls.get(entry[1]);
      if (hub === undefined)
        throw new Error(`Entry of hub ${entry[1]}, which was never named: ${JSON.stringify(entry)}`);
      if (entry[0] === EntryKind.hub) this.#urls.set(entry[1], hub);
      else this.told.push(toldOf(entry, hub));
    }
  }

  /** How often the worker asked for this tab to come back. */
  get wakes(): number {
    return this.frames.filter(({ kind }) => kind === 'wake').length;
  }

  get accepted(): string[] {
    return this.frames.flatMap((frame) => (frame.kind === 'accepted' ? [frame.callId] : []));
  }

  get batches(): { readonly last: number; readonly text: string }[] {
    return this.frames.flatMap((frame) => (frame.kind === 'batch' ? [frame] : []));
  }

  /** The items of one stream, in the order of arrival. */
  items(callId: string): unknown[] {
    return this.told.flatMap((told) => (told.kind === 'item' && told.callId === callId ? [told.item] : []));
  }

  logs(): string[] {
    return this.told.flatMap((told) => (told.kind === 'log' ? [`${told.level} ${told.text}`] : []));
  }

  /** Values of topics that came from the worker's memory. */
  retained(): { readonly topic: string; readonly key: string; readonly args: unknown[]; readonly atMs: number }[] {
    return this.told.flatMap((told) => (told.kind === 'retained' ? [told] : []));
  }

  refusals(): { readonly topic: string; readonly key: string; readonly error: WireError }[] {
    return this.told.flatMap((told) => (told.kind === 'refused' ? [told] : []));
  }

  events(hub?: string): unknown[][] {
    return this.told.flatMap((item) =>
      item.kind === 'event' && (hub === undefined || item.hub === hub) ? [item.args] : [],
    );
  }

  statuses(hub?: string): HubStatus[] {
    return this.told.flatMap((item) =>
      item.kind === 'status' && (hub === undefined || item.hub === hub) ? [item.status] : [],
    );
  }
}

function toldOf(entry: Exclude<Entry, readonly [0, ...unknown[]]>, hub: string): Told {
  switch (entry[0]) {
    case EntryKind.event: {
      const [, , method, args, topics] = entry;
      return { kind: 'event', hub, method, args, ...(topics === undefined ? {} : { topics }) };
    }
    case EntryKind.status:
      return { kind: 'status', hub, status: entry[2] };
    case EntryKind.gap:
      return { kind: 'gap', hub, dropped: entry[2] };
    case EntryKind.item:
      return { kind: 'item', hub, callId: entry[2], item: entry[3] };
    case EntryKind.log:
      return { kind: 'log', hub, level: entry[2], text: entry[3] };
    case EntryKind.end:
      return { kind: 'end', hub, callId: entry[2], error: entry[3] };
    case EntryKind.retained:
      return { kind: 'retained', hub, topic: entry[2], key: entry[3], args: entry[4], atMs: entry[5] };
    case EntryKind.refused:
      return { kind: 'refused', hub, topic: entry[2], key: entry[3], error: entry[4] };
  }
}

/** A tab in front of a whole coordinator. */
export class FakeTab extends Reader {
  readonly tabId: string;
  readonly tabLock: string;
  readonly locks: FakeLockClient;
  /** Acknowledges each batch as it arrives; a tab that is too busy to read does not. */
  acknowledges = true;
  /** What it answers when it is asked for a token. */
  token: (hub: string) => Reply<string> | Promise<Reply<string>> = () => ({ ok: true, value: 'a-token-of-the-tab' });
  /** The hubs for which it was asked. */
  readonly asked: string[] = [];
  /** What it says when the hub wants a result: by default it has no handler. */
  take: Take = () => ({ ok: true, value: false });
  readonly questions: HubQuestion[] = [];
  /** What its app's retry policy says. */
  nextDelay: NextDelay = () => ({ ok: true, value: 0 });
  readonly retryContexts: RetryContextData[] = [];
  readonly control: MessagePort;
  readonly api: Remote<CoordinatorApi>;
  welcome: Welcome | null = null;
  readonly #events = new MessageChannel();
  readonly #ports: MessagePort[];

  constructor(coordinator: Coordinator, locks: FakeLocks, tabId: string, tabLock = `hubshare:tab:${tabId}`) {
    super();
    this.tabId = tabId;
    this.tabLock = tabLock;
    this.locks = locks.client(tabId);
    const worker = new MessageChannel();
    const control = new MessageChannel();
    coordinator.connect(worker.port1);
    worker.port2.postMessage({ hubshare: CONTRACT_VERSION, control: control.port2 }, [control.port2]);
    this.control = control.port1;
    this.api = wrap<CoordinatorApi>(control.port1);
    this.#events.port1.onmessage = (event: MessageEvent<WorkerFrame>) => {
      this.read(event.data);
      if (this.acknowledges && 'last' in event.data && event.data.wantsAck) this.acknowledge(event.data.last);
    };
    this.#ports = [worker.port1, worker.port2, control.port1, this.#events.port1];
  }

  /** Takes its lock, then joins: the order of the real one. */
  async join(hello: Partial<Hello> = {}): Promise<Reply<Welcome>> {
    await new Promise<void>((held) => {
      void this.locks.request(this.tabLock, () => {
        held();
        return new Promise(() => undefined);
      });
    });
    const message: Hello = {
      contractVersion: CONTRACT_VERSION,
      tabId: this.tabId,
      tabKey: `key of ${this.tabId}`,
      tabLock: this.tabLock,
      visibility: 'visible',
      events: this.#events.port2,
      ...hello,
    };
    const tab: TabApi = {
      fetchAccessToken: async (hub) => {
        this.asked.push(hub);
        return this.token(hub);
      },
      takeQuestion: async (question) => {
        this.questions.push(question);
        return this.take(question);
      },
      nextRetryDelay: async (hub, context) => {
        this.retryContexts.push(context);
        return this.nextDelay(hub, context);
      },
    };
    const reply = await this.api.join(transfer(message, [this.#events.port2]), proxy(tab));
    if (reply.ok) this.welcome = reply.value;
    return reply;
  }

  attach(hub: string, more: Partial<HubWish> = {}): Promise<Reply<Attached>> {
    return this.api.attach(wishFor(hub, more));
  }

  call(hub: string, method: string, ...args: unknown[]): HubCall {
    return { hub, callId: crypto.randomUUID(), method, args, uploads: 0 };
  }

  answer(questionId: string, result: HandlersResult): Promise<Reply<void>> {
    return this.api.answer(questionId, result);
  }

  /** Says that it is parked. Resolves with the answer: if the page is cached or frozen, that comes only when it is back. */
  park(how: Parking = 'frozen'): Promise<Reply<void>> {
    return this.api.park(how);
  }

  acknowledge(last: number): void {
    const ack: AckFrame = { kind: 'ack', last };
    this.#events.port1.postMessage(ack);
  }

  /** Anything at all on the port for events. */
  postOnEvents(data: unknown): void {
    this.#events.port1.postMessage(data);
  }

  /** Anything at all on the control port. Resolves with the answer that carries the same id, or the next one without. */
  postRaw(data: unknown, id?: string): Promise<unknown> {
    return new Promise((resolve) => {
      const onMessage = (event: MessageEvent<{ id?: string }>): void => {
        if (event.data.id !== id) return;
        this.control.removeEventListener('message', onMessage);
        resolve(event.data);
      };
      this.control.addEventListener('message', onMessage);
      this.control.postMessage(data);
    });
  }

  /** Resolves with the newest status of the hub, once it is in this phase. */
  reaches(hub: string, phase: HubStatus['phase']): Promise<HubStatus> {
    return until(() => {
      const status = this.statuses(hub).at(-1);
      return status?.phase === phase && status;
    }, `${this.tabId} sees ${hub} ${phase}`);
  }

  /** Gone without a word. */
  die(): void {
    this.locks.die();
    this.closePorts();
  }

  closePorts(): void {
    for (const port of this.#ports) port.close();
  }
}

/** A `Tab` for parts that are tested without a port: what would be posted is read at once. */
export class PartTab extends Reader {
  readonly tab: Tab;
  /** Acknowledges each batch as it is posted. */
  acknowledges = true;
  changes = 0;
  badFrames = 0;
  readonly asked: string[] = [];
  token: (hub: string) => Promise<Reply<string>> = () => Promise.resolve({ ok: true, value: 'a-token-of-the-tab' });
  /** What it says when the hub wants a result: by default it has no handler. */
  take: Take = () => ({ ok: true, value: false });
  readonly questions: HubQuestion[] = [];
  /** What its app's retry policy says. */
  nextDelay: NextDelay = () => ({ ok: true, value: 0 });
  readonly retryContexts: RetryContextData[] = [];
  isPortClosed = false;
  readonly #port: {
    onmessage: ((event: { data: unknown }) => void) | null;
    postMessage: (frame: WorkerFrame) => void;
    close: () => void;
  };

  constructor(
    id: string,
    options: { ordinal?: number; visibility?: Visibility; now?: () => number; limits?: Partial<OutboxLimits> } = {},
  ) {
    super();
    this.#port = {
      onmessage: null,
      postMessage: (frame) => {
        this.read(frame);
        if ('last' in frame && frame.wantsAck && this.acknowledges) this.post({ kind: 'ack', last: frame.last });
      },
      close: () => {
        this.isPortClosed = true;
      },
    };
    const hello: Hello = {
      contractVersion: CONTRACT_VERSION,
      tabId: id,
      tabKey: `key of ${id}`,
      tabLock: `hubshare:tab:${id}`,
      visibility: options.visibility ?? 'visible',
      // The part of a port that `createTab` uses.
      events: this.#port as unknown as MessagePort,
    };
    const remote: TabApi = {
      fetchAccessToken: (hub: string) => {
        this.asked.push(hub);
        return this.token(hub);
      },
      takeQuestion: async (question) => {
        this.questions.push(question);
        return this.take(question);
      },
      nextRetryDelay: async (hub, context) => {
        this.retryContexts.push(context);
        return this.nextDelay(hub, context);
      },
    };
    this.tab = createTab(hello, remote as unknown as Remote<TabApi & ProxyMarked>, {
      ordinal: options.ordinal ?? 1,
      limits: { ...DEFAULT_OUTBOX_LIMITS, ...options.limits },
      now: options.now ?? (() => 0),
      onChange: () => (this.changes += 1),
      onBadFrame: () => (this.badFrames += 1),
      scheduleFlush: queueMicrotask,
    });
  }

  /** As if the page had posted it. */
  post(data: unknown): void {
    this.#port.onmessage?.({ data });
  }

  get isListening(): boolean {
    return this.#port.onmessage !== null;
  }
}
