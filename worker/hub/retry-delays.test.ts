import { expect, it } from 'vitest';
import { DEFAULT_RETRY_DELAYS_MS, retryDelays, type Spread } from './retry-delays.js';

const attempts = [1, 2, 3, 4, 5, 6];
const spread = (jitter: number, random: () => number, spreadMs = 0): Spread => ({ jitter, spreadMs, random });

it('waits the specified 0, 2, 10, 30 and 60 s, then gives up (SEC-6)', () => {
  const delay = retryDelays(
    DEFAULT_RETRY_DELAYS_MS,
    spread(0.2, () => 0),
  );
  expect(attempts.map(delay)).toEqual([0, 2_000, 10_000, 30_000, 60_000, null]);
});

it('is at most the given share longer, and never shorter', () => {
  const most = retryDelays(
    DEFAULT_RETRY_DELAYS_MS,
    spread(0.2, () => 1),
  );
  expect(attempts.map(most)).toEqual([0, 2_400, 12_000, 36_000, 72_000, null]);
});

it('spreads clients between both bounds', () => {
  expect(
    retryDelays(
      [10_000],
      spread(0.2, () => 0.5),
    )(1),
  ).toBe(11_000);
});

it('is exact without jitter', () => {
  expect(
    retryDelays(
      [2_000],
      spread(0, () => 0.9),
    )(1),
  ).toBe(2_000);
});

it('gives whole milliseconds', () => {
  expect(
    retryDelays(
      [1_001],
      spread(0.2, () => 1 / 3),
    )(1),
  ).toBe(1_068);
});

it('never retries when there are no delays', () => {
  expect(
    retryDelays(
      [],
      spread(0.2, () => 0, 500),
    )(1),
  ).toBeNull();
});

it('differs between clients after a delay of 0 too', () => {
  const delay = (random: number) =>
    retryDelays(
      DEFAULT_RETRY_DELAYS_MS,
      spread(0.2, () => random, 500),
    );
  expect(attempts.map(delay(0))).toEqual([0, 2_000, 10_000, 30_000, 60_000, null]);
  expect(attempts.map(delay(1))).toEqual([500, 2_900, 12_500, 36_500, 72_500, null]);
  expect(delay(0.5)(1)).toBe(250);
});

it('draws anew for each attempt', () => {
  const drawn = [0, 1];
  const delay = retryDelays(
    [1_000, 1_000],
    spread(0.2, () => drawn.shift() ?? expect.unreachable()),
  );
  expect([delay(1), delay(2)]).toEqual([1_000, 1_200]);
});
