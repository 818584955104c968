/**
 * `npm run bench`: sets up what is missing, builds what has changed, measures hubshare in real Chromium beside three other ways.
 *
 *   npm run bench                              everything, about 25 minutes
 *   npm run bench -- --quick                   everything, fewer and shorter repeats
 *   npm run bench -- --only saturation,cpu     some figures: connections, opening, latency, saturation, cpu, memory, idle, token
 *   npm run bench -- --repeats 3               how often each figure is measured in each way
 *   npm run bench -- --json                    JSON on stdout instead of a table; progress is on stderr
 *
 * e2e/bench/README.md says what the figures mean. No figure is ever asserted: the exit code is 0 unless something did not run.
 */
import './lib/require-node.mjs';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { browsersFile, prepareBrowsers } from './lib/browsers.mjs';
import { buildLibrary } from './lib/build-library.mjs';
import { installDependencies } from './lib/dependencies.mjs';
import { buildIfStale } from './lib/freshness.mjs';
import { cache, dist, inRoot, root } from './lib/paths.mjs';
import { main, Stop } from './lib/say.mjs';

const source = inRoot('e2e/bench');
const site = join(cache, 'bench/site');
const programs = join(cache, 'bench/programs');

// Without a handler nobody would end the browsers that were started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

await main(async () => {
  const args = process.argv.slice(2);
  // What the set-up says must not get into the JSON.
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = /** @type {typeof write} */ (process.stderr.write.bind(process.stderr));
  await installDependencies();
  await build('library', buildLibrary);
  await build('bench pages', buildPages);
  await build('bench programs', buildPrograms);
  if (!hasChromium()) await prepareBrowsers();
  process.stdout.write = write;
  const { runBench } = await import(pathToFileURL(join(programs, 'program.mjs')).href);
  const ran = await runBench(args, { site, programs, browsersFile });
  process.exitCode = ran ? 0 : 1;
});

async function build(name, work) {
  if ((await work()) === 'failed') throw new Stop(`The ${name} did not build, see above.`);
}

function buildPages() {
  const pages = join(source, 'pages');
  return buildIfStale({
    name: 'bench-pages',
    sources: [dist, pages, inRoot('.scripts/bench.mjs'), inRoot('package-lock.json')],
    outputs: [join(site, 'shared.html')],
    build: () =>
      viteBuild({
        root: pages,
        worker: { format: 'es' },
        build: {
          outDir: site,
          emptyOutDir: true,
          target: 'es2022',
          modulePreload: { polyfill: false },
          assetsInlineLimit: 0,
          rolldownOptions: {
            input: readdirSync(pages)
              .filter((file) => file.endsWith('.html'))
              .map((file) => join(pages, file)),
          },
        },
      }),
  });
}

function buildPrograms() {
  return buildIfStale({
    name: 'bench-programs',
    sources: [source, ...['demo/hub', '.scripts/bench.mjs', 'package-lock.json'].map(inRoot)],
    outputs: ['program', 'firehose', 'embedded'].map((name) => join(programs, `${name}.mjs`)),
    build: () =>
      viteBuild({
        root,
        build: {
          ssr: true,
          outDir: programs,
          emptyOutDir: true,
          target: 'node20',
          sourcemap: true,
          rolldownOptions: {
            input: {
              program: join(source, 'program.ts'),
              firehose: join(source, 'hub/firehose.ts'),
              embedded: join(source, 'hub/embedded.ts'),
            },
            output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' },
          },
        },
      }),
  });
}

/** Not `vite.config.ts`: that one is about the site and the unit tests. */
async function viteBuild(config) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    cacheDir: join(cache, 'vite-bench'),
    ...config,
  });
  return true;
}

function hasChromium() {
  if (!existsSync(browsersFile)) return false;
  const { chromium } = JSON.parse(readFileSync(browsersFile, 'utf8'));
  return chromium !== undefined && existsSync(chromium.executablePath);
}
