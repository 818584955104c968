/** The flags of `npm run bench`. */
import { parseArgs } from 'node:util';

export const FIGURES = ['connections', 'opening', 'latency', 'saturation', 'cpu', 'memory', 'idle', 'token'] as const;
export type FigureName = (typeof FIGURES)[number];

export interface BenchOptions {
  readonly json: boolean;
  readonly only: readonly FigureName[];
  readonly times: Times;
}

/** How long and how often is measured. Milliseconds. */
export interface Times {
  readonly repeats: number;
  readonly latencyMs: number;
  readonly warmUpMs: number;
  readonly saturationMs: number;
  readonly cpuMs: number;
  readonly connectionsMs: number;
  readonly openings: number;
  readonly frozenMs: number;
  readonly idleMs: number;
  readonly tokenAnswers: number;
}

const FULL: Times = {
  repeats: 5,
  latencyMs: 10_000,
  warmUpMs: 1_500,
  saturationMs: 4_000,
  cpuMs: 8_000,
  connectionsMs: 5_000,
  openings: 5,
  frozenMs: 60_000,
  idleMs: 20_000,
  tokenAnswers: 1_000,
};

const QUICK: Times = {
  repeats: 2,
  latencyMs: 4_000,
  warmUpMs: 1_000,
  saturationMs: 2_000,
  cpuMs: 4_000,
  connectionsMs: 2_000,
  openings: 2,
  frozenMs: 10_000,
  idleMs: 20_000,
  tokenAnswers: 200,
};

/** @throws {TypeError} naming the flag that is wrong */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: FIGURES.join(',') },
      repeats: { type: 'string' },
    },
  });
  const times = values.quick ? QUICK : FULL;
  const repeats = values.repeats === undefined ? times.repeats : Number(values.repeats);
  if (!(Number.isInteger(repeats) && repeats > 0)) throw new TypeError('--repeats must be a whole number, 1 or more.');
  return { json: values.json, only: figuresOf(values.only), times: { ...times, repeats } };
}

function figuresOf(list: string): readonly FigureName[] {
  return list.split(',').map((name) => {
    const figure = FIGURES.find((known) => known === name.trim());
    if (figure === undefined) throw new TypeError(`--only takes ${FIGURES.join(',')}, not "${name}".`);
    return figure;
  });
}
