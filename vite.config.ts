/** How Vite builds the site (the demo and the pages of the browser tests) from the built library, and how vitest runs the unit tests. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { configDefaults, defineConfig, type UserWorkspaceConfig } from 'vitest/config';

const root = import.meta.dirname;

/** Folder of HTML pages in the repository -> folder in the built site. */
const pageFolders = [
  { from: 'demo/', to: '' },
  { from: 'e2e/harness/', to: 'harness/' },
];

function pages(): string[] {
  return pageFolders.flatMap(({ from }) => {
    if (!existsSync(join(root, from))) return [];
    return readdirSync(join(root, from))
      .filter((file) => file.endsWith('.html'))
      .map((file) => join(root, from, file));
  });
}

/** Vite names a page by its path in the repository; visitors get short addresses. Assets are referred to by absolute paths, so a page can move. */
function shortAddresses(): Plugin {
  return {
    name: 'short-addresses',
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) {
        const folder = pageFolders.find(
          ({ from }) => output.fileName.endsWith('.html') && output.fileName.startsWith(from),
        );
        if (folder) output.fileName = folder.to + output.fileName.slice(folder.from.length);
      }
    },
  };
}

export default defineConfig({
  root,
  cacheDir: '.cache/vite',
  publicDir: false,
  plugins: [shortAddresses()],
  // Tabs start the worker with `type: 'module'`; only this format can share and split code.
  worker: { format: 'es' },
  build: {
    outDir: '.cache/site',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    // The site's content security policy allows files of its own origin only: no inline scripts, no data: assets.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: { input: pages() },
  },
  test: {
    reporters: ['default', ['json', { outputFile: '.cache/reports/vitest.json' }]],
    allowOnly: !process.env['CI'],
    projects: [
      unitTests('tab', 'src', '.config/typecheck/src-tests.json'),
      unitTests('worker', 'worker', '.config/typecheck/worker-tests.json'),
      unitTests('demo', 'demo', undefined, { exclude: [...configDefaults.exclude, 'demo/aspnet/**'] }),
      // One file at a time, after all others: each builds the same project into the same folder, and starts processes.
      unitTests('aspnet', 'demo/aspnet', undefined, { maxWorkers: 1, testTimeout: 120_000 }),
      unitTests('bench', 'e2e/bench'),
      {
        test: {
          name: 'tools',
          environment: 'node',
          include: ['.config/**/*.test.mjs', '.scripts/**/*.test.mjs'],
          testTimeout: 30_000,
        },
      },
    ],
  },
});

/** Tests beside the code of one top-level folder; with a tsconfig, also its type tests. */
function unitTests(
  name: string,
  folder: string,
  typeTests?: string,
  more: NonNullable<UserWorkspaceConfig['test']> = {},
) {
  return {
    extends: true as const,
    test: {
      name,
      environment: 'node',
      include: [`${folder}/**/*.test.ts`],
      // A limit for what hangs, no measurement: the tests of the hubs go over real sockets, on machines that do other things too.
      testTimeout: 30_000,
      hookTimeout: 60_000,
      typecheck: {
        enabled: typeTests !== undefined,
        include: [`${folder}/**/*.test-d.ts`],
        tsconfig: typeTests ?? 'tsconfig.json',
        // `npm run typecheck` reports the errors of all other files; here they would hide which type test failed.
        ignoreSourceErrors: true,
      },
      ...more,
    },
  };
}
