/** How figures are compared with targets. */
import { expect, it } from 'vitest';
import { createResults, type Row } from './results.js';
import { judge, ratioOf } from './verdict.js';
import type { Way } from './ways.js';

function rowOf(values: Partial<Record<Way, readonly number[]>>): Row {
  const results = createResults();
  for (const [way, list] of Object.entries(values)) {
    for (const value of list) results.add('latency', 'a figure', 'ms', way as Way, value);
  }
  return results.rows[0]!;
}

it('takes the ratio within each repeat, so that a machine that slows down does not change it', () => {
  const row = rowOf({ shared: [1, 10, 100], plain: [2, 20, 200] });
  expect(ratioOf(row, 'plain')).toBe(0.5);
});

it('gives no ratio to a way that was not measured as often', () => {
  const row = rowOf({ shared: [1, 2], plain: [2] });
  expect(ratioOf(row, 'plain')).toBeNull();
  expect(ratioOf(row, 'leader')).toBeNull();
});

it.each([
  ['at most', 1.2, 1.2, true],
  ['at most', 1.2, 1.21, false],
  ['at least', 4, 4, true],
  ['at least', 4, 3.99, false],
] as const)('%s %d: a ratio of %d is met: %s', (must, bound, shared, met) => {
  const row = rowOf({ shared: [shared], plain: [1] });
  expect(judge([row], [{ label: 'a figure', over: 'plain', must, bound }])).toMatchObject([{ value: shared, met }]);
});

it('says by which factor a target is missed, in the direction of the target', () => {
  const row = rowOf({ shared: [2], plain: [1] });
  const missed = judge(
    [row],
    [
      { label: 'a figure', over: 'plain', must: 'at least', bound: 10 },
      { label: 'a figure', over: 'plain', must: 'at most', bound: 0.5 },
    ],
  );
  expect(missed.map(({ missedBy }) => missedBy)).toEqual([5, 4]);
});

it('compares the value itself where a target names no other way', () => {
  const row = rowOf({ shared: [1, 0, 0] });
  expect(judge([row], [{ label: 'a figure', over: null, must: 'at most', bound: 0 }])).toMatchObject([{ met: true }]);
});

it('says nothing about a target whose figure was not measured', () => {
  const target = { label: 'another figure', over: 'plain', must: 'at most', bound: 1 } as const;
  expect(judge([rowOf({ shared: [1], plain: [1] })], [target])).toEqual([]);
});
