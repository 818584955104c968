/** Counts what happens to one hub, over all times that it is open in this worker. No work per event beyond a counter. */
import type { AuthenticationMetrics, ConnectionMetrics, HubMetrics } from '../../src/contract/metrics.js';
import type { HubCounters } from '../../src/contract/report.js';
import type { State } from '../hub/connection-machine.js';
import type { AlertLog } from './alert-log.js';
import { createHubAlerts } from './alerts.js';
import { createHistogram } from './metrics-histogram.js';
import { createTokenMeter, type TokenMeter } from './metrics-token.js';

/** A hub that was asked to cut a connection does so at once; a loss later than this, in milliseconds, has another cause. */
const CUT_WAIT_MS = 30_000;

export type MutableCounters = { -readonly [K in keyof HubCounters]: HubCounters[K] };

/** What only the rest of the worker knows at the moment. */
export interface HubNow {
  readonly tabs: number;
  readonly transport: string | null;
}

export interface HubMonitor {
  /** The whole URL. */
  readonly url: string;
  /** Grown by the hub itself. */
  readonly counters: MutableCounters;
  readonly dropped: number;
  /** Of the source of its tokens. */
  readonly tokens: TokenMeter;
  /** A tab may want it now. Its figures are kept for as long, at least. */
  isOpen: boolean;
  /** @param hasPresented - The connection that is up now was made with a token. */
  follow(state: State, before: State, hasPresented: boolean): void;
  /** Stateful reconnect has brought the connection back after so many milliseconds. */
  resumed(lastedMs: number): void;
  /** The hub was asked to cut the connection so that a new token counts: the next loss is no disconnect. */
  cutAskedFor(): void;
  /** The hub has taken a new token for the live connection. */
  tokenAccepted(): void;
  tokenRefused(): void;
  /** Somebody has to sign in before the hub can be connected, or to stay connected. */
  signInNeeded(): void;
  /** The issuer gives no further token. While the hub is connected nobody else would say so. */
  issuerRefused(): void;
  /** An event was dropped for one tab. */
  dropOne(): void;
  authentication(): AuthenticationMetrics;
  read(now: HubNow): Omit<HubMetrics, 'bootId' | 'startedAtMs' | 'alerts'>;
}

/** @param sharedTokens - Of the worker's own source of tokens; `null`: tabs are asked. */
export function createHubMonitor(
  url: string,
  log: AlertLog,
  now: () => number,
  sharedTokens: TokenMeter | null,
): HubMonitor {
  const { origin, pathname } = new URL(url);
  const name = origin + pathname;
  const counters: MutableCounters = { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0 };
  const alerts = createHubAlerts({ url, name }, log, now);
  const reconnects = createHistogram();
  const connection = { connects: 0, disconnects: 0, resumes: 0, connectedMs: 0 };
  let accepted = 0;
  let refusedByHub = 0;
  let dropped = 0;
  let liveSinceMs: number | null = null;
  /** When the connection was lost, until it is back; `null` while nobody is waiting for it. */
  let lostAtMs: number | null = null;
  let cutAskedAtMs: number | null = null;

  function disconnected(): void {
    const isAskedFor = cutAskedAtMs !== null && now() - cutAskedAtMs <= CUT_WAIT_MS;
    cutAskedAtMs = null;
    if (isAskedFor) return;
    connection.disconnects += 1;
    alerts.disconnected();
  }

  function uptimeMs(): number {
    return liveSinceMs === null ? 0 : Math.max(0, now() - liveSinceMs);
  }

  function authentication(): AuthenticationMetrics {
    const { refused, missing } = monitor.tokens;
    return {
      accepted,
      failures: { 'refused-by-hub': refusedByHub, 'refused-by-issuer': refused, 'no-token': missing },
    };
  }

  const monitor: HubMonitor = {
    url,
    counters,
    tokens: sharedTokens ?? createTokenMeter(false, () => monitor.issuerRefused()),
    isOpen: false,
    get dropped() {
      return dropped;
    },
    follow(state, before, hasPresented) {
      if (before.kind === 'live' && state.kind !== 'live') {
        connection.connectedMs += uptimeMs();
        liveSinceMs = null;
        // A stop leads to `idle`, a wish for a new connection to `starting`: both were asked for.
        if (state.kind === 'waiting' || state.kind === 'resting') {
          lostAtMs = now();
          // A cut that stateful reconnect could not mend is a loss.
          cutAskedAtMs = null;
          disconnected();
        }
      }
      if (state.kind === 'idle') lostAtMs = cutAskedAtMs = null;
      if (state.kind !== 'live' || before.kind === 'live') return;
      connection.connects += 1;
      liveSinceMs = state.sinceMs;
      if (hasPresented) accepted += 1;
      if (lostAtMs !== null) reconnects.note(now() - lostAtMs);
      lostAtMs = null;
    },
    resumed(lastedMs) {
      const before = connection.disconnects;
      disconnected();
      if (connection.disconnects === before) return;
      connection.resumes += 1;
      reconnects.note(lastedMs);
    },
    cutAskedFor() {
      cutAskedAtMs = now();
    },
    tokenAccepted() {
      accepted += 1;
    },
    tokenRefused() {
      refusedByHub += 1;
    },
    signInNeeded() {
      alerts.authenticationFailed('The token was refused, or there is none: the user has to sign in again.');
    },
    issuerRefused() {
      if (liveSinceMs === null) return;
      alerts.authenticationFailed(
        'No new token is given for this sign-in: the connection ends with the token in use. The user has to sign in again.',
      );
    },
    dropOne() {
      dropped += 1;
    },
    authentication,
    read: ({ tabs, transport }) => ({
      hub: name,
      atMs: now(),
      tabs,
      connection: connectionNow(transport),
      authentication: authentication(),
      token: monitor.tokens.read(),
      events: counters.events,
      calls: counters.calls,
      callsFailed: counters.callsFailed,
      dropped,
      alertsRaised: { ...alerts.raised },
    }),
  };

  function connectionNow(transport: string | null): ConnectionMetrics {
    const upMs = uptimeMs();
    return {
      ...connection,
      isConnected: liveSinceMs !== null,
      transport,
      uptimeMs: upMs,
      connectedMs: connection.connectedMs + upMs,
      reconnects: reconnects.read(),
    };
  }

  return monitor;
}
