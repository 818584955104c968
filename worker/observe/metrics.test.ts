import { describe, expect, it, vi } from 'vitest';
import { wireError } from '../../src/contract/errors.js';
import type { State } from '../hub/connection-machine.js';
import { FakeClock } from '../testing/fake-clock.js';
import { createAlertLog } from './alert-log.js';
import { createHubMonitor } from './metrics.js';
import { createTokenMeter } from './metrics-token.js';

const NOW = { tabs: 2, transport: 'WebSockets' };
const lost = wireError('connection-lost', 'gone', {});

function setUp() {
  const clock = new FakeClock(1_000);
  const now = (): number => clock.now();
  const log = createAlertLog({ now, onRaised: () => undefined, onChange: () => undefined });
  const monitor = createHubMonitor('https://h.test/hubs/ops?tenant=acme', log, now, null);
  let state: State = { kind: 'idle', run: 0 };
  function go(next: State, hasPresented = false): void {
    const before = state;
    state = next;
    monitor.follow(next, before, hasPresented);
  }
  const starting = (wasLive = false): State => ({
    kind: 'starting',
    run: 1,
    attempt: 0,
    wasLive,
    error: null,
    fellAtMs: null,
  });
  const live = (): State => ({ kind: 'live', run: 1, connectionId: 'c', sinceMs: now() });
  const waiting = (): State => ({
    kind: 'waiting',
    run: 1,
    attempt: 1,
    wasLive: true,
    error: lost,
    fellAtMs: now(),
    retryAtMs: now(),
  });
  const resting: State = { kind: 'resting', run: 1, attempt: 0, wasLive: true, error: lost, final: true };
  const idle: State = { kind: 'idle', run: 1 };
  function connect(): void {
    go(starting());
    go(live());
  }
  return { clock, log, monitor, go, connect, starting, live, waiting, resting, idle, read: () => monitor.read(NOW) };
}

it('has counted nothing at first, and names the hub without its query', () => {
  const { read } = setUp();
  expect(read()).toMatchObject({
    hub: 'https://h.test/hubs/ops',
    tabs: 2,
    connection: { isConnected: false, connects: 0, disconnects: 0, uptimeMs: 0, connectedMs: 0 },
    authentication: { accepted: 0, failures: { 'refused-by-hub': 0, 'refused-by-issuer': 0, 'no-token': 0 } },
  });
});

it('adds up the time for which the hub was connected', async () => {
  const { clock, go, connect, waiting, starting, live, read } = setUp();
  connect();
  await clock.advanceBy(5_000);
  go(waiting());
  await clock.advanceBy(300);
  expect(read().connection).toMatchObject({ isConnected: false, uptimeMs: 0, connectedMs: 5_000 });
  go(starting(true));
  go(live());
  await clock.advanceBy(700);
  expect(read().connection).toMatchObject({
    isConnected: true,
    connects: 2,
    disconnects: 1,
    uptimeMs: 700,
    connectedMs: 5_700,
    reconnects: { count: 1, sumMs: 300, lastMs: 300 },
  });
});

describe('counts as a disconnect', () => {
  it('a loss after which it tries again, and one after which it rests', () => {
    const { go, connect, waiting, resting, read } = setUp();
    connect();
    go(waiting());
    connect();
    go(resting);
    expect(read().connection.disconnects).toBe(2);
  });

  it('a loss that stateful reconnect has mended', () => {
    const { connect, monitor, read } = setUp();
    connect();
    monitor.resumed(40);
    expect(read().connection).toMatchObject({
      connects: 1,
      disconnects: 1,
      resumes: 1,
      reconnects: { count: 1, lastMs: 40 },
    });
  });

  it('a loss after the hub was asked to cut, when stateful reconnect could not mend it', () => {
    const { connect, go, monitor, waiting, read } = setUp();
    connect();
    monitor.cutAskedFor();
    go(waiting());
    expect(read().connection.disconnects).toBe(1);
  });

  it('a second one after a cut that was asked for, or one long after it', async () => {
    const { clock, connect, monitor, read } = setUp();
    connect();
    monitor.cutAskedFor();
    monitor.resumed(10);
    expect(read().connection).toMatchObject({ disconnects: 0, resumes: 0, reconnects: { count: 0 } });
    monitor.resumed(10);
    expect(read().connection.disconnects).toBe(1);
    monitor.cutAskedFor();
    await clock.advanceBy(30_001);
    monitor.resumed(10);
    expect(read().connection.disconnects).toBe(2);
  });
});

it('does not count what an app or a person has asked for, however often (SEC-5)', () => {
  const { log, go, connect, starting, live, idle, read } = setUp();
  for (let n = 0; n < 3; n += 1) {
    connect();
    go(idle);
    connect();
    // Somebody wants a new connection.
    go(starting(true));
    go(live());
    go(idle);
  }
  expect(read().connection).toMatchObject({ connects: 9, disconnects: 0, reconnects: { count: 0 } });
  expect(log.since(0)).toEqual([]);
});

it('raises an alert after three disconnects', () => {
  const { log, go, connect, waiting, read } = setUp();
  for (let n = 0; n < 3; n += 1) {
    connect();
    go(waiting());
  }
  expect(log.since(0)).toMatchObject([{ kind: 'frequent-disconnects', count: 3 }]);
  expect(read().alertsRaised).toEqual({ 'frequent-disconnects': 1, 'authentication-failed': 0 });
});

it('counts tokens that the hub has accepted: at a connect, or for the live connection', () => {
  const { go, starting, live, idle, monitor, read } = setUp();
  go(starting());
  go(live(), true);
  monitor.tokenAccepted();
  go(idle, true);
  go(starting(), true);
  go(live(), false);
  expect(read().authentication.accepted).toBe(2);
});

it('tells refusals by the hub from those of the issuer, and from tokens that did not come', () => {
  const { monitor, read } = setUp();
  monitor.tokenRefused();
  monitor.tokens.noteFetch('received', 20);
  monitor.tokens.noteFetch('refreshed', 30);
  monitor.tokens.noteFetch('token-rejected', 5);
  monitor.tokens.noteFetch('token-timed-out', 5);
  monitor.tokens.noteFetch('token-unavailable', 5);
  expect(read()).toMatchObject({
    authentication: { failures: { 'refused-by-hub': 1, 'refused-by-issuer': 1, 'no-token': 2 } },
    token: { isShared: false, refreshes: 1, failures: 3, fetches: { count: 2, sumMs: 50, lastMs: 30 } },
  });
});

it('raises an alert for a refusal by the issuer while the hub is connected, for nobody else would', () => {
  const { log, connect, monitor } = setUp();
  monitor.tokens.noteFetch('token-rejected', 5);
  expect(log.since(0)).toEqual([]);
  connect();
  monitor.tokens.noteFetch('token-unavailable', 5);
  expect(log.since(0)).toEqual([]);
  monitor.tokens.noteFetch('token-rejected', 5);
  expect(log.since(0)).toMatchObject([{ kind: 'authentication-failed', count: 1 }]);
});

it('puts each duration into its range', () => {
  const onRefused = vi.fn();
  const meter = createTokenMeter(true, onRefused);
  for (const ms of [-5, 10, 11, 300_000, 300_001]) meter.noteFetch('received', ms);
  const { fetches, isShared } = meter.read();
  expect(isShared).toBe(true);
  expect(fetches.counts).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  expect(fetches).toMatchObject({ count: 5, sumMs: 600_022, lastMs: 300_001 });
  expect(fetches.counts).toHaveLength(fetches.boundsMs.length + 1);
  expect(onRefused).not.toHaveBeenCalled();
});
