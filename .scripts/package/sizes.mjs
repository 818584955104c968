/** What the package costs an app: each entry bundled and minified by Vite as a consumer's build would, then gzipped. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inRoot } from '../lib/paths.mjs';

const entries = [
  { name: 'page', source: `export * from 'hubshare';` },
  { name: 'worker', source: `import './node_modules/hubshare/dist/worker/entry.js';` },
  { name: 'otlp', source: `export * from 'hubshare/otlp';` },
  { name: 'inspector', source: `export * from 'hubshare/inspector'; import 'hubshare/inspector';` },
];

/** @typedef {{ name: string, gzipBytes: number, budgetBytes: number, text: string }} Size */

/**
 * @param {string} probe folder of an app with the package in its node_modules
 * @returns {Promise<Size[]>}
 */
export async function measureSizes(probe) {
  const budget = JSON.parse(readFileSync(inRoot('.config/size-budget.json'), 'utf8'));
  const sizes = [];
  for (const { name, source } of entries) {
    const entry = join(probe, `${name}.js`);
    writeFileSync(entry, `${source}\n`);
    const { code, packages, later } = await bundle(probe, entry);
    const [minified, gzipBytes] = [Buffer.byteLength(code), gzipSync(code, { level: 9 }).length];
    const budgetBytes = budget[name];
    if (typeof budgetBytes !== 'number') throw new Error(`.config/size-budget.json has no number for "${name}"`);
    const also = later > 0 ? `; ${kB(later)} more only on demand` : '';
    const text = `${name.padEnd(10)} ${kB(gzipBytes)} gzip (${kB(minified)} minified), budget ${kB(budgetBytes)}; with ${packages.join(', ') || 'no package'}${also}`;
    sizes.push({ name, gzipBytes, budgetBytes, text });
  }
  return sizes;
}

/** @returns {Promise<{ code: string, packages: string[], later: number }>} `later`: gzip bytes of what is loaded lazily, workers included */
async function bundle(probe, entry) {
  const { build } = await import('vite');
  const result = await build({
    configFile: false,
    root: probe,
    publicDir: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict' },
    },
  });
  const { output } = /** @type {import('vite').Rolldown.RolldownOutput} */ ([result].flat()[0]);
  const chunks = new Map();
  for (const file of output) if (file.type === 'chunk') chunks.set(file.fileName, file);
  const atOnce = staticClosure(
    [...chunks.values()].find((chunk) => chunk.isEntry),
    chunks,
  );
  const later = output.filter((file) => !atOnce.includes(file) && file.fileName.endsWith('.js'));
  return {
    code: atOnce.map((chunk) => chunk.code).join(''),
    packages: packagesIn(atOnce),
    later: later.reduce((sum, file) => sum + gzipSync(file.type === 'chunk' ? file.code : file.source).length, 0),
  };
}

/** A chunk and all that it imports before it runs. */
function staticClosure(entry, chunks) {
  const found = new Set([entry]);
  for (const chunk of found) for (const name of chunk.imports) if (chunks.has(name)) found.add(chunks.get(name));
  return [...found];
}

/** Names of the packages, other than this one, whose code is in the chunks. */
function packagesIn(chunks) {
  const names = chunks
    .flatMap((chunk) => chunk.moduleIds)
    .map((id) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined && name !== 'hubshare').sort();
}

function kB(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
