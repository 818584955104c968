/** US8-5: how often one user may call. */
import { expect, it } from 'vitest';
import { createCallRate } from './call-rate.js';

function setUp(perSecond = 10) {
  const clock = { nowMs: 5_000 };
  return { clock, rate: createCallRate(perSecond, () => clock.nowMs) };
}

function times(count: number, act: () => unknown): unknown[] {
  return Array.from({ length: count }, act);
}

it('grants ten calls at once and refuses the eleventh until the first is a second old', () => {
  const { clock, rate } = setUp();
  expect(times(10, () => rate.take('ann').ok)).toEqual(times(10, () => true));
  expect(rate.take('ann')).toEqual({ ok: false, retryAfterMs: 1000, warn: true });
  clock.nowMs += 999;
  expect(rate.take('ann')).toEqual({ ok: false, retryAfterMs: 1, warn: false });
  clock.nowMs += 1;
  expect(rate.take('ann')).toEqual({ ok: true });
});

it('never grants more than the limit in any one second, and refused calls cost nothing', () => {
  const { clock, rate } = setUp();
  const grantedAtMs: number[] = [];
  for (let ms = 0; ms < 5_000; ms += 7) {
    clock.nowMs += 7;
    if (rate.take('ann').ok) grantedAtMs.push(clock.nowMs);
  }
  for (const atMs of grantedAtMs) {
    expect(grantedAtMs.filter((other) => other >= atMs && other < atMs + 1000).length).toBeLessThanOrEqual(10);
  }
  expect(grantedAtMs.length).toBeGreaterThanOrEqual(50);
});

it('warns once a second however many calls are refused', () => {
  const { clock, rate } = setUp(1);
  let warnings = 0;
  for (let ms = 0; ms < 2_500; ms += 1) {
    const taken = rate.take('ann');
    if (!taken.ok && taken.warn) warnings += 1;
    clock.nowMs += 1;
  }
  expect(warnings).toBe(3);
});

it('counts each user alone', () => {
  const { rate } = setUp(1);
  expect(rate.take('ann').ok).toBe(true);
  expect(rate.take('bob').ok).toBe(true);
  expect(rate.take('ann').ok).toBe(false);
});

it('forgets who has been silent, and nobody else', () => {
  const { clock, rate } = setUp(1);
  for (let index = 0; index < 5_000; index += 1) {
    rate.take(`user-${index}`);
    clock.nowMs += 1;
  }
  expect(rate.users).toBeLessThanOrEqual(2_000);
  expect(rate.take('user-4999').ok).toBe(false);
});
