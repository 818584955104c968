/** What each state is called, how it is coloured and what the reader can do about it. Pure: data in, words out. */
import type { LinkPhase } from '../contract/frames.js';
import type { Alert, AuthenticationMetrics } from '../contract/metrics.js';
import type { HubReport, TabReport, TokenReport, TopicReport, WorkerReport } from '../contract/report.js';
import type { Parking } from '../contract/rpc.js';
import { ago, clockTime, count, duration, hubPath, lapse, NONE, plural, shortId } from './format.js';

/** Colour has meaning only: `ok` works, `busy` is on its way, `warn` needs an eye, `danger` needs a hand, `off` is at rest. */
export type Tone = 'ok' | 'busy' | 'warn' | 'danger' | 'off';

export type HubFaceKind =
  'connected' | 'connecting' | 'reconnecting' | 'resting' | 'token-refused' | 'signed-out' | 'closed';

export interface HubFace {
  readonly kind: HubFaceKind;
  readonly tone: Tone;
  readonly label: string;
  /** What happens next without the reader, or what the reader can do. */
  readonly advice: string | null;
  /** The reader may start it by hand. */
  readonly canStart: boolean;
}

export function hubFace(hub: HubReport): HubFace {
  if (hub.phase === 'live') {
    return hub.token.state === 'refused'
      ? {
          kind: 'connected',
          tone: 'warn',
          label: 'Connected, token refused',
          advice: 'The connection stands, but the next one will be refused. Sign in again in the app.',
          canStart: false,
        }
      : { kind: 'connected', tone: 'ok', label: 'Connected', advice: null, canStart: false };
  }
  if (hub.error?.code === 'signed-out') {
    return {
      kind: 'signed-out',
      tone: 'off',
      label: 'Signed out',
      advice: 'The token is forgotten. The worker connects again after the next sign-in in the app.',
      canStart: false,
    };
  }
  if (hub.token.state === 'refused' || hub.error?.code === 'token-rejected') {
    return {
      kind: 'token-refused',
      tone: 'danger',
      label: 'Token refused',
      advice: 'Asking again with the same sign-in cannot help. Sign in again in the app, then start.',
      canStart: hub.phase === 'resting' || hub.phase === 'closed',
    };
  }
  switch (hub.phase) {
    case 'starting':
    case 'waiting':
      return wasConnected(hub)
        ? { kind: 'reconnecting', tone: 'warn', label: 'Reconnecting', advice: null, canStart: false }
        : { kind: 'connecting', tone: 'busy', label: 'Connecting', advice: null, canStart: false };
    case 'resting':
      return {
        kind: 'resting',
        tone: 'danger',
        label: 'Resting',
        advice: 'No further attempt by itself. It wakes when the network returns, or when a tab is shown or joins.',
        canStart: true,
      };
    case 'closed':
      return { kind: 'closed', tone: 'off', label: 'Closed', advice: null, canStart: false };
  }
}

/** A hub that was never up is connecting, however many attempts that takes. */
function wasConnected(hub: HubReport): boolean {
  return hub.snapshot.lastConnected > 0;
}

export interface Fact {
  readonly label: string;
  readonly text: string;
}

/** The one fact about time that matters in this state: since when, when next, or how often. */
export function hubTiming(hub: HubReport, nowMs: number): Fact {
  const attempt = hub.snapshot.reconnectAttempts;
  switch (hub.phase) {
    case 'live':
      return {
        label: 'Connected since',
        text:
          hub.connectedAtMs === null
            ? NONE
            : `${clockTime(hub.connectedAtMs)} · ${duration(nowMs - hub.connectedAtMs)}`,
      };
    case 'waiting': {
      const leftMs = (hub.retryAtMs ?? nowMs) - nowMs;
      const when = leftMs > 0 ? `in ${duration(leftMs)}` : 'now';
      return { label: 'Next attempt', text: attempt > 0 ? `${when} · attempt ${attempt}` : when };
    }
    case 'starting':
      return { label: 'Attempt', text: attempt > 0 ? `${attempt}, under way` : 'under way' };
    case 'resting':
      return { label: 'Attempts', text: attempt > 0 ? `${attempt} used up` : 'none left' };
    case 'closed':
      return { label: 'Connected since', text: NONE };
  }
}

export interface ReconnectFace extends Fact {
  /** The times of day. */
  readonly sentence: string | null;
  /** `warn`: the app has to fetch again what it shows. */
  readonly tone: Tone;
}

/** How long the connection was away the last time, and whether events got lost meanwhile. */
export function reconnectFace({ lastReconnect }: HubReport, nowMs: number): ReconnectFace {
  const label = 'Last reconnect';
  if (lastReconnect === null) return { label, text: NONE, sentence: null, tone: 'off' };
  const { endedAtMs, lastedMs, missed } = lastReconnect;
  const loss = { yes: 'events missed', no: 'nothing missed', unknown: 'may have missed' }[missed];
  return {
    label: `${label}, ${ago(nowMs - endedAtMs)}`,
    text: `${lapse(lastedMs)}, ${loss}`,
    sentence: `Lost at ${clockTime(endedAtMs - lastedMs)}, back at ${clockTime(endedAtMs)}`,
    tone: missed === 'yes' ? 'warn' : 'ok',
  };
}

export type TopicState = 'joined' | 'joining' | 'waiting' | 'let go';

/** `waiting`: for the hub, to be asked. `let go`: no tab holds it; the worker leaves it a little later. */
export function topicState({ tabs, isJoined }: TopicReport, phase: LinkPhase): TopicState {
  if (tabs === 0) return 'let go';
  return isJoined ? 'joined' : phase === 'live' ? 'joining' : 'waiting';
}

export interface TokenFace {
  readonly text: string;
  readonly tone: Tone;
  /** Whole seconds of life left; `null` when there is no token or it does not say. */
  readonly leftSeconds: number | null;
}

export function tokenFace(token: TokenReport | null, nowMs: number): TokenFace {
  if (token === null) return { text: `Token ${NONE}`, tone: 'off', leftSeconds: null };
  const leftMs = token.expiresAtMs === null ? null : token.expiresAtMs - nowMs;
  const leftSeconds = leftMs === null ? null : Math.max(0, Math.ceil(leftMs / 1_000));
  const left = leftMs === null ? null : leftMs > 0 ? `${duration(leftMs)} left` : `expired ${duration(-leftMs)} ago`;
  switch (token.state) {
    case 'none':
      return { text: token.source === 'none' ? 'No token in use' : 'No token yet', tone: 'off', leftSeconds: null };
    case 'fetching':
      return { text: 'Fetching a token', tone: 'busy', leftSeconds };
    case 'refreshing':
      return { text: left === null ? 'Refreshing token' : `Refreshing · ${left}`, tone: 'busy', leftSeconds };
    case 'refused':
      return { text: left === null ? 'Token refused' : `Token refused · ${left}`, tone: 'danger', leftSeconds };
    case 'valid':
      return left === null
        ? { text: 'Token without expiry', tone: 'ok', leftSeconds }
        : { text: `Token ${left}`, tone: (leftMs ?? 0) > 0 ? 'ok' : 'danger', leftSeconds };
  }
}

export interface AuthenticationFace {
  readonly text: string;
  /** `warn`: some have failed, though that may be long over. */
  readonly tone: Tone;
  /** What has failed, by reason. */
  readonly sentence: string;
}

/** Tokens that the hub has accepted, and authentications that have failed, since the worker started. */
export function authenticationFace({ accepted, failures }: AuthenticationMetrics): AuthenticationFace {
  const { 'refused-by-hub': byHub, 'refused-by-issuer': byIssuer, 'no-token': missing } = failures;
  const failed = byHub + byIssuer + missing;
  if (accepted + failed === 0) return { text: NONE, tone: 'off', sentence: 'No token was used yet' };
  return {
    text: failed === 0 ? `${count(accepted)} accepted` : `${count(accepted)} accepted, ${count(failed)} failed`,
    tone: failed === 0 ? 'ok' : 'warn',
    sentence: `Refused by the hub: ${count(byHub)}, by the issuer: ${count(byIssuer)}, no token came: ${count(missing)}`,
  };
}

/** How long an alert keeps its colour. */
const FRESH_ALERT_MS = 15 * 60_000;

export interface AlertFace {
  readonly count: string;
  /** The newest in words. */
  readonly text: string;
  readonly tone: Tone;
}

/** @param alerts - At least one, oldest first. */
export function alertFace(alerts: readonly Alert[], nowMs: number): AlertFace {
  const newest = alerts.at(-1);
  if (newest === undefined) return { count: plural(0, 'alert'), text: '', tone: 'off' };
  const least = newest.kind === 'frequent-disconnects' ? 3 : 1;
  const more = newest.count > least ? ` ${plural(newest.count, 'time')} by now.` : '';
  return {
    count: plural(alerts.length, 'alert'),
    text: `${hubPath(newest.hub)}: ${newest.text}${more}`,
    tone: nowMs - newest.lastAtMs < FRESH_ALERT_MS ? 'warn' : 'off',
  };
}

export type PageState = 'visible' | 'hidden' | 'parked';

export function pageState(tab: TabReport): PageState {
  return tab.parked ? 'parked' : tab.visibility;
}

export interface PageFace {
  /** One word, for a narrow column. */
  readonly word: string;
  readonly sentence: string | null;
}

/** What parks a page, in words. */
export function pageFace(tab: TabReport): PageFace {
  return tab.parking === null ? { word: pageState(tab), sentence: null } : PARKED[tab.parking];
}

const PARKED: Readonly<Record<Parking, PageFace>> = {
  cached: { word: 'cached', sentence: 'Parked in the back/forward cache' },
  frozen: { word: 'frozen', sentence: 'Frozen by the browser' },
  hidden: { word: 'asleep', sentence: 'Parked, for it has been hidden for long' },
};

export function isPrimary(tab: TabReport): boolean {
  return tab.primaryOf.length > 0;
}

/** The fan in words, for those who cannot see it. */
export function describeFan(report: WorkerReport, ownTabId: string | null): string {
  const hubs = report.hubs.map((hub) => `${hubPath(hub.url)} ${hubFace(hub).label.toLowerCase()}`).join(', ');
  const tabs = report.tabs.map((tab) => {
    const notes = [
      isPrimary(tab) ? 'primary' : '',
      tab.id === ownTabId ? 'this tab' : '',
      tab.parking === null ? pageState(tab) : `parked: ${pageFace(tab).word}`,
    ];
    return `tab ${tab.ordinal} (${notes.filter((note) => note !== '').join(', ')})`;
  });
  return (
    `${hubs === '' ? 'No hub is open' : `Hub ${hubs}`}. Worker ${shortId(report.bootId)} serves ` +
    `${plural(report.tabs.length, 'tab')}${tabs.length > 0 ? `: ${tabs.join(', ')}` : ''}.`
  );
}
