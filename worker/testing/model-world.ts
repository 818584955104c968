/** For model walks: broker, authenticator, link and bearer put together as `open-hub.ts` does, with a model of everything around them. */
import { isHubshareError, HubshareError } from '../../src/contract/errors.js';
import type { AccessToken } from '../auth/access-token.js';
import { HubAuthenticator } from '../auth/authenticator.js';
import { readIdentity } from '../auth/identity.js';
import { DEFAULT_REFRESH_POLICY, refreshAtMs } from '../auth/refresh-policy.js';
import { createSanitizer } from '../auth/sanitizer.js';
import { tabTokenSource } from '../auth/tab-token-source.js';
import { createTokenBroker } from '../auth/token-broker.js';
import type { TokenSource } from '../auth/token-source.js';
import { createHubLink } from '../hub/hub-link.js';
import type { ReauthWay } from '../hub/hub-socket.js';
import { retryDelays } from '../hub/retry-delays.js';
import { statusOf } from '../hub/status.js';
import { createBearer } from '../hub/transport/bearer.js';
import { FakeClock } from './fake-clock.js';
import { ModelHub, ModelSocket } from './model-hub.js';
import { ModelIssuer, ModelTab } from './model-issuer.js';
import type { Seeded } from './seeded.js';

const START_MS = 1_800_000_000_000;

/** Turns of the microtask queue after which no caller may be told of the user before: the hops of one resolved promise. */
const HOPS = 6;

const userOf = ({ token }: AccessToken): string | undefined => readIdentity(token)?.user;

/** What may bring about a fetch although the token in hand is good. */
interface Causes {
  forced: boolean;
  hurried: string | null;
}

export function createModelWorld(random: Seeded) {
  const violations: string[] = [];
  const violated = (what: string): void => void violations.push(what);
  const clock = new FakeClock(START_MS);
  const sanitizer = createSanitizer();
  const issuer = new ModelIssuer(clock, random.pick([0, 0, 300, -300, 7, -7]), random.chance(0.5));
  issuer.lifeSeconds = random.pick([60, 300, 1_000]);
  const hub = new ModelHub(clock, issuer, violated);
  hub.way = random.pick<ReauthWay | 'none'>(['endpoint', 'call', 'cut', 'none']);
  let tabs = [new ModelTab('a', issuer), new ModelTab('b', issuer)];
  let tabNames = 2;
  const causes: Causes = { forced: false, hurried: null };
  const flights: AbortSignal[] = [];
  let lastFetchEndedMs: number | null = null;
  let fetches = 0;

  const inner: TokenSource = random.chance(0.5)
    ? { kind: 'endpoint', fetch: () => issuer.request() }
    : tabTokenSource({
        hub: 'https://h.test/hub',
        tabs: () => tabs.map(({ tab }) => tab),
        clock,
        limitMs: 10_000,
        onSkipped: () => undefined,
      });
  const source: TokenSource = {
    kind: inner.kind,
    async fetch(signal) {
      fetches += 1;
      checkFetch(signal);
      flights.push(signal);
      const end = (): void => {
        lastFetchEndedMs = clock.now();
      };
      signal.addEventListener('abort', end);
      try {
        return await inner.fetch(signal);
      } finally {
        flights.splice(flights.indexOf(signal), 1);
        // What was given up ended then, although its answer comes now.
        if (!signal.aborted) end();
        signal.removeEventListener('abort', end);
      }
    },
  };
  const broker = createTokenBroker({ source, clock, sanitizer, random: () => random.next() });
  /** Another user's token has come although nobody signed out here: the fence, first of all listeners, closes what belongs to the one before. */
  broker.onToken((token, previous) => {
    if (previous !== null && userOf(previous) !== userOf(token)) void link.close();
  });
  const bearer = createBearer(broker);
  const authenticator: HubAuthenticator = new HubAuthenticator({
    broker,
    clock,
    sanitizer,
    presentedToken: () => bearer.presented,
    reauthenticate: async ({ token }) => {
      await link.reauthenticate(token);
    },
    onFailure: () => undefined,
  });
  const link = createHubLink({
    url: 'https://h.test/hub',
    openSocket: (events) => new ModelSocket(hub, bearer, events),
    prepareStart: async () => {
      await authenticator.getConnectionToken();
    },
    clock,
    retryDelay: retryDelays([0, 2_000, 10_000], { jitter: 0.2, spreadMs: 500, random: () => random.next() }),
    askRetryDelay: () => Promise.resolve(null),
    redact: (text) => text,
    startTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
    onState(state) {
      void authenticator.updateConnectionState(statusOf(state));
      if (state.kind === 'resting' && state.error?.code === 'token-rejected')
        void authenticator.handleAuthenticationError(new HubshareError(state.error));
    },
    onEvent: () => undefined,
    onQuestion: () => Promise.resolve(undefined),
    onResumed: () => undefined,
  });
  function checkFetch(signal: AbortSignal): void {
    if (signal.aborted) violated('a fetch began after it was given up');
    if (flights.some((other) => !other.aborted)) violated('two fetches at a time');
    const inHand = broker.peek();
    if (inHand === null || causes.forced || causes.hurried === inHand.token) return;
    if (isOver(inHand)) return;
    const dueAtMs = refreshAtMs(inHand, DEFAULT_REFRESH_POLICY, () => 1);
    if (dueAtMs === null || clock.now() < dueAtMs) violated('a fetch although the token in hand is good and not due');
    else if (lastFetchEndedMs !== null && clock.now() - lastFetchEndedMs < 1_000)
      violated('an early refresh right after another fetch');
  }

  function isOver({ expiresAtMs }: AccessToken): boolean {
    return expiresAtMs !== null && expiresAtMs <= clock.now();
  }

  /** As the epoch of the issuer, once every promise that had been resolved before has been heard. */
  let heardEpoch = 0;
  const open = new Set<Promise<unknown>>();

  function call(ask: () => Promise<AccessToken | string | null>): void {
    const asked = ask();
    open.add(asked);
    asked
      .then(
        (token) => {
          if (token === null) return;
          const issued = issuer.issued.get(typeof token === 'string' ? token : token.token);
          if (issued === undefined) violated('a caller was given a token that nobody has issued');
          else if (issued.epoch < heardEpoch) violated('a caller was given a token of the user before');
        },
        (error: unknown) => {
          if (!isHubshareError(error)) violated(`a caller got an error without a code: ${String(error)}`);
        },
      )
      .finally(() => open.delete(asked));
  }

  const world = {
    clock,
    issuer,
    hub,
    broker,
    link,
    authenticator,
    violations,
    get fetches() {
      return fetches;
    },
    get callersWaiting() {
      return open.size;
    },
    get: () => call(() => broker.get()),
    connectionToken: () => call(() => authenticator.getConnectionToken()),
    refresh() {
      // The fetch begins within the call, or one is under way.
      causes.forced = true;
      call(() => broker.refreshNow());
      causes.forced = false;
    },
    refreshAndHandOver() {
      causes.forced = true;
      // What the hub says to a handover is no news of the token.
      call(() =>
        authenticator.handleTokenRefresh().then(
          () => null,
          () => null,
        ),
      );
      causes.forced = false;
    },
    /** The hub says of each of its connections that the token ends soon, whether or not that is so. */
    warn() {
      for (const { token } of hub.open.values()) {
        const issued = issuer.issued.get(token);
        const atMs = issued === undefined || random.chance(0.2) ? null : issuer.byItsClock(issued.expiresAtMs);
        const inHand = broker.peek();
        // Two tokens that end in the same second are not told apart.
        const mayMeanIt = atMs === null || atMs > (inHand?.claimedExpiryMs ?? 0) - 1_000;
        if (mayMeanIt) causes.hurried = inHand?.token ?? null;
        authenticator.handleTokenExpiring(atMs);
      }
    },
    /** As the coordinator does it. */
    signOut() {
      issuer.user = null;
      issuer.epoch += 1;
      const { epoch } = issuer;
      void broker.clear();
      const closed = link.close();
      void (async () => {
        for (let hop = 0; hop < HOPS; hop += 1) await Promise.resolve();
        heardEpoch = Math.max(heardEpoch, epoch);
      })();
      return closed;
    },
    addTab() {
      tabNames += 1;
      tabs.push(new ModelTab(`tab-${tabNames}`, issuer));
    },
    killTab() {
      const tab = tabs.shift();
      tab?.die();
    },
    stickTab() {
      const tab = tabs[0];
      if (tab !== undefined) tab.isStuck = true;
    },
    /** Only tabs that answer are left. */
    healTabs() {
      for (const tab of tabs.filter(({ isStuck }) => isStuck)) tab.die();
      tabs = tabs.filter(({ isStuck }) => !isStuck);
      world.addTab();
    },
    async advance(ms: number) {
      // The hub looks often enough at what has expired.
      const sliceMs = issuer.lifeSeconds * 250;
      for (let leftMs = ms; leftMs > 0; leftMs -= sliceMs) {
        await clock.advanceBy(Math.min(sliceMs, leftMs));
        hub.endExpired();
      }
    },
    dispose() {
      void link.close();
      authenticator.close();
      broker.close();
    },
  };
  return world;
}

export type ModelWorld = ReturnType<typeof createModelWorld>;
