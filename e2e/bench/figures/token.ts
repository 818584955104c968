/** How long those who need a token wait for it: callers of the worker's broker, and tabs that each ask for their own. */
import { percentile } from '../statistics.js';
import { signedInContext } from '../sign-in.js';
import type { Figure } from './figure.js';

const FETCHES = 10;

export const token: Figure = async (means) => {
  const { results, times, tell } = means;
  const hub = await means.startEmbedded();
  const browser = await means.launchBrowser();
  for (let repeat = 0; repeat < times.repeats; repeat += 1) {
    tell(`token ${repeat + 1} of ${times.repeats}`);
    const context = await signedInContext(browser.browser, hub.url);
    const page = await context.newPage();
    await page.goto(`${hub.url}/token.html`);
    const { fetchedMs, fromMemoryMs } = await page.evaluate(
      ([fetches, answers]) => window.measureTokenAnswers(fetches, answers),
      [FETCHES, times.tokenAnswers] as const,
    );
    const add = (label: string, way: 'shared' | 'plain', samplesMs: readonly number[]): void =>
      results.add('token', label, 'ms', way, percentile(samplesMs, 0.95));
    add('token answer P95, from memory', 'shared', fromMemoryMs);
    add('token answer P95, fetched', 'shared', fetchedMs);

    const tabs = await Promise.all(Array.from({ length: FETCHES }, () => context.newPage()));
    const openings = await Promise.all(
      tabs.map(async (tab) => {
        await tab.goto(`${hub.url}/plain.html`);
        await tab.evaluate(() => window.bench.live);
        return tab.evaluate(() => window.bench.tokenMs());
      }),
    );
    add('token answer P95, fetched', 'plain', openings);
    await context.close();
  }
  results.note(
    `Token: the built broker in a page, asked from memory and by ten callers at once that share one fetch; plain: ${FETCHES} tabs that open at once, each with a request of its own.`,
  );
};
