/** One hub that tabs share: its link, the tabs that want it, its primary tab, and what they are told. */
import { HubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type {
  CallOutcome,
  HandlersResult,
  HubCall,
  HubSettings,
  HubWish,
  SettingDifference,
  UploadPiece,
} from '../../src/contract/rpc.js';
import type { HubCounters } from '../../src/contract/report.js';
import { CLAIM_CONFIRM_MS, CLAIM_WAIT_MS } from '../../src/contract/timing.js';
import type { Clock } from '../clock.js';
import { createAudience, type Audience } from '../delivery/audience.js';
import { encoderFor, type Format } from '../delivery/encode.js';
import { createTopicDeclarations, type Topic } from '../delivery/topic-declarations.js';
import type { Journal } from '../observe/journal.js';
import { MAX_TABS } from '../limits.js';
import type { Fenced, Tab } from '../tabs/tab.js';
import { createAnnouncements, type Announcements } from './announcements.js';
import { createCallRuns } from './call-runs.js';
import { createCalls } from './calls.js';
import { createClaims, type Claims } from './claims.js';
import type { State } from './connection-machine.js';
import type { HubLink, HubLinkDeps } from './hub-link.js';
import { createMembership } from './membership.js';
import { createQuestions } from './questions.js';
import { settingDifferences, topicDifferences } from './setting-differences.js';
import { stateNote } from './state-note.js';
import { createStreams } from './streams.js';
import { createUploads } from './uploads.js';

export interface SharedHubDeps {
  readonly url: string;
  /** By which entries name this hub. */
  readonly number: number;
  /** What the tab that opened the hub asked for. */
  readonly settings: HubSettings;
  readonly format: Format;
  /** Those that the app's worker has declared for this hub. */
  readonly topics: readonly Topic[];
  /** Milliseconds that a member of a topic stays joined after the last tab has let it go. */
  readonly topicLingerMs: number;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Grown on, where the worker has counted for this hub before. */
  readonly counters?: { -readonly [K in keyof HubCounters]: HubCounters[K] };
  /** Milliseconds that the connection outlives its last tab, when that tab has gone without saying `stop`. */
  readonly lingerMs: number;
  /** Milliseconds that a tab may take to say whether it answers a question of the hub. */
  readonly questionTakeMs: number;
  readonly createLink: (events: Pick<HubLinkDeps, 'onState' | 'onEvent' | 'onQuestion' | 'onResumed'>) => HubLink;
  /** Every hub that the worker holds open now. */
  readonly activeHubs: () => readonly string[];
  /** This hub went live or stopped being live, so `activeHubs` differs for all. */
  readonly onActiveChange: () => void;
  readonly onState: (state: State) => void;
  /** The last tab has let the hub go and its connection is closed: the next one may be another user's. */
  readonly onUnused: () => void;
  /** Anything that the state panel shows. */
  readonly onChange: () => void;
  /** A fence has gone up, and this page, known by its key, was a member before it was taken for gone: it may only have seemed so. */
  readonly onFencedGone?: (tabKey: string, fence: Fenced) => void;
}

export interface SharedHub
  extends
    Pick<Audience, 'subscribe' | 'unsubscribe' | 'joinTopic' | 'leaveTopic' | 'topics'>,
    Pick<Announcements, 'status' | 'publish' | 'log'> {
  readonly url: string;
  /** The settings in force: they hold until the worker has closed the hub. */
  readonly settings: HubSettings;
  readonly counters: HubCounters;
  readonly connectedAtMs: number | null;
  readonly link: HubLink;
  readonly claims: Pick<Claims, 'claim' | 'confirm'>;
  readonly tabIds: readonly string[];
  readonly primaryTabId: string | null;
  /** Some tab has an `accessTokenFactory`, or had one: the hub is not used without a token because that tab is parked or has gone. */
  readonly wantsToken: boolean;
  /** Some tab reads SignalR's log. */
  readonly wantsLog: boolean;
  /** Tabs that can be asked for a token, the primary first. */
  tokenTabs(): Tab[];
  /** Tabs whose retry policy can be asked, the primary first. */
  retryPolicyTabs(): Tab[];
  attach(tab: Tab, wish: HubWish): void;
  /** What a tab that has attached asked for and does not get. */
  differences(wish: HubWish): SettingDifference[];
  /** The tab said that it no longer wants the hub. */
  detach(tab: Tab): Promise<void>;
  /** The tab has gone. */
  removeGone(tab: Tab): void;
  invoke(tab: Tab, call: HubCall): Promise<CallOutcome>;
  send(tab: Tab, call: HubCall): Promise<CallOutcome>;
  stream(tab: Tab, call: HubCall): Promise<CallOutcome>;
  /** A stream that has ended is no error. */
  cancelStream(tab: Tab, callId: string): void;
  /** @throws {HubshareError} `message-invalid` The call has no such stream, or the stream has ended. */
  upload(tab: Tab, piece: UploadPiece): void;
  /** An answer to a question of another hub, or one that comes too late, is ignored. */
  answer(tab: Tab, questionId: string, result: HandlersResult): void;
  /** A tab was shown, hidden, parked or is back. */
  tabChanged(): void;
  makePrimary(tab: Tab): void;
  /** In the order of joining. */
  tabs(): readonly Tab[];
  /** The tabs that have said which user they show, with that user. */
  identities(): { readonly tab: Tab; readonly identity: string }[];
  /**
   * Closes at once and lets every tab go, for the user of this hub has signed out or another one has come: calls, streams, claims
   * and joins of topics end with `why`, and of all that has come or still comes from the old connection nobody is told any more.
   */
  fence(why: WireError): FencedHub;
  /** Why its fence is up; `null`: it is not. */
  readonly fencedBy: WireError | null;
  /** The same for one tab, which shows a user who is not the one of this hub. */
  expel(tab: Tab, why: WireError): void;
}

/** A hub whose fence is up: no tab is a member any more. */
export interface FencedHub {
  /** Those that were. */
  readonly tabs: readonly Tab[];
  /** Tells them why; later than the fences of other hubs that go with this one, so that it tells what is true of all of them. */
  sayGoodbye(): void;
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
}

export function createSharedHub(deps: SharedHubDeps): SharedHub {
  const { url, number, clock, journal } = deps;
  const members = createMembership(journal);
  const declarations = createTopicDeclarations(deps.topics);
  const encoder = encoderFor(deps.format);
  const { counters = { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0 } } = deps;
  let cancelLinger: (() => void) | null = null;
  let wantsToken = false;
  let fencedBy: WireError | null = null;
  /** The last attachment of each page that was taken for gone, by its key; oldest first. */
  const gone = new Map<string, number>();

  const questions = createQuestions({
    url,
    hub: number,
    clock,
    journal,
    takeMs: deps.questionTakeMs,
    tabs: (method) => members.askable(({ tab }) => audience.hears(tab, method)),
    attachmentOf: (tab) => members.of(tab)?.attachment ?? 0,
  });
  const link = deps.createLink({
    onState,
    onEvent,
    onQuestion: (method, args) => questions.ask(method.toLowerCase(), args),
    onResumed: (lastedMs) => announcements.resumed(lastedMs),
  });
  const announcements = createAnnouncements({ ...deps, hub: number, link, members });
  const { publish } = announcements;
  const audience = createAudience({ ...deps, hub: number, link, encoder, declarations });
  const claims = createClaims({
    clock,
    waitMs: CLAIM_WAIT_MS,
    confirmMs: CLAIM_CONFIRM_MS,
    rank: () => members.ranked(() => true),
  });
  const uploads = createUploads();
  const runs = createCallRuns({ link, uploads, counters, onChange: deps.onChange });
  const calls = createCalls({ link, runs });
  const streams = createStreams({ link, runs, encoder, hub: number, url });

  function onState(state: State, before: State): void {
    if (state.kind === 'starting') counters.starts += 1;
    if (state.kind === 'live') {
      counters.connected += 1;
      audience.connected(state.run);
    }
    if (before.kind === 'live') {
      counters.lost += state.kind === 'idle' ? 0 : 1;
      questions.end();
      uploads.clear();
      audience.lost();
    }
    announcements.follow(state, before);
    const note = stateNote(state, link.transport, clock.now());
    journal.note('hub', note.text, note.code);
    deps.onState(state);
    publish();
    if ((state.kind === 'live') !== (before.kind === 'live')) deps.onActiveChange();
  }

  function onEvent(method: string, args: unknown[]): void {
    counters.events += 1;
    audience.event(method, args);
    deps.onChange();
  }

  function forget(tab: Tab): boolean {
    if (!members.remove(tab)) return false;
    dropWork(tab);
    audience.drop(tab);
    // After the subscriptions: the tab itself must not be asked again.
    questions.drop(tab);
    // What still waits is of no use to a tab that has let the hub go, and would be stale if it came back.
    tab.outbox.wipe(number);
    members.elect();
    claims.drop(tab);
    publish();
    return true;
  }

  /** What the hub still does for the tab ends there too. */
  function dropWork(tab: Tab, why?: WireError): void {
    streams.drop(tab, why);
    uploads.drop(tab);
  }

  /** Takes a tab out of the hub at once. What waits for it is wiped; its goodbye is all that it is still told. */
  function letGo(tab: Tab, why: WireError): void {
    const member = members.of(tab);
    if (member === undefined) return;
    members.remove(tab);
    dropWork(tab, why);
    runs.endAll(why, tab);
    audience.drop(tab);
    questions.drop(tab);
    tab.outbox.wipe(number);
    tab.fence(url, { error: why, attachment: member.attachment });
  }

  async function closeUnused(): Promise<void> {
    audience.clearTopics(stoppedError());
    await link.close();
    // A tab may have come and gone while the link was closing: then it is that tab's linger that ends the hub.
    if (members.size === 0 && link.state.kind === 'idle') deps.onUnused();
  }

  return {
    url,
    link,
    claims,
    counters,
    settings: deps.settings,
    get status() {
      return announcements.status;
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
    get wantsToken() {
      return wantsToken;
    },
    get wantsLog() {
      return members.logReaders.length > 0;
    },
    tokenTabs: () => members.askable((member) => member.hasTokenFactory),
    retryPolicyTabs: () => members.askable((member) => member.hasRetryPolicy),
    attach(tab, wish) {
      cancelLinger?.();
      cancelLinger = null;
      if (wish.opens || members.of(tab)?.attachment !== wish.attachment) tab.attached(number, wish);
      members.put(tab, wish);
      gone.delete(tab.key);
      wantsToken ||= wish.hasTokenFactory;
      audience.resubscribe(tab, wish.methods);
      declarations.declare(wish.topics);
      claims.learn(wish.settledClaims);
      members.elect();
      claims.review();
      // Opened first: what the tab is told then is the attempt that it has caused, not what was before.
      if (wish.opens) {
        if (link.state.kind === 'waiting') link.retryNow();
        else link.open();
      }
      publish();
    },
    differences: (wish) => [
      ...settingDifferences(deps.settings, wish.settings),
      ...topicDifferences((name) => declarations.find(name), wish.topics),
    ],
    async detach(tab) {
      if (forget(tab) && members.size === 0) await closeUnused();
    },
    removeGone(tab) {
      const member = members.of(tab);
      if (member !== undefined) gone.set(tab.key, member.attachment);
      const [oldest] = gone.keys();
      if (gone.size > MAX_TABS && oldest !== undefined) gone.delete(oldest);
      if (!forget(tab) || members.size > 0 || cancelLinger !== null) return;
      cancelLinger = clock.setTimeout(() => {
        cancelLinger = null;
        void closeUnused();
      }, deps.lingerMs);
    },
    subscribe: audience.subscribe,
    unsubscribe: audience.unsubscribe,
    joinTopic: audience.joinTopic,
    leaveTopic: audience.leaveTopic,
    topics: audience.topics,
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
    log: announcements.log,
    tabChanged() {
      if (members.elect()) publish();
      claims.review();
    },
    makePrimary(tab) {
      if (members.of(tab) !== undefined && members.elect(tab.id)) publish();
    },
    publish,
    tabs: () => [...members.tabs()],
    identities: () => [...members.all()].flatMap(({ tab, identity }) => (identity === null ? [] : [{ tab, identity }])),
    get fencedBy() {
      return fencedBy;
    },
    fence(why) {
      fencedBy = why;
      cancelLinger?.();
      cancelLinger = null;
      const tabs = [...members.tabs()];
      claims.clear(why);
      audience.clearTopics(why);
      for (const tab of tabs) letGo(tab, why);
      for (const [tabKey, attachment] of gone) deps.onFencedGone?.(tabKey, { error: why, attachment });
      // Also those of tabs that have let the hub go.
      runs.endAll(why);
      members.elect();
      return { tabs, sayGoodbye: () => announcements.goodbye(tabs, why), closed: link.close() };
    },
    expel(tab, why) {
      if (members.of(tab) === undefined) return;
      letGo(tab, why);
      members.elect();
      claims.drop(tab, why);
      announcements.goodbye([tab], why);
      publish();
      if (members.size === 0) void closeUnused();
    },
  };
}

function stoppedError(): WireError {
  return wireError('stopped', 'The hub was let go by its last tab. Call start() again.', {});
}
