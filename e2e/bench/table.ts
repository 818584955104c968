/** Shows the results as a table of plain text. */
import type { Results, Row } from './results.js';
import { summarize } from './statistics.js';
import { ratioOf, type Verdict } from './verdict.js';
import { WAYS } from './ways.js';

const RIVALS = WAYS.filter((way) => way !== 'shared');

export function tableOf({ rows, notes }: Results, verdicts: readonly Verdict[]): string {
  const lines = [
    ['', ...WAYS, ...RIVALS.map((way) => `/${way}`)],
    ...rows.map((row) => [
      `${row.label} (${row.unit})`,
      ...WAYS.map((way) => cell(row.values[way])),
      ...RIVALS.map((way) => ratio(row, way)),
    ]),
  ];
  const targets = [['target', '', 'measured', ''], ...verdicts.map(verdictLine)];
  return [
    'Median (least to most of the repeats). /plain, /leader, /comlink: shared divided by that way, median of the repeats.',
    '',
    ...align(lines),
    '',
    ...align(targets),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');
}

function cell(values: readonly number[]): string {
  if (values.length === 0) return '-';
  const { median, min, max } = summarize(values);
  if (values.length === 1 || min === max) return short(median);
  return `${short(median)} (${short(min)} to ${short(max)})`;
}

function ratio(row: Row, over: (typeof RIVALS)[number]): string {
  const value = ratioOf(row, over);
  return value === null || !Number.isFinite(value) ? '' : `${short(value)}×`;
}

function verdictLine({ label, over, must, bound, value, met, missedBy }: Verdict): readonly string[] {
  const unit = over === null ? '' : '×';
  const factor = Number.isFinite(missedBy) ? ` by a factor of ${short(missedBy)}` : '';
  return [
    `${label}${over === null ? '' : ` / ${over}`}`,
    `${must} ${short(bound)}${unit}`,
    `${short(value)}${unit}`,
    met ? 'met' : `MISSED${factor}`,
  ];
}

/** Three digits that matter, thousands as k. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 10_000) return `${trim(value / 1000)} k`;
  return trim(value);
}

function trim(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function align(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
