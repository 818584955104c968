/** Keeps the figures of a run: one file for each project, and all of them together in `.cache/reports/figures.json`. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Timing {
  readonly unit: 'ms';
  readonly trials: number;
  readonly median: number;
  readonly worst: number;
}

export type Figures = Readonly<Record<string, Timing | number>>;

const reports = fileURLToPath(new URL('../../.cache/reports/', import.meta.url));
const parts = join(reports, 'figures');

export function timing(samplesMs: readonly number[]): Timing {
  const sorted = samplesMs.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median =
    sorted.length % 2 === 1
      ? (sorted[middle] ?? Number.NaN)
      : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
  return { unit: 'ms', trials: sorted.length, median, worst: sorted.at(-1) ?? Number.NaN };
}

export async function keepFigures(project: string, figures: Figures): Promise<void> {
  await mkdir(parts, { recursive: true });
  const own = join(parts, `${project}.json`);
  const before = await readFigures(own);
  await writeWhole(own, { ...before, ...figures });
  const all: Record<string, Figures> = {};
  for (const file of (await readdir(parts)).toSorted()) {
    if (file.endsWith('.json')) all[file.slice(0, -'.json'.length)] = await readFigures(join(parts, file));
  }
  await writeWhole(join(reports, 'figures.json'), all);
}

async function readFigures(file: string): Promise<Figures> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return JSON.parse(text) as Figures;
}

/** Projects may run at the same time: nobody ever reads half a file. */
async function writeWhole(file: string, content: unknown): Promise<void> {
  const draft = `${file}.${process.pid}.draft`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`);
  await rename(draft, file);
}
