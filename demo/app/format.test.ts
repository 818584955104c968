/** Figures are short, times are in the largest unit that fits, axes end on round numbers. */
import { expect, it } from 'vitest';
import { niceTop } from './chart.js';
import { formatAge, formatMilliseconds, formatNumber } from './format.js';

it.each([
  [0.842, '0.84'],
  [41.25, '41.3'],
  [999.6, '1,000'],
  [9_994, '9,994'],
  [12_340, '12.3 k'],
  [2_500_000, '2.5 M'],
])('writes %d as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

it.each([
  [-5_000, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [86_400_000, '1 d'],
])('writes an age of %d ms as %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

it('writes short delays with a decimal and long ones without', () => {
  expect([0.04, 9.96, 10.4].map(formatMilliseconds)).toEqual(['0.0 ms', '10.0 ms', '10 ms']);
});

it.each([
  [0, 1],
  [1, 1],
  [1.01, 2],
  [37, 40],
  [401, 600],
  [NaN, 1],
])('ends an axis for %d at %d', (highest, top) => {
  expect(niceTop(highest)).toBe(top);
});
