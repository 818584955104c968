/** The benchmark: runs the figures that were asked for and shows them. Nothing is asserted; it fails only when something did not run. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { launchBareBrowser, launchBrowser, useBrowsersOf } from './browser.js';
import { cpu } from './figures/cpu.js';
import { connections } from './figures/connections.js';
import { opening } from './figures/opening.js';
import { memory } from './figures/memory.js';
import { idle } from './figures/idle.js';
import { token } from './figures/token.js';
import type { Figure, Means, SessionFigure } from './figures/figure.js';
import { latency } from './figures/latency.js';
import { saturation } from './figures/saturation.js';
import { sessionsOf } from './figures/sessions.js';
import { startHubProcess, type HubProcess } from './hub/hub-process.js';
import { parseBenchOptions, type FigureName } from './options.js';
import { createResults } from './results.js';
import { summarize } from './statistics.js';
import { tableOf } from './table.js';
import { TARGETS } from './targets.js';
import { judge, ratioOf } from './verdict.js';
import { WAYS } from './ways.js';

export interface Places {
  /** Folder of the built pages. */
  readonly site: string;
  /** Folder of the built hub programs. */
  readonly programs: string;
  readonly browsersFile: string;
}

const alone: Readonly<Partial<Record<FigureName, Figure>>> = { connections, opening, memory, idle, token };
const ofSessions: Readonly<Partial<Record<FigureName, SessionFigure>>> = { latency, cpu, saturation };

/** @returns Whether everything ran. */
export async function runBench(args: readonly string[], places: Places): Promise<boolean> {
  const { json, only, times } = parseBenchOptions(args);
  const version = useBrowsersOf(places.browsersFile);
  const results = createResults();
  const failures: string[] = [];
  const tell = (line: string): void => void process.stderr.write(`  ${line}\n`);
  const closers: (() => Promise<void>)[] = [];
  const closing = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    closers.push(() => started.close());
    return started;
  };
  const startHub = (name: string): Promise<HubProcess> =>
    closing(startHubProcess(join(places.programs, `${name}.mjs`), places.site));
  const means: Means = {
    times,
    results,
    tell,
    startFirehose: () => startHub('firehose'),
    startEmbedded: () => startHub('embedded'),
    launchBrowser: () => closing(launchBrowser()),
    launchBareBrowser: () => closing(launchBareBrowser()),
    closeAfter: (close) => void closers.push(close),
  };

  for (const [name, figure] of plan(only)) {
    tell(name);
    try {
      await figure(means);
    } catch (error) {
      failures.push(name);
      tell(
        `${name} did not run to its end: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    }
    // The last one first: a browser goes before its hub.
    for (const close of closers.splice(0).toReversed()) {
      await close().catch((error: unknown) => tell(`something did not close: ${String(error)}`));
    }
  }

  if (results.othersBusy.length > 0) {
    const { median, max } = summarize(results.othersBusy);
    const share = `${Math.round(median)} % of the machine (at most ${Math.round(max)} %)`;
    results.note(`Other programs used ${share} while this was measured.`);
  }
  const verdicts = judge(results.rows, TARGETS);
  const machine = { browser: version, cores: cpus().length, cpu: cpus()[0]?.model ?? '', node: process.version };
  if (json) {
    const rows = results.rows.map((row) => ({
      ...row,
      summary: Object.fromEntries(WAYS.map((way) => [way, row.values[way].length ? summarize(row.values[way]) : null])),
      ratios: Object.fromEntries(WAYS.slice(1).map((way) => [way, ratioOf(row, way)])),
    }));
    process.stdout.write(
      `${JSON.stringify({ machine, times, rows, verdicts, notes: results.notes, failures }, null, 2)}\n`,
    );
  } else {
    process.stdout.write(`\n${machine.browser}, ${machine.cores} cores (${machine.cpu}), Node ${machine.node}\n`);
    process.stdout.write(`${tableOf(results, verdicts)}\n`);
  }
  return failures.length === 0;
}

/** What runs, in the order of the list; figures of open tabs run together, where the first of them stands. */
function plan(only: readonly FigureName[]): readonly (readonly [string, Figure])[] {
  const together = only.flatMap((name) => ofSessions[name] ?? []);
  const names = only.filter((name) => ofSessions[name]);
  return only.flatMap((name) => {
    const figure = alone[name];
    if (figure) return [[name, figure] as const];
    return name === names[0] ? [[names.join(', '), sessionsOf(together)] as const] : [];
  });
}
