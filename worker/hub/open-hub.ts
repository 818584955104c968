/** Puts one shared hub together: link, SignalR socket, tokens, authenticator. */
import { HubshareError, isHubshareError, wireError } from '../../src/contract/errors.js';
import type { WireError } from '../../src/contract/errors.js';
import type { HubSettings } from '../../src/contract/rpc.js';
import type { TokenReport } from '../../src/contract/report.js';
import { HubAuthenticator } from '../auth/authenticator.js';
import { tabTokenSource, type TabTokenSourceDeps } from '../auth/tab-token-source.js';
import { createTokenBroker, type TokenBroker } from '../auth/token-broker.js';
import type { Sanitizer } from '../auth/sanitizer.js';
import { cleanError } from '../auth/token-flight.js';
import type { Clock } from '../clock.js';
import type { Journal } from '../observe/journal.js';
import type { HubMonitor } from '../observe/metrics.js';
import type { ResolvedOptions } from '../serve-options.js';
import { hubKey } from '../topic-options.js';
import { callError } from './call-runs.js';
import type { Fenced } from '../tabs/tab.js';
import type { State } from './connection-machine.js';
import type { FormerUsers } from './former-users.js';
import { createHubLink } from './hub-link.js';
import { createIdentityFence, type FenceCause, type IdentityFence } from './identity-fence.js';
import { createRedactingLogger } from './redacting-logger.js';
import { retryDelays, type Spread } from './retry-delays.js';
import { createRetryHint } from './retry-hint.js';
import { createRetryPolicy } from './retry-policy.js';
import { createSharedHub, type SharedHub } from './shared-hub.js';
import { openSignalRSocket } from './signalr-socket.js';
import { statusOf } from './status.js';
import { createBearer, type Bearer } from './transport/bearer.js';
import { createTransportMemory } from './transport-memory.js';

export interface OpenHubDeps {
  readonly url: string;
  readonly number: number;
  readonly settings: HubSettings;
  readonly options: ResolvedOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sanitizer: Sanitizer;
  readonly journal: Journal;
  /** The worker's own source of tokens, shared by all hubs; `null`: tabs are asked. */
  readonly sharedBroker: TokenBroker | null;
  /** The token of `sharedBroker` may be sent there. */
  readonly tokenMayGoTo: (url: string) => boolean;
  /** Whose hubs those of `sharedBroker` are; `null` when there is none. */
  readonly sharedIdentity: IdentityFence | null;
  readonly formerUsers: FormerUsers;
  /** Counts what happens to this hub, also when it is opened anew. */
  readonly monitor: HubMonitor;
  /** Puts up the fence of this hub. */
  readonly fence: (why: WireError, cause: FenceCause) => void;
  /** The connection to the same hub that is being closed: the hub must never count two. */
  readonly startAfter: Promise<void> | null;
  readonly activeHubs: () => readonly string[];
  readonly onActiveChange: () => void;
  readonly onUnused: () => void;
  readonly onChange: () => void;
  readonly onFencedGone: (tabKey: string, fence: Fenced) => void;
}

export interface OpenHub {
  readonly hub: SharedHub;
  readonly identity: IdentityFence;
  readonly tokenReport: () => TokenReport;
  readonly monitor: HubMonitor;
  refreshToken(): Promise<void>;
  /** Where this hub's token comes from; `null` while it is anonymous. */
  broker(): TokenBroker | null;
  /** Forgets the token, for the user has signed out. Resolves when nothing of it is stored any more; never rejects. */
  forgetToken(): Promise<void>;
  /** The hub is closed for good: ends what it listens to. */
  dispose(): void;
}

/** Bits of SignalR's `HttpTransportType`: WebSockets, server-sent events, long polling. */
const ALL_TRANSPORTS = 7;
const DEFAULT_LOG_LEVEL = 3;

export function openHub(deps: OpenHubDeps): OpenHub {
  const { url, settings, options, clock, random, sanitizer, journal, monitor } = deps;
  const { origin, pathname } = new URL(url);
  const shownUrl = origin + pathname;
  const transports = createTransportMemory(settings.transport ?? ALL_TRANSPORTS);
  const logger = createRedactingLogger({
    sanitizer,
    journal: (_level, text) => journal.note('log', text),
    tabs: { wanted: () => hub.wantsLog, log: (level, text) => hub.log(level, text) },
    consoleLevel: settings.logLevel ?? DEFAULT_LOG_LEVEL,
  });
  const spread: Spread = { jitter: options.retryJitter, spreadMs: options.retrySpreadMs, random };
  const defaultDelay =
    settings.retryDelaysMs === null
      ? retryDelays(options.retryDelaysMs, spread)
      : // An app that says 0 to `withAutomaticReconnect()` means 0.
        retryDelays(settings.retryDelaysMs, { ...spread, spreadMs: 0 });
  const retryHint = createRetryHint({ now: () => clock.now(), spread, note: (text) => journal.note('hub', text) });
  const askRetryDelay = createRetryPolicy({
    hub: url,
    tabs: () => hub.retryPolicyTabs(),
    clock,
    limitMs: options.questionTakeMs,
    defaultDelay,
    onIgnored: (why) => journal.note('hub', why),
  });
  const tabSource: Omit<TabTokenSourceDeps, 'tabs'> = {
    hub: url,
    clock,
    limitMs: options.tokenFromTabMs,
    onSkipped: (tab, why) => {
      const said = why === null ? 'in time' : `(${why.message})`;
      journal.note('token', `tab ${tab.ordinal} gave no token ${said}`, why?.code ?? 'token-timed-out');
    },
  };
  const tabBroker = createTokenBroker({
    ...options.refresh,
    source: tabTokenSource({ ...tabSource, tabs: () => hub.tokenTabs() }),
    clock,
    sanitizer,
    random,
    onChange: deps.onChange,
    onFetched: monitor.tokens.noteFetch,
  });
  const broker = deps.sharedBroker ?? tabBroker;
  const identity =
    deps.sharedIdentity ??
    createIdentityFence({
      broker: tabBroker,
      tokenOf: async (tab) => {
        const { token } = await tabTokenSource({ ...tabSource, tabs: () => [tab] }).fetch(tab.gone);
        sanitizer.watch(token);
        return token;
      },
      claim: options.identityClaim,
      clock,
      note: (text) => journal.note('token', text),
      formerUsers: deps.formerUsers,
      hubs: () => [hub],
      fenceAll: (why, cause) => deps.fence(why, cause),
    });
  // First of all listeners: the token of another user must not be given to the connection of the one before.
  if (deps.sharedIdentity === null) tabBroker.onToken(({ token }) => identity.tokenArrived(token));
  /** A hub is anonymous while neither the worker nor any of its tabs has a source of tokens. */
  const needsToken = (): boolean => deps.sharedBroker !== null || hub.wantsToken || broker.peek() !== null;
  const hubBearer = createBearer(broker);
  /** The hub is closed for good, and its connection had a token: its goodbye carries it. */
  let saysGoodbye = false;
  const bearer = optionalBearer(
    hubBearer,
    () => needsToken() || saysGoodbye,
    () => {
      // The server may have ended the sign-in before the goodbye comes: nobody's authentication has failed.
      if (!saysGoodbye) monitor.tokenRefused();
    },
  );

  const authenticator = new HubAuthenticator({
    broker,
    clock,
    sanitizer,
    presentedToken: () => bearer.presented,
    reauthenticate: async ({ token }) => {
      const way = await hub.link.reauthenticate(token).catch((error: unknown) => {
        if (isRefusal(error, hub.link.state)) {
          monitor.tokenRefused();
          monitor.signInNeeded();
        }
        const isUp = hub.link.state.kind === 'live';
        throw cleanError(new HubshareError(callError(error, 'connection.reauth', isUp)), sanitizer);
      });
      if (way === 'cut') monitor.cutAskedFor();
      if (way !== 'none') monitor.tokenAccepted();
      journal.note(
        'token',
        way === 'none'
          ? 'the hub takes no new token for a live connection: it is used at the next connect'
          : `new token given to the hub (${way})`,
      );
    },
    onFailure: (error) => journal.note('token', error.message, error.code),
    onReauthenticateFailed: (error) =>
      journal.note('token', `the hub did not take the new token: ${error.message}`, error.code),
  });
  const stopNoting = broker.onToken((_token, previous) =>
    journal.note('token', previous === null ? 'token received' : 'token refreshed'),
  );

  const hub = createSharedHub({
    url,
    number: deps.number,
    clock,
    journal,
    counters: monitor.counters,
    lingerMs: options.lingerMs,
    topics: options.topics.get(hubKey(url)) ?? [],
    topicLingerMs: options.topicLingerMs,
    settings,
    // What JSON has brought, JSON can hold; MessagePack also brings bytes and dates.
    format: settings.protocol === 'json' ? 'text' : 'values',
    questionTakeMs: options.questionTakeMs,
    activeHubs: deps.activeHubs,
    onActiveChange: deps.onActiveChange,
    onChange: deps.onChange,
    onUnused: deps.onUnused,
    onFencedGone: deps.onFencedGone,
    onState: (state) => void authenticator.updateConnectionState(statusOf(state)),
    createLink: (events) =>
      createHubLink({
        url: shownUrl,
        clock,
        redact: (text) => sanitizer.redact(text),
        retryDelay: (attempt) => (hub.retryPolicyTabs().length > 0 ? 'ask' : retryHint.lengthen(defaultDelay(attempt))),
        askRetryDelay: async (context, signal) => retryHint.lengthen(await askRetryDelay(context, signal)),
        startTimeoutMs: options.startTimeoutMs,
        stopTimeoutMs: options.stopTimeoutMs,
        // Checked before connecting (SEC-2), and there when the WebSocket class, which cannot wait, needs it.
        prepareStart: async () => {
          if (deps.startAfter !== null) await deps.startAfter;
          // Let go while it waited, perhaps by a sign-out: nobody is asked for a token any more.
          if (hub.link.state.kind !== 'starting') return;
          if (needsToken()) await authenticator.getConnectionToken();
        },
        openSocket: (socketEvents) =>
          openSignalRSocket(
            // In Firefox under load an early refresh was seen to come seconds late; whatever the cause, a frame that arrives brings it about.
            {
              url,
              settings,
              bearer,
              ...(deps.sharedBroker === null ? {} : { tokenMayGoTo: deps.tokenMayGoTo }),
              sanitizer,
              logger,
              clock,
              transports,
              retryHint,
              onFrame: () => broker.catchUp(),
              onTokenExpiring: (expiresAtMs) => {
                journal.note('token', 'the hub says that the token ends soon');
                authenticator.handleTokenExpiring(expiresAtMs);
              },
            },
            socketEvents,
          ),
        onEvent: events.onEvent,
        onQuestion: events.onQuestion,
        onResumed: (lastedMs) => {
          journal.note('hub', `the hub took the connection up again after ${lastedMs} ms, nothing was missed`);
          monitor.resumed(lastedMs);
          events.onResumed(lastedMs);
        },
        onState: (state: State, before: State) => {
          retryHint.follow(state.kind);
          monitor.follow(state, before, needsToken() && bearer.presented !== null);
          events.onState(state, before);
          if (hub.status.authenticationRequired) monitor.signInNeeded();
          // It wants a token, and nobody has one to refuse.
          if (state.kind === 'resting' && state.error?.code === 'token-rejected' && !needsToken())
            monitor.tokenRefused();
          if (state.kind === 'resting' && state.error?.code === 'token-rejected') {
            void authenticator.handleAuthenticationError(new HubshareError(state.error));
          }
        },
      }),
  });

  monitor.isOpen = true;
  return {
    hub,
    identity,
    monitor,
    tokenReport: () => (needsToken() ? broker.report() : { ...broker.report(), source: 'none' }),
    refreshToken: async () => {
      if (!needsToken())
        throw new HubshareError(
          wireError('token-unavailable', 'This hub is used without a token: there is none to refresh.', {}),
        );
      await authenticator.handleTokenRefresh();
    },
    broker: () => (needsToken() ? broker : null),
    forgetToken: () => broker.clear(),
    dispose: () => {
      monitor.isOpen = false;
      saysGoodbye = hubBearer.presented !== null;
      hubBearer.close();
      stopNoting();
      authenticator.close();
      tabBroker.close();
    },
  };
}

/** The hub has said no to a new token for the live connection. Anything else never got to it, or was lost with the connection. */
function isRefusal(error: unknown, state: State): boolean {
  if (isHubshareError(error)) return error.code === 'token-rejected';
  // As with calls: what the hub itself says is a plain Error.
  return state.kind === 'live' && error instanceof Error && error.constructor === Error;
}

/**
 * A bearer that gives no token while the hub is anonymous.
 *
 * @param onRefused - The hub has answered 401 to a token.
 */
function optionalBearer(bearer: Bearer, needsToken: () => boolean, onRefused: () => void): Bearer {
  return {
    peek: () => bearer.peek(),
    get: async (signal) => (needsToken() ? bearer.get(signal) : null),
    replace: (token, signal) => {
      onRefused();
      return bearer.replace(token, signal);
    },
    refuse: (token) => {
      onRefused();
      bearer.refuse(token);
    },
    get presented() {
      return bearer.presented;
    },
  };
}
