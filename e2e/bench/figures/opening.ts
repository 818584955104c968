/** How soon a tab is connected and has its first value, the first and the second, near the hub and 50 ms away from it. */
import type { BrowserContext } from 'playwright';
import { createAdmin, type HubCounts } from '../../fixtures/admin.js';
import { createDelayLine } from '../delay-line.js';
import type { Opening } from '../pages/tab-api.js';
import { signedInContext } from '../sign-in.js';
import { waysOf, type Way } from '../ways.js';
import type { Figure } from './figure.js';

/** A value every 10 ms, so that the wait for the first one is the way's and not the hub's. */
const EVENTS = { count: 0, everyMs: 10, event: 'tick' } as const;

const ROUND_TRIPS_MS = [0, 50] as const;

export const opening: Figure = async (means) => {
  const { results, times, tell } = means;
  const hub = await means.startEmbedded();
  const admin = createAdmin(() => hub.port);
  const line = await createDelayLine(hub.port);
  means.closeAfter(line.close);
  const browser = await means.launchBrowser();
  await admin.startSequence(EVENTS);

  for (let repeat = 0; repeat < times.openings; repeat += 1) {
    for (const roundTripMs of ROUND_TRIPS_MS) {
      for (const way of waysOf(repeat)) {
        tell(`opening ${repeat + 1} of ${times.openings}: ${way}, ${roundTripMs} ms`);
        const context = await signedInContext(browser.browser, hub.url);
        line.setRoundTrip(roundTripMs);
        const add = (label: string, value: number, from = way): void =>
          results.add('opening', `${label}, ${roundTripMs} ms round trip`, 'ms', from, value);
        const first = await openOne(context, line.url, way);
        add('first tab live', first.scriptToLiveMs);
        add('first tab, first value', first.scriptToFirstMs);
        const before = await admin.counts();
        const second = await openOne(context, line.url, way);
        add('second tab live', liveWithoutToken(second));
        add('  the same with the token request', second.scriptToLiveMs);
        add('second tab, first value', second.scriptToFirstMs);
        add('  second tab live, from the start of its navigation', second.navigationToLiveMs);
        results.add(
          'opening',
          'requests of the second tab',
          'at the hub',
          way,
          requestsOf(await admin.counts()) - requestsOf(before),
        );
        await context.close();
      }
    }
  }
  results.note(
    'Opening: from the first line of the page’s script. The target is held against plain without the request for its token, which an app may have in hand.',
  );
  await admin.stopSequence();
};

async function openOne(context: BrowserContext, url: string, way: Way): Promise<Opening> {
  const page = await context.newPage();
  await page.goto(`${url}/${way}.html`);
  return page.evaluate(() => window.bench.opening());
}

function liveWithoutToken({ scriptToLiveMs, tokenMs }: Opening): number {
  return scriptToLiveMs - tokenMs;
}

/** Requests and sockets for the connection; the files of the page are not counted. */
function requestsOf({ negotiates, webSocketUpgrades, sseStreams, longPolls, refreshes }: HubCounts): number {
  return negotiates + webSocketUpgrades + sseStreams + longPolls + refreshes;
}
