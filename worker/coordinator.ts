/** Joins the parts of the worker: ports, tabs, hubs, tokens, journal. Owns no logic of its own. */
import { expose } from 'comlink';
import { wireError } from '../src/contract/errors.js';
import type { CoordinatorApi } from '../src/contract/rpc.js';
import { createSanitizer } from './auth/sanitizer.js';
import { createTokenBroker } from './auth/token-broker.js';
import type { Clock } from './clock.js';
import { createFlushTurn, type NextTask } from './delivery/flush-turn.js';
import { openHub, type OpenHub } from './hub/open-hub.js';
import { signedOutError, type SharedHub } from './hub/shared-hub.js';
import { createChangeFeed } from './observe/change-feed.js';
import { createJournal } from './observe/journal.js';
import { buildReport } from './observe/worker-report.js';
import { resolveOptions, type ServeHubsOptions } from './serve-options.js';
import { holdForLife, type Locks } from './tabs/liveness.js';
import { guardPort } from './tabs/port-guard.js';
import { createTabRegistry } from './tabs/tab-registry.js';
import { createTabSession, SESSION_METHODS, type SessionCore } from './tabs/tab-session.js';

export interface Coordinator {
  /** A page has constructed the worker; `port` is its `port`. */
  connect(port: MessagePort): void;
}

export interface CoordinatorPlatform {
  readonly clock: Clock;
  readonly locks: Locks;
  readonly random: () => number;
  readonly randomId: () => string;
  readonly nextTask: NextTask;
}

/** @throws {HubshareError} `option-invalid` */
export function createCoordinator(given: ServeHubsOptions, platform: CoordinatorPlatform): Coordinator {
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
  const hubs = new Map<string, OpenHub>();
  let hubNumbers = 0;
  const sharedHubs = (): SharedHub[] => [...hubs.values()].map(({ hub }) => hub);
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
        });

  const tabs = createTabRegistry({
    clock,
    locks,
    limits: options.delivery,
    scheduleFlush: createFlushTurn({ nextTask: platform.nextTask, clock, maxSpacingMs: options.maxSpacingMs }),
    journal,
    onChange: () => feed.changed(),
    hubTabIds: () => sharedHubs().map(({ tabIds }) => tabIds),
    onGone: (tab) => {
      feed.drop(tab);
      for (const hub of sharedHubs()) hub.removeGone(tab);
    },
  });

  const core: SessionCore = {
    bootId,
    workerLock,
    ready: holdForLife(locks, workerLock),
    admit: (hello, remote) => tabs.admit(hello, remote),
    dismiss: (tab) => tabs.dismiss(tab),
    setParking: (tab, how) => tabs.setParking(tab, how),
    detached: () => tabs.detached(),
    hubFor(wish) {
      const known = hubs.get(wish.hub);
      if (known !== undefined) return known.hub;
      const open = openHub({
        url: wish.hub,
        number: ++hubNumbers,
        settings: wish.settings,
        options,
        clock,
        random,
        sanitizer,
        journal,
        sharedBroker,
        activeHubs: () =>
          sharedHubs()
            .filter(({ link }) => link.state.kind === 'live')
            .map(({ url }) => url),
        onActiveChange: () => {
          for (const hub of sharedHubs()) if (hub.url !== wish.hub) hub.publish();
        },
        onUnused: () => {
          // Nobody is left who could say whose token it is.
          if (sharedHubs().every(({ tabIds }) => tabIds.length === 0)) sharedBroker?.clear();
          // The next tab decides anew how the hub is to be connected.
          open.dispose();
          if (hubs.get(wish.hub) === open) hubs.delete(wish.hub);
        },
        onChange: () => feed.changed(),
      });
      hubs.set(wish.hub, open);
      return open.hub;
    },
    knownHub: (url) => hubs.get(url)?.hub,
    hubs: sharedHubs,
    refreshToken: async (hub) => hubs.get(hub.url)?.refreshToken(),
    async signOut() {
      journal.note('worker', 'signed out');
      for (const { forgetToken } of hubs.values()) forgetToken();
      await Promise.all(sharedHubs().map((hub) => hub.signOut(signedOutError())));
    },
    async nextReport(waiter, sinceVersion, sinceJournal) {
      if (!(await feed.next(sinceVersion, waiter))) return null;
      return buildReport({
        version: feed.version,
        bootId,
        startedAtMs,
        nowMs: clock.now(),
        hubs: [...hubs.values()],
        tabs: tabs.all(),
        journal,
        sinceJournal,
        redact: (text) => sanitizer.redact(text),
      });
    },
    changed: () => feed.changed(),
  };

  journal.note('worker', `worker started, boot ${bootId}`);

  return {
    connect(port) {
      port.onmessage = (event: MessageEvent<unknown>) => {
        const control = readKnock(event.data);
        if (control === null) {
          const detail = 'The first message to this worker must bring the control port of a hubshare client.';
          const error = wireError('message-invalid', `${detail} Use SharedHubConnectionBuilder.`, { detail });
          journal.note('tab', `message refused: ${detail}`, error.code);
          port.postMessage({ ok: false, error });
          return;
        }
        const session: CoordinatorApi = createTabSession(core, () => control.close());
        expose(
          session,
          guardPort(control, SESSION_METHODS, (error) =>
            journal.note('tab', `message refused: ${error.detail}`, error.code),
          ),
        );
      };
    },
  };
}

/** The only message that comes over the worker's own port. */
function readKnock(data: unknown): MessagePort | null {
  if (typeof data !== 'object' || data === null || !('hubshare' in data) || !('control' in data)) return null;
  return data.control instanceof MessagePort ? data.control : null;
}
