/** How Playwright runs the browser tests: each browser against the Node hub, and against the ASP.NET Core hub where .NET is installed. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Project } from 'playwright/test';
import { aspnetDll } from './.scripts/lib/aspnet-hub.mjs';
import { browsersFile } from './.scripts/lib/browsers.mjs';
import { findProgram } from './.scripts/lib/find-program.mjs';

type BrowserName = 'chromium' | 'firefox';
type Browsers = Partial<Record<BrowserName, { executablePath: string; channel?: string }>>;
type Server = 'node' | 'aspnet';

const root = import.meta.dirname;
const browsers = readBrowsers();
// `npm test` has just tried to build the hub and knows; without it, a hub that was built before is taken.
const hasAspnet = process.env['HUBSHARE_ASPNET'] !== 'off' && existsSync(aspnetDll) && findProgram('dotnet') !== null;
const servers: Server[] = hasAspnet ? ['node', 'aspnet'] : ['node'];

const chromiumArguments = [
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Chromium refuses to run as root with its sandbox.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

export default defineConfig({
  testDir: join(root, 'e2e'),
  // Files named *.test.ts are unit tests of the benchmark.
  testMatch: '**/*.spec.ts',
  outputDir: join(root, '.cache/test-results'),
  reporter: [['list'], ['json', { outputFile: join(root, '.cache/reports/playwright.json') }]],
  // Two cores are what CI has; a test with ten tabs needs one of them.
  workers: 2,
  // A test that passes only at the second attempt has found something.
  retries: 0,
  forbidOnly: Boolean(process.env['CI']),
  timeout: 120_000,
  expect: { timeout: 20_000 },
  // A trace holds every request with its headers, and so the tokens: it is never recorded unless somebody asks for it by hand.
  use: { trace: 'off' },
  projects: servers.flatMap((server) => [...project('chromium', server), ...project('firefox', server)]),
});

/** Fixtures read `testInfo.project.metadata.server`. None where the browser is missing: `npm test` counts that as a failure. */
function project(browserName: BrowserName, server: Server): Project[] {
  const browser = browsers[browserName];
  if (!browser) return [];
  const { executablePath, channel } = browser;
  return [
    {
      name: `${browserName}-${server}`,
      metadata: { server },
      use: {
        browserName,
        ...(channel === undefined ? {} : { channel }),
        launchOptions: { executablePath, args: browserName === 'chromium' ? chromiumArguments : [] },
      },
    },
  ];
}

function readBrowsers(): Browsers {
  try {
    return JSON.parse(readFileSync(browsersFile, 'utf8')) as Browsers;
  } catch {
    throw new Error('No browsers are set up for the tests: run `node .scripts/setup.mjs` once.');
  }
}
