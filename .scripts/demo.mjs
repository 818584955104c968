/** `npm run demo`: sets up what is missing, builds what has changed, runs the hub with the demo's page until Ctrl+C. */
import './lib/require-node.mjs';
import { mkdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { help, parseDemoOptions } from './demo/options.mjs';
import { startAspnetHub } from './demo/start-aspnet.mjs';
import { startNodeHub } from './demo/start-node.mjs';
import { aspnetProblem } from './lib/aspnet-hub.mjs';
import { buildLibrary } from './lib/build-library.mjs';
import { buildSite } from './lib/build-site.mjs';
import { installDependencies } from './lib/dependencies.mjs';
import { cache, root, site } from './lib/paths.mjs';
import { bold, dim, main, say, Stop } from './lib/say.mjs';

const accessLogFile = join(cache, 'demo', 'access.log');
const closeLimitMs = 8_000;

const stopAsked = stopSignal();

await main(async () => {
  const options = parseDemoOptions(process.argv.slice(2));
  if (options.help) return say(help);
  try {
    await runDemo(options);
  } catch (error) {
    // Ctrl+C also ends the npm, the compiler or the hub that was being waited for: that is no failure then.
    if (!stopAsked.done) throw error;
  }
  if (stopAsked.done) say('\n  The demo has ended.');
});
// Nothing that a library forgot may keep the process alive.
process.exit();

async function runDemo({ aspnet, port, tokenLifeSeconds }) {
  const problem = aspnet ? await aspnetProblem() : null;
  if (problem !== null) throw new Stop(`--aspnet: ${problem}. Without --aspnet the demo needs only Node.`);
  await installDependencies();
  await build('library', buildLibrary);
  await build('site', buildSite);
  mkdirSync(dirname(accessLogFile), { recursive: true });
  const start = aspnet ? startAspnetHub : startNodeHub;
  const hub = await start({ port, staticDir: site, accessLogFile, tokenLifeSeconds });
  if (!stopAsked.done) greet(hub, { aspnet, port });
  const unasked = await Promise.race([stopAsked.promise, hub.ended]);
  if (!stopAsked.done) throw new Stop(`The hub ${unasked}.`);
  await Promise.race([hub.close(), sleep(closeLimitMs)]);
}

async function build(name, work) {
  const result = await work();
  if (result === 'failed') throw new Stop(`The ${name} did not build, see above.`);
  say(`  ${name.padEnd(10)} ${result === 'fresh' ? 'up to date' : 'built'}`);
}

/** Ctrl+C may arrive twice, from the terminal and from npm: only the first one counts. */
function stopSignal() {
  const asked = { done: false, promise: Promise.resolve('') };
  asked.promise = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        asked.done = true;
        resolve('');
      });
    }
  });
  return asked;
}

function greet(hub, { aspnet, port }) {
  say();
  say(`  ${bold(`Open ${hub.url}/ in several tabs`)}: one SignalR connection serves them all.`);
  say();
  if (port !== 0 && hub.port !== port) say(`  Port       ${hub.port}, for ${port} is taken`);
  say(`  Hub        ${aspnet ? 'ASP.NET Core' : 'Node'}, ${hub.url}/hubs/ops`);
  say(`  Access log ${relative(root, accessLogFile)}`);
  say(`  ${dim('Ctrl+C ends the demo.')}`);
}
