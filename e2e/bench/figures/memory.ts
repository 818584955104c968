/** Memory of the browser while twenty of its tabs are frozen and the hub sends as fast as one live tab takes it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchBrowser } from '../browser.js';
import { ringOf, type Flow } from '../hub/orders.js';
import { memoryMbOf } from '../processes.js';
import { openTabs, rateBetween, sessionOf } from '../session.js';
import { WAYS, type Way } from '../ways.js';
import type { Figure, Means } from './figure.js';

const FROZEN = 20;
const FLOW = { kind: 'flood', bytes: 220, perMessage: 32, credit: 4096 } as const satisfies Flow;
/** What grows at first is also the code and the buffers of the live tab. */
const WARM_UP_MS = 3_000;
const MAX_GROWTH_MB = 1_500;
const SAMPLES = 20;

export const memory: Figure = async (means) => {
  if (process.platform !== 'linux') {
    means.results.note('Memory: n/a on this system; it is read from /proc.');
    return;
  }
  for (const way of WAYS) {
    const bare = await means.launchBareBrowser();
    try {
      await measureWay(way, bare, means);
    } catch (error) {
      const signal = bare.crashedBy();
      // Under a way without bounds the browser itself may go down: that is what was measured. It must not happen to hubshare.
      if (way === 'shared' || signal === null) throw error;
      means.results.note(`Memory of ${way}: the browser's own process ended by ${signal} before the end.`);
    }
    await bare.close();
  }
  means.results.note(
    `Memory: proportional set size of all of the browser's processes, ${FROZEN} frozen tabs and one live one, ${means.times.frozenMs / 1000} s.`,
  );
};

async function measureWay(
  way: Way,
  { browser, pid }: BenchBrowser,
  { results, times, tell, ...means }: Means,
): Promise<void> {
  tell(`memory: ${way}, ${FROZEN} frozen tabs for ${times.frozenMs / 1000} s`);
  const hub = await means.startFirehose();
  const [context] = browser.contexts();
  if (!context) throw new Error('the browser has no context of its own');
  const { pages } = await openTabs(context, hub.url, way, FROZEN + 1);
  const [live, ...others] = pages;
  if (!live) throw new Error('no tab');
  const session = sessionOf(way, [live]);
  await live.bringToFront();
  // While nothing is sent: a tab that is busy takes long to be frozen.
  for (const page of others) {
    const devTools = await context.newCDPSession(page);
    await devTools.send('Page.setWebLifecycleState', { state: 'frozen' });
  }
  await session.reset(ringOf(FLOW));
  await live.evaluate((every) => window.bench.reportProgress(every), FLOW.credit / 4);
  const restingMb = memoryMbOf(pid) ?? Number.NaN;
  await hub.start(FLOW);
  await pause(WARM_UP_MS);
  const before = await session.counted();
  const samples = await watch(() => memoryMbOf(pid) ?? Number.NaN, times.frozenMs);
  const after = await session.counted();
  await hub.stop();

  const add = (label: string, unit: string, value: number): void =>
    results.add('memory', `${label}, ${FROZEN} frozen tabs`, unit, way, value);
  add('memory before the flood', 'MB', restingMb);
  add('memory at its end', 'MB', samples.at(-1)?.mb ?? Number.NaN);
  add('memory growth', 'MB/s', growthOf(samples));
  add('memory growth in the second half', 'MB/s', growthOf(samples.slice(Math.floor(samples.length / 2))));
  add('  deliveries to the live tab', '/s', rateBetween(before, after));
  if ((samples.at(-1)?.atMs ?? 0) < times.frozenMs * 0.9) {
    results.note(`Memory of ${way}: ended early, at ${MAX_GROWTH_MB} MB more than in the beginning.`);
  }
  await hub.close();
}

interface Sample {
  /** Milliseconds since the first sample. */
  readonly atMs: number;
  readonly mb: number;
}

/** Ends early when it has grown too much: a way without bounds would take the machine's memory, and other programs with it. */
async function watch(memoryMb: () => number, forMs: number): Promise<readonly Sample[]> {
  const beganMs = performance.now();
  const samples: Sample[] = [{ atMs: 0, mb: memoryMb() }];
  for (let last = samples[0]; last && last.atMs < forMs && last.mb - (samples[0]?.mb ?? 0) < MAX_GROWTH_MB;) {
    await pause(forMs / SAMPLES);
    last = { atMs: performance.now() - beganMs, mb: memoryMb() };
    samples.push(last);
  }
  return samples;
}

/** Megabytes a second from the first sample to the last. */
function growthOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs === first.atMs) return Number.NaN;
  return ((last.mb - first.mb) * 1000) / (last.atMs - first.atMs);
}
