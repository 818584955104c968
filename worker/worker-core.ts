/** Joins the parts behind the ports: tabs, hubs, tokens, journal. Owns no logic of its own. */
import { createAuthorizedFetch } from './auth/authorized-fetch.js';
import { isSameUser, readIdentity } from './auth/identity.js';
import { createSanitizer } from './auth/sanitizer.js';
import { createTokenBroker } from './auth/token-broker.js';
import type { Clock } from './clock.js';
import { createFlushTurn, type NextTask } from './delivery/flush-turn.js';
import { hubNotAllowed, isAllowedHub } from './hub/allowed-hubs.js';
import { openHub, type OpenHub } from './hub/open-hub.js';
import { createOpenHubs } from './hub/open-hubs.js';
import { createSignedIn } from './hub/signed-in.js';
import type { NewsChannel } from './hub/worker-news.js';
import { createChangeFeed } from './observe/change-feed.js';
import { createJournal, type Journal } from './observe/journal.js';
import { createMonitorRegistry } from './observe/metrics-registry.js';
import { buildReport } from './observe/worker-report.js';
import { resolveOptions, type ServeHubsOptions } from './serve-options.js';
import { holdForLife, type Locks } from './tabs/liveness.js';
import { createTabRegistry } from './tabs/tab-registry.js';
import type { SessionCore } from './tabs/tab-session.js';

export interface WorkerPlatform {
  readonly clock: Clock;
  readonly locks: Locks;
  readonly random: () => number;
  readonly randomId: () => string;
  readonly nextTask: NextTask;
  /** By which the workers of one origin hear of each other. Default: they do not. */
  readonly newsChannel?: NewsChannel | null;
}

export interface WorkerCore {
  /** What the session of each port works with. */
  readonly core: SessionCore;
  readonly journal: Journal;
}

/** @throws {HubshareError} `option-invalid` */
export function createWorkerCore(given: ServeHubsOptions, platform: WorkerPlatform): WorkerCore {
  const { clock, locks, random } = platform;
  const options = resolveOptions(given);
  const bootId = platform.randomId();
  const workerLock = `hubshare:worker:${bootId}`;
  const startedAtMs = clock.now();
  const sanitizer = createSanitizer();
  const feed = createChangeFeed();
  const journal = createJournal({
    now: () => clock.now(),
    redact: (text) => sanitizer.redact(text),
    maxEntries: options.journalEntries,
    onChange: () => feed.changed(),
  });
  const monitors = createMonitorRegistry({
    bootId,
    now: () => clock.now(),
    journal,
    sharesTokens: options.accessToken !== null,
    onChange: () => feed.changed(),
  });
  const hubs = createOpenHubs(clock);
  let hubNumbers = 0;
  const sharedBroker =
    options.accessToken === null
      ? null
      : createTokenBroker({
          ...options.refresh,
          source: options.accessToken,
          clock,
          sanitizer,
          random,
          onChange: () => feed.changed(),
          onFetched: monitors.sharedTokens.noteFetch,
        });
  const signedIn = createSignedIn({
    hubs,
    source: options.accessToken,
    broker: sharedBroker,
    claim: options.identityClaim,
    clock,
    journal,
    newsChannel: platform.newsChannel ?? null,
  });
  const { url: tokenUrl } = options.accessToken ?? {};
  const fetches = createAuthorizedFetch({
    rules: {
      origins: options.fetchOrigins,
      closed: () => [
        ...hubs.all().map(({ hub }) => hub.url),
        ...options.topics.keys(),
        ...(tokenUrl === undefined ? [] : [tokenUrl]),
      ],
    },
    limits: options.fetchLimits,
    clock,
    isOtherUser: (one, other) => {
      const [before, after] = [one, other].map(({ token }) => readIdentity(token, options.identityClaim));
      return !!before && !!after && !isSameUser(before, after);
    },
    onRefused: ({ message, code }) => journal.note('token', message, code),
  });

  const tabs = createTabRegistry({
    clock,
    locks,
    limits: options.delivery,
    scheduleFlush: createFlushTurn({ nextTask: platform.nextTask, clock, maxSpacingMs: options.maxSpacingMs }),
    journal,
    onChange: () => feed.changed(),
    hubTabIds: () => hubs.shared().map(({ tabIds }) => tabIds),
    onDropped: (url) => monitors.dropped(url),
    onGone: (tab) => {
      feed.drop(tab);
      monitors.readerIsGone(tab);
      for (const hub of hubs.shared()) hub.removeGone(tab);
    },
  });

  function openFor(wish: Parameters<SessionCore['hubFor']>[0]): OpenHub {
    if (sharedBroker !== null && !isAllowedHub(wish.hub, options)) throw hubNotAllowed(wish.hub, options.fetchOrigins);
    const open: OpenHub = openHub({
      url: wish.hub,
      number: ++hubNumbers,
      settings: wish.settings,
      options,
      clock,
      random,
      sanitizer,
      journal,
      monitor: monitors.open(wish.hub),
      sharedBroker,
      tokenMayGoTo: (url) => isAllowedHub(url, options),
      sharedIdentity: signedIn.sharedIdentity,
      formerUsers: signedIn.formerUsers,
      fence: (why, cause) => signedIn.fenceHub(open, why, cause),
      startAfter: hubs.closing(wish.hub),
      activeHubs: () =>
        hubs
          .shared()
          .filter(({ link }) => link.state.kind === 'live')
          .map(({ url }) => url),
      onActiveChange: () => {
        for (const hub of hubs.shared()) if (hub.url !== wish.hub) hub.publish();
      },
      onUnused: () => {
        // Behind a fence it has ended already.
        if (hubs.get(wish.hub) !== open) return;
        signedIn.hubClosed(open);
        // The next tab decides anew how the hub is to be connected.
        open.dispose();
        hubs.remove(open);
      },
      onChange: () => feed.changed(),
      onFencedGone: (tabKey, fence) => tabs.keepFence(tabKey, wish.hub, fence),
    });
    hubs.put(open);
    return open;
  }

  options.accessToken?.onNote?.((text) => journal.note('token', text));
  journal.note('worker', `worker started, boot ${bootId}`);

  return {
    journal,
    core: {
      bootId,
      workerLock,
      ready: holdForLife(locks, workerLock),
      admit: (hello, remote) => tabs.admit(hello, remote),
      dismiss: (tab) => tabs.dismiss(tab),
      setParking(tab, how) {
        tabs.setParking(tab, how);
        if (how === null) monitors.readerIsBack();
      },
      detached: () => tabs.detached(),
      admitTo: (tab, wish, vouch) => signedIn.admit(tab, wish, vouch),
      signOutsOf: (hub) => signedIn.signOutsOf(hub),
      hubFor(wish) {
        const { hub, identity } = hubs.get(wish.hub) ?? openFor(wish);
        identity.joined(wish.identity);
        return hub;
      },
      knownHub: (url) => hubs.get(url)?.hub,
      hubs: () => hubs.shared(),
      refreshToken: async (hub) => hubs.get(hub.url)?.refreshToken(),
      signOut: (by) => signedIn.signOut(by),
      async nextReport(waiter, sinceVersion, sinceJournal) {
        if (!(await feed.next(sinceVersion, waiter))) return null;
        return buildReport({
          version: feed.version,
          bootId,
          startedAtMs,
          nowMs: clock.now(),
          hubs: hubs.all(),
          tabs: tabs.all(),
          monitors,
          journal,
          sinceJournal,
          redact: (text) => sanitizer.redact(text),
        });
      },
      authorizedFetch: (tab, hub, request) =>
        fetches.send(tab, request, hubs.get(hub.url)?.broker() ?? null, () => hub.tabIds.includes(tab.id)),
      abortFetch: (tab, requestId) => fetches.abort(tab, requestId),
      hubMetrics(url) {
        const hub = hubs.get(url)?.hub;
        const now = { tabs: hub?.tabIds.length ?? 0, transport: hub?.link.transport ?? null };
        return monitors.read(url, now);
      },
      nextAlerts: (tab, url, sinceId) => monitors.nextAlerts(tab, url, sinceId),
      changed: () => feed.changed(),
    },
  };
}
