/** Bundles the demo's Node hub from TypeScript into one file that plain Node runs; its packages stay in node_modules. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildIfStale } from './freshness.mjs';
import { cache, inRoot, root } from './paths.mjs';

const outDir = join(cache, 'hub');
const bundle = join(outDir, 'index.mjs');

/** @returns {Promise<{ PROTECTED: object, startHub: (options: object) => Promise<{ url: string, port: number, close(): Promise<void> }> }>} */
export async function loadNodeHub() {
  await buildIfStale({
    name: 'node-hub',
    sources: ['demo/hub', 'package-lock.json'].map(inRoot),
    outputs: [bundle],
    async build() {
      const { build } = await import('vite');
      await build({
        configFile: false,
        root,
        publicDir: false,
        logLevel: 'warn',
        build: {
          ssr: inRoot('demo/hub/index.ts'),
          outDir,
          emptyOutDir: true,
          target: 'node20',
          sourcemap: true,
          rolldownOptions: { output: { entryFileNames: 'index.mjs' } },
        },
      });
      return true;
    },
  });
  return import(pathToFileURL(bundle).href);
}
