/** Builds the demo's page and the pages of the browser tests into .cache/site. They use the built library, as an app would. */
import { join } from 'node:path';
import { buildIfStale } from './freshness.mjs';
import { bin, dist, inRoot, site } from './paths.mjs';
import { runNode } from './run.mjs';

export function buildSite() {
  return buildIfStale({
    name: 'site',
    sources: [dist, ...['demo', 'e2e/differential', 'e2e/harness', 'vite.config.ts', 'package-lock.json'].map(inRoot)],
    outputs: [join(site, 'index.html')],
    async build() {
      const { ok } = await runNode(bin.vite, ['build', '--logLevel', 'warn']);
      return ok;
    },
  });
}
