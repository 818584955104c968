/** Installs what package-lock.json says, when node_modules does not hold it already. */
import { readFileSync } from 'node:fs';
import { npm } from './npm.mjs';
import { inRoot } from './paths.mjs';
import { say, Stop } from './say.mjs';

/**
 * The first package that is missing or of another version. Versions are compared, not file times: those change with every checkout.
 *
 * @param {Record<string, { version?: string, optional?: boolean }>} wanted `packages` of package-lock.json
 * @param {Record<string, { version?: string }>} installed `packages` of node_modules/.package-lock.json
 * @returns {string | null} its place, as `node_modules/x`
 */
export function firstDifference(wanted, installed) {
  for (const [place, { version, optional }] of Object.entries(wanted)) {
    if (place === '') continue;
    const found = installed[place];
    // Optional packages are for other platforms: npm leaves them out here.
    if (found === undefined ? !optional : found.version !== version) return place;
  }
  return null;
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(inRoot(lockFile), 'utf8')).packages ?? {};
  } catch {
    return null;
  }
}

// The tools are dev dependencies; NODE_ENV or npm_config_omit may tell npm to leave those out.
const options = ['--include=dev', '--no-audit', '--no-fund'];

/** @throws {Stop} nothing could be installed */
export async function installDependencies() {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  const difference = wanted && installed ? firstDifference(wanted, installed) : 'node_modules';
  if (difference === null) {
    say('  packages   as package-lock.json says');
    return;
  }
  say(`  packages   ${installed ? `${difference} is not as package-lock.json says` : 'not installed'}: npm ci …`);
  const clean = await npm(['ci', ...options]);
  if (clean.ok) return;
  say(`  packages   npm ci failed (${clean.how}, see above): npm install …`);
  const install = await npm(['install', ...options]);
  if (!install.ok) {
    throw new Stop(`npm install failed too (${install.how}). Is the npm registry in reach? \`npm ping\` tells.`);
  }
}
