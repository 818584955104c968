/** Finds Chromium and Firefox for the browser tests, installs them where none is found, and writes down what it found. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, isProgram } from './find-program.mjs';
import { bin, cache } from './paths.mjs';
import { run, runNode } from './run.mjs';
import { say } from './say.mjs';

/** @typedef {'chromium' | 'firefox'} BrowserName */
/** @typedef {{ path: string, from: string }} Candidate */
/** @typedef {{ executablePath: string, version: string, from: string, channel?: string }} Browser */

/** playwright.config.ts reads it. */
export const browsersFile = join(cache, 'browsers.json');

const names = /** @type {const} */ (['chromium', 'firefox']);
const variables = { chromium: 'HUBSHARE_CHROMIUM', firefox: 'HUBSHARE_FIREFOX' };
const systemNames = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  firefox: ['firefox-esr', 'firefox'],
};
const debianPackages = { chromium: 'chromium', firefox: 'firefox-esr' };

/**
 * @param {boolean} mayInstall
 * @returns {Promise<string[]>} what is wrong, one line for each browser that is missing
 */
export async function prepareBrowsers(mayInstall = true) {
  const found = await findBrowsers();
  if (mayInstall) await installMissing(found);
  mkdirSync(cache, { recursive: true });
  writeFileSync(browsersFile, `${JSON.stringify(found, null, 2)}\n`);
  const problems = [];
  for (const name of names) {
    const browser = found[name];
    if (browser) say(`  ${name.padEnd(10)} ${browser.version}, ${browser.executablePath} (${browser.from})`);
    else problems.push(adviceFor(name));
  }
  for (const problem of problems) say(`  ${problem}`);
  return problems;
}

/** @returns {Promise<Partial<Record<BrowserName, Browser>>>} */
async function findBrowsers() {
  /** @type {Partial<Record<BrowserName, Browser>>} */
  const found = {};
  for (const name of names) {
    const browser = await findBrowser(name);
    if (browser) found[name] = browser;
  }
  return found;
}

/** @param {BrowserName} name */
async function findBrowser(name) {
  const downloaded = await downloadedPath(name);
  const asked = process.env[variables[name]];
  /** @type {Candidate[]} */
  const candidates = asked ? [{ path: asked, from: variables[name] }] : [];
  if (!asked) {
    if (downloaded && isProgram(downloaded)) candidates.push({ path: downloaded, from: "Playwright's download" });
    for (const program of systemNames[name]) {
      const path = findProgram(program);
      if (path) candidates.push({ path, from: 'system' });
    }
  }
  for (const { path, from } of candidates) {
    // A browser may be there and not start, because a library of the system is missing.
    const { ok, how, output } = await run(path, ['--version'], { captured: true, timeoutMs: 30_000 });
    if (!ok) {
      say(`  ${name.padEnd(10)} ${path} (${from}) does not start: ${how} ${lastLine(output)}`);
      continue;
    }
    const channel = channelFor(name, path, downloaded);
    return { executablePath: path, version: lastLine(output), from, ...(channel ? { channel } : {}) };
  }
  return null;
}

/** @param {BrowserName} name */
async function downloadedPath(name) {
  try {
    const playwright = await import('playwright');
    return playwright[name].executablePath();
  } catch {
    return null; // No build for this system.
  }
}

/**
 * Playwright steers its own build of Firefox by a protocol that a stock Firefox does not have; for that one it takes WebDriver BiDi.
 *
 * @param {BrowserName} name
 * @param {string} path
 * @param {string | null} downloaded
 */
export function channelFor(name, path, downloaded) {
  if (name !== 'firefox') return null;
  const own = path === downloaded || /[\\/]ms-playwright[\\/]|[\\/]firefox-\d+[\\/]firefox[\\/]/.test(path);
  return own ? null : 'moz-firefox';
}

/** @param {Partial<Record<BrowserName, Browser>>} found */
async function installMissing(found) {
  const missing = () => names.filter((name) => !found[name] && !process.env[variables[name]]);
  if (missing().length === 0) return;
  say(`  browsers   ${missing().join(' and ')} not found: playwright install ${missing().join(' ')} (minutes) …`);
  const download = await runNode(bin.playwright, ['install', ...missing()], {
    captured: true,
    timeoutMs: 10 * 60_000,
    env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '15000' },
  });
  if (!download.ok) {
    const error = /^Error: .*$/m.exec(download.output)?.[0] ?? lastLine(download.output);
    say(`  browsers   Playwright's download failed: ${download.how}, ${error}`);
  }
  Object.assign(found, await findBrowsers());
  if (missing().length === 0 || !mayUseApt()) return;
  const packages = missing().map((name) => debianPackages[name]);
  say(`  browsers   apt-get install ${packages.join(' ')} (minutes) …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // An index that cannot be renewed is no reason to give up: the old one may do.
  await run('apt-get', ['update', '-q'], { env, captured: true, timeoutMs: 5 * 60_000 });
  const args = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const install = await run('apt-get', args, { env, captured: true, timeoutMs: 15 * 60_000 });
  if (!install.ok) say(`  browsers   apt-get failed (${install.how}): ${lastLine(install.output)}`);
  Object.assign(found, await findBrowsers());
}

function mayUseApt() {
  if (process.getuid?.() !== 0 || !findProgram('apt-get')) return false;
  try {
    // Ubuntu's own packages of these names only install snaps, which do not run as root in a container; apt then says so.
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** @param {BrowserName} name */
function adviceFor(name) {
  const variable = variables[name];
  const asked = process.env[variable];
  if (asked)
    return `${name.padEnd(10)} MISSING: ${variable} names ${asked}, which does not start. Correct or remove the variable.`;
  return `${name.padEnd(10)} MISSING: run \`npx playwright install --with-deps ${name}\`, or install it and set ${variable} to its path.`;
}

function lastLine(text) {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
