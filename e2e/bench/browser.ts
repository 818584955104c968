/** Starts the Chromium that the project's set-up has found, and knows its process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright';
import { childrenOf } from './processes.js';

export interface BenchBrowser {
  readonly browser: Browser;
  /** The browser's own process; every other of its processes is below it. */
  readonly pid: number;
  /** How the browser has ended by itself: the name of a signal; `null` while it runs, and after `close`. */
  crashedBy(): string | null;
  /** May be called twice. */
  close(): Promise<void>;
}

// As in playwright.config.ts.
const chromiumArguments = [
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

let executable = '';

/** @param browsersFile - Where the set-up wrote down what it has found. */
export function useBrowsersOf(browsersFile: string): string {
  const found = JSON.parse(readFileSync(browsersFile, 'utf8')) as {
    readonly chromium?: { readonly executablePath: string; readonly version: string };
  };
  if (!found.chromium) throw new Error('No Chromium was found: run `node .scripts/setup.mjs`.');
  executable = found.chromium.executablePath;
  return found.chromium.version;
}

export async function launchBrowser(): Promise<BenchBrowser> {
  const before = new Set(childrenOf(process.pid));
  const browser = await chromium.launch({ executablePath: executable, args: chromiumArguments });
  const pid = childrenOf(process.pid).find((child) => !before.has(child)) ?? 0;
  return { browser, pid, crashedBy: () => null, close: () => browser.close() };
}

/** A browser as a person has it: Playwright's own launch keeps every page visible and makes freezing do nothing. */
export async function launchBareBrowser(): Promise<BenchBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'hubshare-bench-'));
  const child = spawn(
    executable,
    [
      ...chromiumArguments,
      '--headless',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // Playwright ends the browsers that it has started itself; this one must not outlive the benchmark either.
  const endWithProgram = (): void => {
    child.kill('SIGKILL');
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once('exit', endWithProgram);
  child.once('exit', () => process.off('exit', endWithProgram));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.once('exit', () => reject(new Error(`Chromium has ended: ${said}`)));
    child.once('error', reject);
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const browser = await chromium.connectOverCDP(url, { noDefaults: true });
  let closed = false;
  return {
    browser,
    pid: child.pid ?? 0,
    crashedBy: () => (closed ? null : child.signalCode),
    async close() {
      if (closed) return;
      closed = true;
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        const session = await browser.newBrowserCDPSession();
        await session.send('Browser.close').catch(() => child.kill('SIGKILL'));
        await gone;
      }
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
