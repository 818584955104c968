import { describe, expect, it } from 'vitest';
import { ConnectionStatus } from '../../src/contract/connection.js';
import { wireError } from '../../src/contract/errors.js';
import type { State } from './connection-machine.js';
import { projectStatus, statusOf, type StatusParts } from './status.js';

const error = wireError('connection-lost', 'gone', {});
const live: State = { kind: 'live', run: 1, connectionId: 'c-1', sinceMs: 50 };
const waiting = (wasLive: boolean): State => ({
  kind: 'waiting',
  run: 1,
  attempt: 2,
  wasLive,
  error,
  fellAtMs: 0,
  retryAtMs: 900,
});
const starting = (wasLive: boolean): State => ({
  kind: 'starting',
  run: 1,
  attempt: 2,
  wasLive,
  error: wasLive ? error : null,
  fellAtMs: 0,
});
const resting: State = { kind: 'resting', run: 1, attempt: 5, wasLive: true, error, final: false };
const idle: State = { kind: 'idle', run: 1 };

const project = (state: State, more: Partial<StatusParts> = {}) =>
  projectStatus({
    state,
    transport: null,
    closedBy: null,
    lastConnectedMs: 50,
    activeHubs: ['https://h.test/ops'],
    primaryTabId: 'a',
    tabIds: ['a', 'b'],
    lastReconnect: null,
    ...more,
  });

it.each<[string, State, ConnectionStatus]>([
  ['a hub that nobody wants', idle, ConnectionStatus.DISCONNECTED],
  ['the first start', starting(false), ConnectionStatus.CONNECTING],
  ['waiting for the second first start', waiting(false), ConnectionStatus.CONNECTING],
  ['a live connection', live, ConnectionStatus.CONNECTED],
  ['waiting after a loss', waiting(true), ConnectionStatus.RECONNECTING],
  ['starting after a loss', starting(true), ConnectionStatus.RECONNECTING],
  ['a hub at rest', resting, ConnectionStatus.DISCONNECTED],
])('%s', (_, state, expected) => {
  expect(statusOf(state)).toBe(expected);
  expect(project(state).snapshot.status).toBe(expected);
});

describe('the snapshot', () => {
  it('has exactly the members of the specification', () => {
    expect(project(live).snapshot).toEqual({
      connectionId: 'c-1',
      activeHubs: ['https://h.test/ops'],
      lastConnected: 50,
      reconnectAttempts: 0,
      status: ConnectionStatus.CONNECTED,
      primaryTabId: 'a',
      subscribedTabs: ['a', 'b'],
    });
  });

  it('says the error only when there is one', () => {
    expect(project(waiting(true)).snapshot.error).toBe('gone');
    expect('error' in project(live).snapshot).toBe(false);
  });

  it('has texts where there is nothing to name', () => {
    expect(project(idle, { primaryTabId: null }).snapshot).toMatchObject({ connectionId: '', primaryTabId: '' });
    expect(project({ ...live, connectionId: null }).snapshot.connectionId).toBe('');
  });

  it.each<[State, number]>([
    [idle, 0],
    [starting(true), 2],
    [waiting(true), 2],
    [live, 0],
    [resting, 5],
  ])('counts the attempts ($kind)', (state, attempts) => {
    expect(project(state).snapshot.reconnectAttempts).toBe(attempts);
  });

  it('is a copy: who keeps it sees no later change', () => {
    const tabIds = ['a'];
    const { snapshot } = project(live, { tabIds });
    tabIds.push('b');
    expect(snapshot.subscribedTabs).toEqual(['a']);
  });
});

describe('the status', () => {
  it.each<[State, string]>([
    [idle, 'closed'],
    [starting(true), 'starting'],
    [live, 'live'],
    [waiting(true), 'waiting'],
    [resting, 'resting'],
  ])('names the phase', (state, phase) => {
    expect(project(state).phase).toBe(phase);
  });

  it('says when the retry is due only while one is', () => {
    expect(project(waiting(true)).retryAtMs).toBe(900);
    expect(project(starting(true)).retryAtMs).toBeNull();
  });

  it('tells a missing connection id from none', () => {
    expect(project({ ...live, connectionId: null }).connectionId).toBeNull();
    expect(project(live).connectionId).toBe('c-1');
    expect(project(waiting(true)).connectionId).toBeNull();
  });

  it('says why a hub is closed, and not for longer', () => {
    const closedBy = wireError('signed-out', 'out', {});
    expect(project(idle, { closedBy }).error).toEqual(closedBy);
    expect(project(live, { closedBy }).error).toBeNull();
    expect(project(waiting(true), { closedBy }).error).toEqual(error);
  });
});

it('tells of the last reconnect as long as the hub is open', () => {
  const lastReconnect = { endedAtMs: 5, lastedMs: 2, missed: 'unknown' } as const;
  expect(project(live, { lastReconnect }).lastReconnect).toEqual(lastReconnect);
  expect(project(live).lastReconnect).toBeNull();
});

describe('authenticationRequired (SEC-7 E-003, SR-3)', () => {
  const rejected = wireError('token-rejected', 'Sign in.', { httpStatus: 401 });
  const unavailable = wireError('token-unavailable', 'There is none.', {});

  it.each<[string, State, boolean]>([
    ['at rest, the token refused', { ...resting, error: rejected, final: true }, true],
    ['at rest, without a token', { ...resting, error: unavailable }, true],
    ['at rest for another reason', resting, false],
    ['at rest without a reason', { ...resting, error: null }, false],
    ['while attempts to get a token go on', { ...waiting(true), error: unavailable } as State, false],
    ['at the start after the sign-in', { ...starting(true), error: rejected } as State, false],
    ['live', live, false],
  ])('%s', (_, state, isRequired) => {
    expect(project(state).authenticationRequired).toBe(isRequired);
  });

  it('is not what a sign-out is called', () => {
    const closedBy = wireError('signed-out', 'Signed out.', {});
    expect(project(idle, { closedBy })).toMatchObject({ authenticationRequired: false, phase: 'closed' });
  });
});
