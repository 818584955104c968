/** Joins the parts of the worker: ports, tabs, hubs, tokens, journal. Owns no logic of its own. */
import { expose } from 'comlink';
import { HubshareError, isHubshareError, wireError, type WireError } from '../src/contract/errors.js';
import type { CoordinatorApi } from '../src/contract/rpc.js';
import { FENCE_WAIT_MS } from '../src/contract/timing.js';
import { createAuthorizedFetch } from './auth/authorized-fetch.js';
import { isSameUser, readIdentity } from './auth/identity.js';
import { createSanitizer } from './auth/sanitizer.js';
import { createTokenBroker } from './auth/token-broker.js';
import type { Clock } from './clock.js';
import { createFlushTurn, type NextTask } from './delivery/flush-turn.js';
import { signedOutError } from './hub/fence-errors.js';
import { createFormerUsers } from './hub/former-users.js';
import { createIdentityFence } from './hub/identity-fence.js';
import { openHub, type OpenHub } from './hub/open-hub.js';
import type { FencedHub, SharedHub } from './hub/shared-hub.js';
import { createChangeFeed } from './observe/change-feed.js';
import { createJournal } from './observe/journal.js';
import { createMonitorRegistry } from './observe/metrics-registry.js';
import { buildReport } from './observe/worker-report.js';
import { resolveOptions, type ServeHubsOptions } from './serve-options.js';
import { MAX_PORTS_BEFORE_JOIN } from './limits.js';
import { holdForLife, type Locks } from './tabs/liveness.js';
import { guardPort } from './tabs/port-guard.js';
import type { Tab } from './tabs/tab.js';
import { createTabRegistry } from './tabs/tab-registry.js';
import { createTabSession, SESSION_METHODS, type SessionCore } from './tabs/tab-session.js';
import { hubKey } from './topic-options.js';

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
  const monitors = createMonitorRegistry({
    bootId,
    now: () => clock.now(),
    journal,
    sharesTokens: options.accessToken !== null,
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
          onFetched: monitors.sharedTokens.noteFetch,
        });

  /** Connections that are being closed behind a fence, by the hub's URL: the next one to the same hub waits for it. */
  const closing = new Map<string, Promise<void>>();
  const formerUsers = createFormerUsers();
  let signOuts = 0;
  const sharedIdentity =
    sharedBroker === null
      ? null
      : createIdentityFence({
          broker: sharedBroker,
          canAsk: true,
          claim: options.identityClaim,
          clock,
          note: (text) => journal.note('token', text),
          formerUsers,
          hubs: sharedHubs,
          fenceAll: (why) => void fence([...hubs.values()], why),
        });
  // First of all listeners: the token of another user must not be given to the connection of the one before.
  sharedBroker?.onToken(({ token }) => sharedIdentity?.tokenArrived(token));

  /** Ends these hubs for good: whoever comes next, perhaps another user, finds nothing of theirs. */
  function fence(which: readonly OpenHub[], why: WireError): readonly FencedHub[] {
    for (const open of which) if (hubs.get(open.hub.url) === open) hubs.delete(open.hub.url);
    const fenced = which.map((open) => {
      const { url } = open.hub;
      const behind = open.hub.fence(why);
      const closed = Promise.all([closing.get(url), behind.closed]).then(() => {
        if (closing.get(url) === closed) closing.delete(url);
      });
      closing.set(url, closed);
      return behind;
    });
    for (const { sayGoodbye } of fenced) sayGoodbye();
    for (const open of which) open.dispose();
    return fenced;
  }

  /** Resolves when every tab that is awake has dispatched its goodbye, and what came before it; or after the limit. */
  async function whenDispatched(fenced: readonly FencedHub[]): Promise<void> {
    const told = new Set(fenced.flatMap(({ tabs: members }) => members));
    let disarm: () => void = () => undefined;
    const limit = new Promise<void>((resolve) => {
      disarm = clock.setTimeout(resolve, FENCE_WAIT_MS);
    });
    await Promise.race([Promise.all([...told].map(({ outbox }) => outbox.dispatched())), limit]);
    disarm();
  }

  const { url: tokenUrl } = options.accessToken ?? {};
  const fetches = createAuthorizedFetch({
    rules: {
      origins: options.fetchOrigins,
      closed: () => [...hubs.keys(), ...options.topics.keys(), ...(tokenUrl === undefined ? [] : [tokenUrl])],
    },
    limits: options.fetchLimits,
    clock,
    isOtherUser: (one, other) => {
      const [before, after] = [one, other].map(({ token }) => readIdentity(token, options.identityClaim));
      return !!before && !!after && !isSameUser(before, after);
    },
    onRefused: ({ message, code }) => journal.note('token', message, code),
  });

  /**
   * Whether the worker's own token may go to a hub that a tab names: any script of the origin can name one, and what it names gets the
   * token. Where there is no own origin, there is no such script.
   */
  function mayGetToken(url: string): boolean {
    if (!options.hasOwnOrigin) return true;
    return URL.canParse(url) && (options.fetchOrigins.has(new URL(url).origin) || options.topics.has(hubKey(url)));
  }

  const tabs = createTabRegistry({
    clock,
    locks,
    limits: options.delivery,
    scheduleFlush: createFlushTurn({ nextTask: platform.nextTask, clock, maxSpacingMs: options.maxSpacingMs }),
    journal,
    onChange: () => feed.changed(),
    hubTabIds: () => sharedHubs().map(({ tabIds }) => tabIds),
    onDropped: (url) => monitors.dropped(url),
    onGone: (tab) => {
      feed.drop(tab);
      monitors.readerIsGone(tab);
      for (const hub of sharedHubs()) hub.removeGone(tab);
    },
  });

  const core: SessionCore = {
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
    admitTo(tab, { hub, identity }) {
      const token = hubs.size === 0 ? sharedBroker?.peek() : null;
      // Left by the last fence, and nobody came: it may be anybody's by now.
      if (token && clock.now() - token.receivedAtMs > options.lingerMs) {
        sharedIdentity?.forget();
        void sharedBroker?.clear({ keepsStored: true });
      }
      const admission = (hubs.get(hub)?.identity ?? sharedIdentity)?.admit(tab, identity);
      if (admission === undefined) return undefined;
      const before = signOuts;
      return admission
        .catch((error: unknown) => {
          // The token was forgotten for another reason, such as that the last tab has gone: the question is asked anew.
          if (!isHubshareError(error) || error.code !== 'signed-out') throw error;
        })
        .then(() => {
          if (signOuts !== before) throw new HubshareError(signedOutError());
        });
    },
    hubFor(wish) {
      const known = hubs.get(wish.hub);
      known?.identity.joined(wish.identity);
      if (known !== undefined) return known.hub;
      if (sharedBroker !== null && !mayGetToken(wish.hub)) throw hubNotAllowed(wish.hub, options.fetchOrigins);
      const open = openHub({
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
        tokenMayGoTo: mayGetToken,
        sharedIdentity,
        formerUsers,
        fence: (why) => void fence([open], why),
        startAfter: closing.get(wish.hub) ?? null,
        activeHubs: () =>
          sharedHubs()
            .filter(({ link }) => link.state.kind === 'live')
            .map(({ url }) => url),
        onActiveChange: () => {
          for (const hub of sharedHubs()) if (hub.url !== wish.hub) hub.publish();
        },
        onUnused: () => {
          // Behind a fence it has ended already.
          if (hubs.get(wish.hub) !== open) return;
          if (sharedHubs().every(({ tabIds }) => tabIds.length === 0)) {
            // Nobody is left who could say whose token it is.
            sharedIdentity?.forget();
            void sharedBroker?.clear({ keepsStored: true });
          }
          // The next tab decides anew how the hub is to be connected.
          open.dispose();
          hubs.delete(wish.hub);
        },
        onChange: () => feed.changed(),
      });
      hubs.set(wish.hub, open);
      open.identity.joined(wish.identity);
      return open.hub;
    },
    knownHub: (url) => hubs.get(url)?.hub,
    hubs: sharedHubs,
    refreshToken: async (hub) => hubs.get(hub.url)?.refreshToken(),
    async signOut(by) {
      // The page that signs out may come as whomever it likes; the others were of the user who is gone, until they say another one.
      for (const { tab, identity } of sharedHubs().flatMap((hub) => hub.identities())) formerUsers.add(tab, identity);
      formerUsers.forgive(by);
      journal.note('worker', 'signed out');
      // Though no hub may be open: what is stored is the user's all the same.
      const forgotten =
        sharedBroker === null ? [...hubs.values()].map(({ forgetToken }) => forgetToken()) : [sharedBroker.clear()];
      sharedIdentity?.forget();
      signOuts += 1;
      const fenced = fence([...hubs.values()], signedOutError());
      await Promise.all([...forgotten, ...fenced.map(({ closed }) => closed), whenDispatched(fenced)]);
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
  };

  options.accessToken?.onNote?.((text) => journal.note('token', text));
  options.accessToken?.onStored?.((token) => {
    const user = readIdentity(token, options.identityClaim)?.user;
    const shown = sharedHubs().flatMap((hub) => hub.identities());
    return user === undefined || shown.length === 0 || shown.some(({ identity }) => identity === user);
  });
  journal.note('worker', `worker started, boot ${bootId}`);

  /** Ports that have not joined, oldest first. */
  const waiting = new Set<MessagePort>();

  const admit = (control: MessagePort, ...joining: Parameters<SessionCore['admit']>): Tab => {
    const tab = core.admit(...joining);
    waiting.delete(control);
    return tab;
  };

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
        waiting.add(control);
        const [oldest] = waiting;
        if (waiting.size > MAX_PORTS_BEFORE_JOIN && oldest !== undefined) {
          waiting.delete(oldest);
          oldest.close();
        }
        const session: CoordinatorApi = createTabSession(
          { ...core, admit: (hello, remote) => admit(control, hello, remote) },
          () => control.close(),
        );
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

function hubNotAllowed(url: string, origins: ReadonlySet<string>): HubshareError<'hub-not-allowed'> {
  const { origin } = new URL(url);
  return new HubshareError(
    wireError(
      'hub-not-allowed',
      `The worker's own token goes to ${[...origins].join(', ')} and to hubs that serveHubs({ hubs }) names. Name the hub at ${origin} there by its URL, or give this page a worker without accessToken.`,
      { origin },
    ),
  );
}

/** The only message that comes over the worker's own port. */
function readKnock(data: unknown): MessagePort | null {
  if (typeof data !== 'object' || data === null || !('hubshare' in data) || !('control' in data)) return null;
  return data.control instanceof MessagePort ? data.control : null;
}
