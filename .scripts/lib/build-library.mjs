/** Builds the library into dist/ by TypeScript's project references. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildIfStale } from './freshness.mjs';
import { bin, dist, inRoot } from './paths.mjs';
import { runNode } from './run.mjs';

export function buildLibrary() {
  return buildIfStale({
    name: 'library',
    sources: ['src', 'worker', 'tsconfig.json', 'package-lock.json'].map(inRoot),
    outputs: [join(dist, 'src/index.js'), join(dist, 'worker/entry.js')],
    async build() {
      removeOrphans();
      // Without --force it believes its own records also when somebody has removed the output.
      const { ok } = await runNode(bin.tsc, ['-b', '--force', 'src/contract', 'src', 'worker']);
      return ok;
    },
  });
}

/** TypeScript's incremental build leaves what a removed or renamed source was built to; it would go into the package. */
function removeOrphans() {
  for (const file of filesIn(dist)) {
    const source = relative(dist, file).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');
    if (!existsSync(inRoot(source))) rmSync(file);
  }
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
