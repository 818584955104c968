/** Every state has a face of its own. */
import { describe, expect, it } from 'vitest';
import { ConnectionStatus } from '../contract/connection.js';
import type { HubReport, TabReport, TokenReport } from '../contract/report.js';
import { describeFan, hubFace, hubTiming, pageState, tokenFace } from './faces.js';

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
    counters: { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0 },
    ...over,
  };
}

function tab(over: Partial<TabReport> = {}): TabReport {
  return {
    id: 'a',
    ordinal: 1,
    visibility: 'visible',
    parked: false,
    hubs: [],
    primaryOf: [],
    waiting: 0,
    waitingBytes: 0,
    unacknowledged: 0,
    delivered: 0,
    dropped: 0,
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
  expect(pageState(tab({ parked: true, visibility: 'visible' }))).toBe('parked');
});

it('tells the fan in words', () => {
  const report = {
    version: 1,
    bootId: '7f3a-91',
    contractVersion: 1,
    startedAtMs: 0,
    nowMs: 0,
    hubs: [hub()],
    tabs: [tab({ primaryOf: ['x'] }), tab({ id: 'b', ordinal: 2, parked: true })],
    journal: [],
  };
  expect(describeFan(report, 'a')).toBe(
    'Hub /hubs/ops connected. Worker 7f3a serves 2 tabs: tab 1 (primary, this tab, visible), tab 2 (parked).',
  );
  expect(describeFan({ ...report, hubs: [], tabs: [] }, null)).toBe('No hub is open. Worker 7f3a serves 0 tabs.');
});
