/** Packs the library as `npm publish` would, and unpacks it where a consumer would have it. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../lib/npm.mjs';
import { cache } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';

const folder = join(cache, 'package');

/**
 * @typedef {object} Packed
 * @property {string} tarball
 * @property {string[]} files paths inside the package
 * @property {{ exports: object }} manifest the packed package.json
 * @property {string} probe folder of an empty app that has the package in its node_modules
 */

/** @returns {Promise<Packed | { problem: string }>} */
export async function packLibrary() {
  rmSync(folder, { recursive: true, force: true });
  const probe = join(folder, 'probe');
  const installed = join(probe, 'node_modules', 'hubshare');
  mkdirSync(installed, { recursive: true });
  const pack = await npm(['pack', '--json', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    captured: true,
  });
  if (!pack.ok) return { problem: `${pack.how} ${pack.output}` };
  const [report] = Object.values(JSON.parse(pack.stdout));
  const tarball = join(folder, report.filename);
  const unpack = await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components', '1'], { captured: true });
  if (!unpack.ok) return { problem: `tar: ${unpack.how} ${unpack.output}` };
  // With a name of its own, `hubshare` means the unpacked package here and not the repository around it.
  writeFileSync(join(probe, 'package.json'), JSON.stringify({ name: 'probe', private: true, type: 'module' }));
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  return { tarball, files: report.files.map(({ path }) => path), manifest, probe };
}
