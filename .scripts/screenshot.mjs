/** `node .scripts/screenshot.mjs [file]`: takes the README's picture of the demo anew, four tabs of it after a minute, in light colours. */
import './lib/require-node.mjs';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startNodeHub } from './demo/start-node.mjs';
import { browsersFile, prepareBrowsers } from './lib/browsers.mjs';
import { buildLibrary } from './lib/build-library.mjs';
import { buildSite } from './lib/build-site.mjs';
import { cache, inRoot, site } from './lib/paths.mjs';
import { main, say, Stop } from './lib/say.mjs';

const TABS = 4;
/** Until the charts show something. */
const WARM_UP_MS = 60_000;

const [file = inRoot('demo/screenshot.png')] = process.argv.slice(2);

await main(async () => {
  const { chromium } = await import('playwright');
  await prepareBrowsers();
  if ((await buildLibrary()) === 'failed' || (await buildSite()) === 'failed')
    throw new Stop('The demo did not build, see above.');
  const folder = join(cache, 'demo');
  mkdirSync(folder, { recursive: true });
  const hub = await startNodeHub({
    port: 5199,
    staticDir: site,
    accessLogFile: join(folder, 'screenshot.log'),
    tokenLifeSeconds: 300,
  });
  const { executablePath } = JSON.parse(readFileSync(browsersFile, 'utf8')).chromium;
  const browser = await chromium.launch({ executablePath });
  try {
    const viewport = { width: 1360, height: 1320 };
    const context = await browser.newContext({ viewport, colorScheme: 'light', reducedMotion: 'reduce' });
    const open = async () => {
      const tab = await context.newPage();
      await tab.goto(hub.url);
      return tab;
    };
    const page = await open();
    await page.getByTestId('sign-in-user').fill('ann');
    await page.getByTestId('sign-in-submit').click();
    await page.getByTestId('status').filter({ hasText: 'Connected' }).waitFor();
    for (let tab = 1; tab < TABS; tab += 1) await open();
    await page
      .getByTestId('count-sentence')
      .filter({ hasText: `for ${TABS} tabs` })
      .waitFor();
    await page.bringToFront();
    say(`  ${TABS} tabs are open, the charts fill for ${WARM_UP_MS / 1000} s`);
    await sleep(WARM_UP_MS);
    await page.getByTestId('new-incident').click();
    await page.getByTestId('incident-title').fill('Order book of XETR is 4 s behind');
    await page.getByTestId('incident-severity').selectOption('warning');
    await page.getByTestId('incident-create').click();
    await page.getByTestId('incident').first().waitFor();
    // The panel shows the moment as it is: let the incident's own events arrive in it.
    await sleep(2_000);
    await page.screenshot({ path: file });
    say(`  ${file}`);
  } finally {
    await browser.close();
    await hub.close();
  }
});
process.exit();
