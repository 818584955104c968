import { expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { createAlertLog, KEPT_ALERTS } from './alert-log.js';
import { createHubAlerts, DISCONNECTS_WINDOW_MS, SAME_FAILURE_MS } from './alerts.js';

const MINUTE_MS = 60_000;
const OPS = { url: 'https://h.test/hubs/ops?tenant=acme', name: 'https://h.test/hubs/ops' };

function setUp() {
  const clock = new FakeClock(1_000);
  const now = (): number => clock.now();
  const onRaised = vi.fn();
  const onChange = vi.fn();
  const log = createAlertLog({ now, onRaised, onChange });
  const alerts = createHubAlerts(OPS, log, now);
  /** Disconnects at these times after the start. */
  async function disconnectAt(...timesMs: readonly number[]): Promise<void> {
    for (const atMs of timesMs) {
      await clock.advanceBy(1_000 + atMs - clock.now());
      alerts.disconnected();
    }
  }
  return { clock, log, alerts, onRaised, onChange, disconnectAt };
}

it('raises an alert at the third disconnect in five minutes (SEC-5)', async () => {
  const { log, onRaised, disconnectAt } = setUp();
  await disconnectAt(0, MINUTE_MS);
  expect(onRaised).not.toHaveBeenCalled();

  await disconnectAt(DISCONNECTS_WINDOW_MS);

  expect(onRaised).toHaveBeenCalledTimes(1);
  const atMs = 1_000 + DISCONNECTS_WINDOW_MS;
  expect(log.since(0)).toMatchObject([
    { id: 1, kind: 'frequent-disconnects', hub: OPS.name, atMs, lastAtMs: atMs, count: 3 },
  ]);
});

it('raises none for three disconnects in five minutes and a millisecond', async () => {
  const { onRaised, disconnectAt } = setUp();
  await disconnectAt(0, MINUTE_MS, DISCONNECTS_WINDOW_MS + 1);
  expect(onRaised).not.toHaveBeenCalled();
});

it('counts further disconnects of the same episode in the alert that was raised for it', async () => {
  const { log, alerts, onRaised, disconnectAt } = setUp();
  await disconnectAt(...[0, 1, 2, 4, 5.5, 7].map((minutes) => minutes * MINUTE_MS));
  expect(onRaised).toHaveBeenCalledTimes(1);
  expect(log.since(0)).toMatchObject([{ count: 6, atMs: 1_000 + 2 * MINUTE_MS, lastAtMs: 1_000 + 7 * MINUTE_MS }]);
  expect(alerts.raised).toEqual({ 'frequent-disconnects': 1, 'authentication-failed': 0 });
});

it('raises another alert when the window has held fewer than three in between', async () => {
  const { log, disconnectAt } = setUp();
  // A millisecond after the seventh minute only those at 4 and 5 minutes are left: with the next one they are three again.
  await disconnectAt(...[0, 1, 2, 4, 5].map((minutes) => minutes * MINUTE_MS), 7 * MINUTE_MS + 1, 8 * MINUTE_MS);
  expect(log.since(0).map(({ count }) => count)).toEqual([5, 4]);
});

it('takes failed authentications within a minute for one alert, and a later one for another', async () => {
  const { clock, log, alerts, onRaised } = setUp();
  alerts.authenticationFailed('refused');
  await clock.advanceBy(SAME_FAILURE_MS);
  alerts.authenticationFailed('refused');
  expect(onRaised).toHaveBeenCalledTimes(1);

  await clock.advanceBy(1);
  alerts.authenticationFailed('refused');

  expect(onRaised).toHaveBeenCalledTimes(2);
  expect(log.since(0)).toMatchObject([
    { kind: 'authentication-failed', count: 2, atMs: 1_000, lastAtMs: 61_000 },
    { kind: 'authentication-failed', count: 1, atMs: 61_001 },
  ]);
});

it('does not hold a failure in an alert of the future, though the clock was set back', () => {
  let nowMs = 100_000;
  const onRaised = vi.fn();
  const log = createAlertLog({ now: () => nowMs, onRaised, onChange: () => undefined });
  const alerts = createHubAlerts(OPS, log, () => nowMs);
  alerts.authenticationFailed('refused');
  nowMs = 1_000;
  alerts.authenticationFailed('refused');
  expect(onRaised).toHaveBeenCalledTimes(2);
});

it('keeps the newest alerts only, and a count for one that is kept no more changes nothing', () => {
  const { log, onChange } = setUp();
  const first = log.raise('authentication-failed', OPS, 1, 'refused');
  for (let n = 0; n < KEPT_ALERTS; n += 1) log.raise('authentication-failed', OPS, 1, 'refused');
  const before = log.since(0);
  expect(before).toHaveLength(KEPT_ALERTS);
  expect(before[0]?.id).toBe(2);
  onChange.mockClear();

  first.again();

  expect(log.since(0)).toEqual(before);
});

it('tells hubs apart by their whole URL, and gives only what came after an id', () => {
  const { log } = setUp();
  const other = { url: 'https://h.test/hubs/ops?tenant=other', name: OPS.name };
  log.raise('authentication-failed', OPS, 1, 'refused');
  log.raise('authentication-failed', other, 1, 'refused');
  log.raise('authentication-failed', OPS, 1, 'refused');
  expect(log.since(0, OPS.url).map(({ id }) => id)).toEqual([1, 3]);
  expect(log.since(1, OPS.url).map(({ id }) => id)).toEqual([3]);
  expect(log.since(3)).toEqual([]);
  expect(JSON.stringify(log.since(0))).not.toContain('tenant');
});
