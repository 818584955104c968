/** One hub that tabs share: its link, the tabs that want it, its primary tab, and what they are told. */
import { HubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type { HubStatus } from '../../src/contract/frames.js';
import type {
  CallOutcome,
  HandlersResult,
  HubCall,
  HubSettings,
  HubWish,
  UploadPiece,
} from '../../src/contract/rpc.js';
import type { HubCounters } from '../../src/contract/report.js';
import type { Clock } from '../clock.js';
import { encodeLog, encoderFor, encodeStatus, type Format } from '../delivery/encode.js';
import type { Encoded } from '../delivery/outbox.js';
import { createSubscriptions } from '../delivery/subscriptions.js';
import type { Journal } from '../observe/journal.js';
import type { Tab } from '../tabs/tab.js';
import { createCallRuns } from './call-runs.js';
import { createCalls } from './calls.js';
import type { State } from './connection-machine.js';
import type { HubLink, HubLinkDeps } from './hub-link.js';
import { createMembership } from './membership.js';
import { createQuestions } from './questions.js';
import { stateNote } from './state-note.js';
import { projectStatus } from './status.js';
import { createStreams } from './streams.js';
import { createUploads } from './uploads.js';

export interface SharedHubDeps {
  readonly url: string;
  /** By which entries name this hub. */
  readonly number: number;
  /** What the tab that opened the hub asked for. */
  readonly settings: HubSettings;
  readonly format: Format;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Milliseconds that the connection outlives its last tab, when that tab has gone without saying `stop`. */
  readonly lingerMs: number;
  /** Milliseconds that a tab may take to say whether it answers a question of the hub. */
  readonly questionTakeMs: number;
  readonly createLink: (events: Pick<HubLinkDeps, 'onState' | 'onEvent' | 'onQuestion'>) => HubLink;
  /** Every hub that the worker holds open now. */
  readonly activeHubs: () => readonly string[];
  /** This hub went live or stopped being live, so `activeHubs` differs for all. */
  readonly onActiveChange: () => void;
  readonly onState: (state: State) => void;
  /** The last tab has let the hub go and its connection is closed: the next one may be another user's. */
  readonly onUnused: () => void;
  /** Anything that the state panel shows. */
  readonly onChange: () => void;
}

export interface SharedHub {
  readonly url: string;
  /** The settings in force: they hold until the worker has closed the hub. */
  readonly settings: HubSettings;
  readonly status: HubStatus;
  readonly counters: HubCounters;
  readonly connectedAtMs: number | null;
  readonly link: HubLink;
  readonly tabIds: readonly string[];
  readonly primaryTabId: string | null;
  /** Some tab has an `accessTokenFactory`, though it may be parked now. */
  readonly hasTokenFactory: boolean;
  /** Some tab reads SignalR's log. */
  readonly wantsLog: boolean;
  /** Tabs that can be asked for a token, the primary first. */
  tokenTabs(): Tab[];
  /** Tabs whose retry policy can be asked, the primary first. */
  retryPolicyTabs(): Tab[];
  attach(tab: Tab, wish: HubWish): void;
  /** The tab said that it no longer wants the hub. */
  detach(tab: Tab): Promise<void>;
  /** The tab has gone. */
  removeGone(tab: Tab): void;
  subscribe(tab: Tab, method: string): void;
  unsubscribe(tab: Tab, method: string): void;
  invoke(tab: Tab, call: HubCall): Promise<CallOutcome>;
  send(tab: Tab, call: HubCall): Promise<CallOutcome>;
  stream(tab: Tab, call: HubCall): Promise<CallOutcome>;
  /** A stream that has ended is no error. */
  cancelStream(tab: Tab, callId: string): void;
  /** @throws {HubshareError} `message-invalid` The call has no such stream, or the stream has ended. */
  upload(tab: Tab, piece: UploadPiece): void;
  /** An answer to a question of another hub, or one that comes too late, is ignored. */
  answer(tab: Tab, questionId: string, result: HandlersResult): void;
  /** Gives a line of SignalR's log, redacted, to the tabs that want it; `level` is SignalR's `LogLevel`. */
  log(level: number, text: string): void;
  /** A tab was shown, hidden, parked or is back. */
  tabChanged(): void;
  makePrimary(tab: Tab): void;
  /** Tells every member the present status. */
  publish(): void;
  /** Closes at once and lets every tab go. */
  signOut(error: WireError): Promise<void>;
}

export function createSharedHub(deps: SharedHubDeps): SharedHub {
  const { url, number, clock, journal } = deps;
  const members = createMembership(journal);
  const subscriptions = createSubscriptions();
  const encoder = encoderFor(deps.format);
  const counters = { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0 };
  let lastConnectedMs = 0;
  let closedBy: WireError | null = null;
  let cancelLinger: (() => void) | null = null;

  const questions = createQuestions({
    url,
    hub: number,
    clock,
    journal,
    takeMs: deps.questionTakeMs,
    tabs: (method) => members.ranked(({ tab }) => subscriptions.has(tab, method)),
  });
  const link = deps.createLink({
    onState,
    onEvent,
    onQuestion: (method, args) => questions.ask(method.toLowerCase(), args),
  });
  const uploads = createUploads();
  const runs = createCallRuns({ link, uploads, counters, onChange: deps.onChange });
  const calls = createCalls({ link, runs });
  const streams = createStreams({ link, runs, encoder, hub: number, url });

  function onState(state: State, before: State): void {
    if (state.kind === 'starting') counters.starts += 1;
    if (state.kind === 'live') {
      counters.connected += 1;
      lastConnectedMs = state.sinceMs;
    }
    if (before.kind === 'live') {
      counters.lost += state.kind === 'idle' ? 0 : 1;
      questions.end();
      uploads.clear();
    }
    const note = stateNote(state, link.transport, clock.now());
    journal.note('hub', note.text, note.code);
    deps.onState(state);
    publish();
    if ((state.kind === 'live') !== (before.kind === 'live')) deps.onActiveChange();
  }

  function onEvent(method: string, args: unknown[]): void {
    counters.events += 1;
    const name = method.toLowerCase();
    let encoded: Encoded | null = null;
    for (const tab of subscriptions.of(name)) {
      encoded ??= encoder.event(number, name, args);
      tab.deliver(encoded, url);
    }
    deps.onChange();
  }

  function currentStatus(): HubStatus {
    return projectStatus({
      state: link.state,
      transport: link.transport,
      closedBy,
      lastConnectedMs,
      activeHubs: deps.activeHubs(),
      primaryTabId: members.primaryId,
      tabIds: members.ids,
    });
  }

  function publish(): void {
    if (members.size > 0) {
      const encoded = encodeStatus(number, currentStatus());
      for (const tab of members.tabs()) tab.deliver(encoded, url);
    }
    deps.onChange();
  }

  function forget(tab: Tab): boolean {
    if (!members.remove(tab)) return false;
    dropWork(tab);
    for (const method of subscriptions.removeTab(tab)) link.unlisten(method);
    // After the subscriptions: the tab itself must not be asked again.
    questions.drop(tab);
    // What still waits is of no use to a tab that has let the hub go, and would be stale if it came back.
    tab.outbox.wipe(number);
    members.elect();
    publish();
    return true;
  }

  /** What the hub still does for the tab ends there too. */
  function dropWork(tab: Tab): void {
    streams.drop(tab);
    uploads.drop(tab);
  }

  async function closeUnused(): Promise<void> {
    await link.close();
    // A tab may have come and gone while the link was closing: then it is that tab's linger that ends the hub.
    if (members.size === 0 && link.state.kind === 'idle') deps.onUnused();
  }

  function subscribe(tab: Tab, method: string): void {
    const name = method.toLowerCase();
    if (subscriptions.add(tab, name)) link.listen(name);
  }

  return {
    url,
    link,
    counters,
    settings: deps.settings,
    get status() {
      return currentStatus();
    },
    get connectedAtMs() {
      return link.state.kind === 'live' ? link.state.sinceMs : null;
    },
    get tabIds() {
      return members.ids;
    },
    get primaryTabId() {
      return members.primaryId;
    },
    get hasTokenFactory() {
      return members.some((member) => member.hasTokenFactory);
    },
    get wantsLog() {
      return members.logReaders.length > 0;
    },
    tokenTabs: () => members.ranked((member) => member.hasTokenFactory),
    retryPolicyTabs: () => members.ranked((member) => member.hasRetryPolicy),
    attach(tab, wish) {
      cancelLinger?.();
      cancelLinger = null;
      closedBy = null;
      members.put(tab, wish);
      for (const method of subscriptions.removeTab(tab)) link.unlisten(method);
      for (const method of wish.methods) subscribe(tab, method);
      members.elect();
      // Opened first: what the tab is told then is the attempt that it has caused, not what was before.
      if (wish.opens) {
        if (link.state.kind === 'waiting') link.retryNow();
        else link.open();
      }
      publish();
    },
    async detach(tab) {
      if (forget(tab) && members.size === 0) await closeUnused();
    },
    removeGone(tab) {
      if (!forget(tab) || members.size > 0 || cancelLinger !== null) return;
      cancelLinger = clock.setTimeout(() => {
        cancelLinger = null;
        void closeUnused();
      }, deps.lingerMs);
    },
    subscribe,
    unsubscribe(tab, method) {
      const name = method.toLowerCase();
      if (subscriptions.remove(tab, name)) link.unlisten(name);
    },
    invoke: (tab, call) => calls.invoke(tab, call),
    send: (tab, call) => calls.send(tab, call),
    stream: (tab, call) => streams.stream(tab, call),
    cancelStream: (tab, callId) => streams.cancel(tab, callId),
    upload(tab, piece) {
      if (uploads.feed(tab, piece)) return;
      // So that the tab lets go of its source.
      throw new HubshareError(wireError('not-connected', 'The call that sent this stream is over.', {}));
    },
    answer: (tab, questionId, result) => questions.answer(tab, questionId, result),
    log(level, text) {
      if (members.logReaders.length === 0) return;
      const encoded = encodeLog(number, level, text);
      for (const tab of members.logReaders) tab.deliver(encoded, url);
    },
    tabChanged() {
      if (members.elect()) publish();
    },
    makePrimary(tab) {
      if (members.has(tab) && members.elect(tab.id)) publish();
    },
    publish,
    async signOut(error) {
      cancelLinger?.();
      cancelLinger = null;
      closedBy = error;
      const leaving = [...members.tabs()];
      for (const tab of leaving) {
        dropWork(tab);
        // What still waits belongs to the old user: it is wiped, and the goodbye is what each tab is told instead.
        tab.outbox.wipe(number);
      }
      const closed = link.close();
      // One turn, so that every hub that signs out with this one is closed: the goodbye tells what is true of all of them.
      await Promise.resolve();
      publish();
      for (const tab of leaving) {
        members.remove(tab);
        for (const method of subscriptions.removeTab(tab)) link.unlisten(method);
      }
      members.elect();
      await closed;
      if (members.size === 0) deps.onUnused();
    },
  };
}

export function signedOutError(): WireError {
  return wireError(
    'signed-out',
    'Signed out: the hub connection is closed for all tabs. Call start() after the next sign-in.',
    {},
  );
}
