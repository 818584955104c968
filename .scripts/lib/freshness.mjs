/** Whether something that was built is still up to date with what it was built from. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cache } from './paths.mjs';

/** Folders that hold no sources. */
const ignored = new Set(['node_modules', 'bin', 'obj', '.cache']);

/**
 * Time of the newest change below any of the paths, in milliseconds; a folder changes when a file is added to or removed from it.
 *
 * @param {readonly string[]} paths those that do not exist are left out
 * @returns {number}
 */
export function newestChange(paths) {
  let newest = 0;
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const stat = statSync(path);
    newest = Math.max(newest, stat.mtimeMs);
    if (!stat.isDirectory()) continue;
    const entries = readdirSync(path).filter((name) => !ignored.has(name));
    newest = Math.max(newest, newestChange(entries.map((name) => join(path, name))));
  }
  return newest;
}

/**
 * Runs `build` unless its last success is newer than every source and its outputs are there.
 *
 * @param {{ name: string, sources: readonly string[], outputs: readonly string[], build: () => Promise<boolean> }} what
 * @returns {Promise<'built' | 'fresh' | 'failed'>}
 */
export async function buildIfStale({ name, sources, outputs, build }) {
  const stamp = join(cache, 'stamps', name);
  const fresh =
    existsSync(stamp) && statSync(stamp).mtimeMs > newestChange(sources) && outputs.every((path) => existsSync(path));
  if (fresh) return 'fresh';
  rmSync(stamp, { force: true });
  const startedAt = new Date();
  if (!(await build())) return 'failed';
  mkdirSync(dirname(stamp), { recursive: true });
  // The time of the start: a source that was changed during the build is built again next time.
  writeFileSync(stamp, `${startedAt.toISOString()}\n`);
  utimesSync(stamp, startedAt, startedAt);
  return 'built';
}
