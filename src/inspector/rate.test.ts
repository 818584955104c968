/** The figure beside the worker: events per second. */
import { expect, it } from 'vitest';
import { createRate } from './rate.js';

it('is zero before two totals are known', () => {
  const rate = createRate();
  expect(rate.perSecond(0)).toBe(0);
  rate.note(0, 500);
  expect(rate.perSecond(10)).toBe(0);
});

it('divides what came by the time that it took', () => {
  const rate = createRate();
  for (let step = 0; step <= 20; step += 1) rate.note(step * 200, step * 80);
  expect(rate.perSecond(4_000)).toBeCloseTo(400);
});

it('falls to zero when no report comes any more', () => {
  const rate = createRate();
  rate.note(0, 0);
  rate.note(1_000, 400);
  expect(rate.perSecond(2_000)).toBeCloseTo(200);
  expect(rate.perSecond(3_000)).toBe(0);
});

it('starts over when a new worker counts from zero', () => {
  const rate = createRate();
  rate.note(0, 90_000);
  rate.note(200, 10);
  expect(rate.perSecond(300)).toBe(0);
  rate.note(700, 60);
  expect(rate.perSecond(700)).toBeCloseTo(100);
});
