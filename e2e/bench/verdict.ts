/** Compares what was measured with the targets. */
import type { Row } from './results.js';
import { percentile } from './statistics.js';
import type { Target } from './targets.js';
import type { Way } from './ways.js';

export interface Verdict extends Target {
  readonly value: number;
  readonly met: boolean;
  /** By which factor the bound is missed; 1 where it is met. Infinity for a bound of 0. */
  readonly missedBy: number;
}

/** Median of the ratios within each repeat, which stood next to each other in time; `null` where one of the two is missing. */
export function ratioOf(row: Row, over: Way): number | null {
  const { shared } = row.values;
  const other = row.values[over];
  if (shared.length === 0 || shared.length !== other.length) return null;
  return percentile(
    shared.map((value, repeat) => value / (other[repeat] ?? Number.NaN)),
    0.5,
  );
}

/** @returns Nothing for targets whose figure was not measured. */
export function judge(rows: readonly Row[], targets: readonly Target[]): readonly Verdict[] {
  return targets.flatMap((target) => {
    const row = rows.find(({ label }) => label === target.label);
    if (!row || row.values.shared.length === 0) return [];
    const value = target.over === null ? percentile(row.values.shared, 0.5) : ratioOf(row, target.over);
    if (value === null || Number.isNaN(value)) return [];
    const met = target.must === 'at least' ? value >= target.bound : value <= target.bound;
    const missedBy = target.must === 'at least' ? target.bound / value : value / target.bound;
    return [{ ...target, value, met, missedBy: met ? 1 : missedBy }];
  });
}
