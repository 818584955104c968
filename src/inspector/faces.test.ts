/** Every state has a face of its own. */
import { describe, expect, it } from 'vitest';
import { ConnectionStatus } from '../contract/connection.js';
import type { Alert } from '../contract/metrics.js';
import type { HubReport, TabReport, TokenReport } from '../contract/report.js';
import {
  alertFace,
  authenticationFace,
  describeFan,
  hubFace,
  hubTiming,
  pageFace,
  pageState,
  reconnectFace,
  tokenFace,
  topicState,
} from './faces.js';

const token: TokenReport = {
  source: 'endpoint',
  state: 'valid',
  fingerprint: 'c0ffee',
  expiresAtMs: 252_000,
  refreshAtMs: null,
  refreshes: 0,
  failures: 0,
  lastTookMs: null,
};

function hub(over: Partial<HubReport> = {}, reconnectAttempts = 0, lastConnected = 0): HubReport {
  return {
    url: 'https://host/hubs/ops',
    phase: 'live',
    snapshot: {
      connectionId: '',
      activeHubs: [],
      lastConnected,
      reconnectAttempts,
      status: ConnectionStatus.CONNECTED,
      primaryTabId: '',
      subscribedTabs: [],
    },
    connectionId: null,
    transport: null,
    connectedAtMs: null,
    retryAtMs: null,
    error: null,
    token,
    authentication: { accepted: 0, failures: { 'refused-by-hub': 0, 'refused-by-issuer': 0, 'no-token': 0 } },
    counters: { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0 },
    lastReconnect: null,
    topics: [],
    ...over,
  };
}

function tab(over: Partial<TabReport> = {}): TabReport {
  return {
    id: 'a',
    ordinal: 1,
    visibility: 'visible',
    parked: false,
    parking: null,
    hubs: [],
    primaryOf: [],
    waiting: 0,
    waitingBytes: 0,
    unacknowledged: 0,
    delivered: 0,
    dropped: 0,
    conflated: 0,
    lastAckAtMs: null,
    joinedAtMs: 0,
    ...over,
  };
}

describe('the face of a hub', () => {
  it.each([
    ['connected', 'ok', hub()],
    ['connecting', 'busy', hub({ phase: 'starting' })],
    ['connecting', 'busy', hub({ phase: 'waiting' }, 2)],
    ['reconnecting', 'warn', hub({ phase: 'waiting' }, 2, 5)],
    ['reconnecting', 'warn', hub({ phase: 'starting' }, 2, 5)],
    ['resting', 'danger', hub({ phase: 'resting' }, 5, 5)],
    ['closed', 'off', hub({ phase: 'closed' })],
    ['signed-out', 'off', hub({ phase: 'closed', error: { code: 'signed-out', message: '' } })],
    ['token-refused', 'danger', hub({ phase: 'resting', error: { code: 'token-rejected', message: '' } })],
    ['token-refused', 'danger', hub({ phase: 'waiting', token: { ...token, state: 'refused' } })],
    ['connected', 'warn', hub({ token: { ...token, state: 'refused' } })],
  ])('is %s in tone %s', (kind, tone, report) => {
    expect(hubFace(report)).toMatchObject({ kind, tone });
  });

  it('offers a start by hand only when nothing starts by itself', () => {
    const phases = ['live', 'starting', 'waiting', 'resting', 'closed'] as const;
    expect(phases.filter((phase) => hubFace(hub({ phase })).canStart)).toEqual(['resting']);
  });
});

describe('the time that matters for a hub', () => {
  it.each([
    ['Connected since', '–', hub()],
    ['Next attempt', 'in 8 s · attempt 2', hub({ phase: 'waiting', retryAtMs: 9_000 }, 2)],
    ['Next attempt', 'now · attempt 2', hub({ phase: 'waiting', retryAtMs: 1_000 }, 2)],
    ['Attempt', '3, under way', hub({ phase: 'starting' }, 3)],
    ['Attempt', 'under way', hub({ phase: 'starting' })],
    ['Attempts', '5 used up', hub({ phase: 'resting' }, 5)],
  ])('is %s: %s', (label, text, report) => {
    expect(hubTiming(report, 1_000)).toEqual({ label, text });
  });
});

describe('the face of a token', () => {
  it.each<[string, string, number | null, TokenReport | null]>([
    ['Token –', 'off', null, null],
    ['No token in use', 'off', null, { ...token, source: 'none', state: 'none', expiresAtMs: null }],
    ['No token yet', 'off', null, { ...token, state: 'none', expiresAtMs: null }],
    ['Fetching a token', 'busy', null, { ...token, state: 'fetching', expiresAtMs: null }],
    ['Token 4 min 12 s left', 'ok', 252, token],
    ['Token expired 0 s ago', 'danger', 0, { ...token, expiresAtMs: 0 }],
    ['Token without expiry', 'ok', null, { ...token, expiresAtMs: null }],
    ['Refreshing · 1 s left', 'busy', 1, { ...token, state: 'refreshing', expiresAtMs: 1 }],
    ['Token refused · 4 min 12 s left', 'danger', 252, { ...token, state: 'refused' }],
  ])('reads "%s" in tone %s', (text, tone, leftSeconds, report) => {
    expect(tokenFace(report, 0)).toEqual({ text, tone, leftSeconds });
  });
});

it('calls a parked tab parked, whatever its page last said', () => {
  expect(pageState(tab({ parked: true, parking: 'cached', visibility: 'visible' }))).toBe('parked');
});

it.each([
  [tab(), 'visible', null],
  [tab({ visibility: 'hidden' }), 'hidden', null],
  [tab({ parked: true, parking: 'cached' }), 'cached', /back\/forward cache/],
  [tab({ parked: true, parking: 'frozen' }), 'frozen', /^Frozen by the browser/],
  [tab({ parked: true, parking: 'hidden', visibility: 'hidden' }), 'asleep', /hidden for long/],
])('says in a word and a sentence how a page is parked (%#)', (report, word, sentence) => {
  const face = pageFace(report);
  expect(face.word).toBe(word);
  if (sentence === null) expect(face.sentence).toBeNull();
  else expect(face.sentence).toMatch(sentence);
});

describe('the last reconnect', () => {
  it('is nothing while the connection was never lost', () => {
    expect(reconnectFace(hub(), 5_000)).toMatchObject({ label: 'Last reconnect', text: '–', tone: 'off' });
  });

  it.each([
    ['yes', 3_200, '3.2 s, events missed', 'warn'],
    ['no', 20, '20 ms, nothing missed', 'ok'],
    ['unknown', 72_000, '1 min 12 s, may have missed', 'ok'],
  ] as const)('with missed %s says how long it took, and when it was', (missed, lastedMs, text, tone) => {
    const face = reconnectFace(hub({ lastReconnect: { endedAtMs: 100_000, lastedMs, missed } }), 220_000);
    expect(face).toMatchObject({ label: 'Last reconnect, 2 min ago', text, tone });
    expect(face.sentence).toMatch(/Lost at \d\d:\d\d:\d\d, back at \d\d:\d\d:\d\d$/);
  });
});

describe('a member of a topic', () => {
  const member = { topic: 'metric', key: 'cpu', tabs: 1, isJoined: true, retainedAtMs: null };
  it.each([
    ['joined', member, 'live'],
    ['joining', { ...member, isJoined: false }, 'live'],
    ['waiting', { ...member, isJoined: false }, 'waiting'],
    ['waiting', { ...member, isJoined: false }, 'starting'],
    ['let go', { ...member, tabs: 0 }, 'live'],
  ] as const)('is %s (%#)', (state, topic, phase) => {
    expect(topicState(topic, phase)).toBe(state);
  });
});

describe('authentication', () => {
  const none = { 'refused-by-hub': 0, 'refused-by-issuer': 0, 'no-token': 0 };
  it.each([
    ['–', 'off', { accepted: 0, failures: none }],
    ['1,204 accepted', 'ok', { accepted: 1_204, failures: none }],
    [
      '3 accepted, 6 failed',
      'warn',
      { accepted: 3, failures: { 'refused-by-hub': 1, 'refused-by-issuer': 2, 'no-token': 3 } },
    ],
    ['0 accepted, 1 failed', 'warn', { accepted: 0, failures: { ...none, 'no-token': 1 } }],
  ])('reads %s in tone %s', (text, tone, metrics) => {
    expect(authenticationFace(metrics)).toMatchObject({ text, tone });
  });

  it('says what has failed', () => {
    const failures = { 'refused-by-hub': 1, 'refused-by-issuer': 2, 'no-token': 3 };
    expect(authenticationFace({ accepted: 0, failures }).sentence).toBe(
      'Refused by the hub: 1, by the issuer: 2, no token came: 3',
    );
  });
});

describe('alerts', () => {
  const alert: Alert = {
    id: 1,
    kind: 'frequent-disconnects',
    hub: 'https://host/hubs/ops',
    atMs: 1_000,
    lastAtMs: 1_000,
    count: 3,
    text: 'Lost 3 times.',
  };
  it('are counted, and the newest is told', () => {
    const failed: Alert = { ...alert, id: 2, kind: 'authentication-failed', count: 1, text: 'Refused.' };
    expect(alertFace([alert, failed], 1_000)).toEqual({ count: '2 alerts', text: '/hubs/ops: Refused.', tone: 'warn' });
    expect(alertFace([alert], 1_000)).toMatchObject({ count: '1 alert', text: '/hubs/ops: Lost 3 times.' });
  });
  it('say when it has happened again', () => {
    expect(alertFace([{ ...alert, count: 5 }], 1_000).text).toBe('/hubs/ops: Lost 3 times. 5 times by now.');
  });
  it('lose their colour after a quarter of an hour', () => {
    expect(alertFace([alert], 1_000 + 15 * 60_000 - 1).tone).toBe('warn');
    expect(alertFace([alert], 1_000 + 15 * 60_000).tone).toBe('off');
  });
});

it('tells the fan in words', () => {
  const report = {
    version: 1,
    bootId: '7f3a-91',
    contractVersion: 1,
    startedAtMs: 0,
    nowMs: 0,
    hubs: [hub()],
    tabs: [tab({ primaryOf: ['x'] }), tab({ id: 'b', ordinal: 2, parked: true, parking: 'frozen' })],
    totals: { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0, dropped: 0 },
    alerts: [],
    journal: [],
  };
  expect(describeFan(report, 'a')).toBe(
    'Hub /hubs/ops connected. Worker 7f3a serves 2 tabs: tab 1 (primary, this tab, visible), tab 2 (parked: frozen).',
  );
  expect(describeFan({ ...report, hubs: [], tabs: [] }, null)).toBe('No hub is open. Worker 7f3a serves 0 tabs.');
});
