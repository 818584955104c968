/** One hub that tabs share: its link, the tabs that want it, its primary tab, and what they are told. */
import { wireError, type WireError } from '../../src/contract/errors.js';
import type { HubStatus } from '../../src/contract/frames.js';
import type { CallOutcome, HubCall, HubWish } from '../../src/contract/rpc.js';
import type { HubCounters } from '../../src/contract/report.js';
import type { Clock } from '../clock.js';
import { encodeEvent, encodeStatus } from '../delivery/encode.js';
import { createSubscriptions } from '../delivery/subscriptions.js';
import type { Journal } from '../observe/journal.js';
import { electPrimary, rankCandidates, type Candidate } from '../tabs/primary-election.js';
import type { Tab } from '../tabs/tab.js';
import { createCalls } from './calls.js';
import type { State } from './connection-machine.js';
import type { HubLink, HubLinkDeps } from './hub-link.js';
import { projectStatus } from './status.js';

/** A tab that wants this hub. */
export interface Member {
  readonly tab: Tab;
  readonly hasTokenFactory: boolean;
}

export interface SharedHubDeps {
  readonly url: string;
  /** By which entries name this hub. */
  readonly number: number;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Milliseconds that the connection outlives its last tab, when that tab has gone without saying `stop`. */
  readonly lingerMs: number;
  readonly createLink: (events: Pick<HubLinkDeps, 'onState' | 'onEvent'>) => HubLink;
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
  readonly status: HubStatus;
  readonly counters: HubCounters;
  readonly connectedAtMs: number | null;
  readonly link: HubLink;
  readonly tabIds: readonly string[];
  readonly primaryTabId: string | null;
  /** Some tab has an `accessTokenFactory`, though it may be parked now. */
  readonly hasTokenFactory: boolean;
  /** Tabs that can be asked for a token, the primary first. */
  tokenTabs(): Tab[];
  attach(tab: Tab, wish: HubWish): void;
  /** The tab said that it no longer wants the hub. */
  detach(tab: Tab): Promise<void>;
  /** The tab has gone. */
  removeGone(tab: Tab): void;
  subscribe(tab: Tab, method: string): void;
  unsubscribe(tab: Tab, method: string): void;
  invoke(tab: Tab, call: HubCall): Promise<CallOutcome>;
  send(tab: Tab, call: HubCall): Promise<CallOutcome>;
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
  const members = new Map<string, Member>();
  const subscriptions = createSubscriptions();
  const counters = { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0 };
  let primary: string | null = null;
  let lastConnectedMs = 0;
  let closedBy: WireError | null = null;
  let cancelLinger: (() => void) | null = null;

  const link = deps.createLink({ onState, onEvent });
  const calls = createCalls({ link, counters, onChange: deps.onChange });

  function onState(state: State, before: State): void {
    if (state.kind === 'starting') counters.starts += 1;
    if (state.kind === 'live') {
      counters.connected += 1;
      lastConnectedMs = state.sinceMs;
    }
    if (before.kind === 'live') counters.lost += state.kind === 'idle' ? 0 : 1;
    noteState(state);
    deps.onState(state);
    publish();
    if ((state.kind === 'live') !== (before.kind === 'live')) deps.onActiveChange();
  }

  function noteState(state: State): void {
    switch (state.kind) {
      case 'idle':
        return journal.note('hub', 'hub closed');
      case 'starting':
        return journal.note('hub', state.attempt === 0 ? 'hub connecting' : `hub connecting, attempt ${state.attempt}`);
      case 'live':
        return journal.note('hub', `hub connected, ${link.transport ?? 'transport unknown'}`);
      case 'waiting':
        return journal.note(
          'hub',
          `hub not connected, next attempt in ${Math.max(0, state.retryAtMs - clock.now())} ms: ${state.error.message}`,
          state.error.code,
        );
      case 'resting':
        return journal.note(
          'hub',
          `hub not connected, no more attempts: ${state.error?.message ?? 'closed by the hub'}`,
          state.error?.code,
        );
    }
  }

  function onEvent(method: string, args: unknown[]): void {
    counters.events += 1;
    const name = method.toLowerCase();
    let encoded: ReturnType<typeof encodeEvent> | null = null;
    for (const tab of subscriptions.of(name)) {
      encoded ??= encodeEvent(number, name, args);
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
      primaryTabId: primary,
      tabIds: [...members.keys()],
    });
  }

  function publish(): void {
    if (members.size > 0) {
      const encoded = encodeStatus(number, currentStatus());
      for (const { tab } of members.values()) tab.deliver(encoded, url);
    }
    deps.onChange();
  }

  function candidates(): Candidate[] {
    return [...members.values()].map(({ tab }) => ({
      id: tab.id,
      parked: tab.parked,
      visible: tab.visibility === 'visible',
    }));
  }

  function elect(prefer: string | null = primary): void {
    const elected = electPrimary(candidates(), prefer);
    if (elected === primary) return;
    primary = elected;
    const tab = elected === null ? undefined : members.get(elected)?.tab;
    if (tab !== undefined) journal.note('tab', `tab ${tab.ordinal} is primary`);
  }

  function forget(tab: Tab): boolean {
    if (members.get(tab.id)?.tab !== tab) return false;
    members.delete(tab.id);
    for (const method of subscriptions.removeTab(tab)) link.unlisten(method);
    // What still waits is of no use to a tab that has let the hub go, and would be stale if it came back.
    tab.outbox.wipe(number);
    elect();
    publish();
    return true;
  }

  async function closeUnused(): Promise<void> {
    await link.close();
    if (members.size === 0) deps.onUnused();
  }

  function subscribe(tab: Tab, method: string): void {
    const name = method.toLowerCase();
    if (subscriptions.add(tab, name)) link.listen(name);
  }

  return {
    url,
    link,
    counters,
    get status() {
      return currentStatus();
    },
    get connectedAtMs() {
      return link.state.kind === 'live' ? link.state.sinceMs : null;
    },
    get tabIds() {
      return [...members.keys()];
    },
    get primaryTabId() {
      return primary;
    },
    get hasTokenFactory() {
      return [...members.values()].some((member) => member.hasTokenFactory);
    },
    tokenTabs: () =>
      rankCandidates(candidates(), primary).flatMap((id) => {
        const member = members.get(id);
        return member?.hasTokenFactory === true ? [member.tab] : [];
      }),
    attach(tab, wish) {
      cancelLinger?.();
      cancelLinger = null;
      closedBy = null;
      members.set(tab.id, { tab, hasTokenFactory: wish.hasTokenFactory });
      for (const method of subscriptions.removeTab(tab)) link.unlisten(method);
      for (const method of wish.methods) subscribe(tab, method);
      elect();
      // Opened first: what the tab is told then is the attempt that it has caused, not what was before.
      if (link.state.kind === 'waiting') link.retryNow();
      else link.open();
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
    tabChanged() {
      const before = primary;
      elect();
      if (primary !== before) publish();
    },
    makePrimary(tab) {
      if (!members.has(tab.id)) return;
      const before = primary;
      elect(tab.id);
      if (primary !== before) publish();
    },
    publish,
    async signOut(error) {
      cancelLinger?.();
      cancelLinger = null;
      closedBy = error;
      const leaving = [...members.values()].map(({ tab }) => tab);
      // What still waits belongs to the old user: it is wiped, and the goodbye is what each tab is told instead.
      for (const tab of leaving) tab.outbox.wipe(number);
      const closed = link.close();
      publish();
      for (const tab of leaving) {
        members.delete(tab.id);
        for (const method of subscriptions.removeTab(tab)) link.unlisten(method);
      }
      primary = null;
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
