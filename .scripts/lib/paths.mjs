/** Where things are in the repository. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Everything that a script writes, except the built library in `dist/`, is in here. */
export const cache = join(root, '.cache');
export const reports = join(cache, 'reports');
export const site = join(cache, 'site');
export const dist = join(root, 'dist');

/** @param {string} path from the root of the repository */
export function inRoot(path) {
  return join(root, path);
}

/** The script behind a command of an installed package, to be run by this Node without a shell. */
export const bin = {
  attw: inRoot('node_modules/@arethetypeswrong/cli/dist/index.js'),
  eslint: inRoot('node_modules/eslint/bin/eslint.js'),
  playwright: inRoot('node_modules/playwright/cli.js'),
  prettier: inRoot('node_modules/prettier/bin/prettier.cjs'),
  publint: inRoot('node_modules/publint/src/cli.js'),
  tsc: inRoot('node_modules/typescript/bin/tsc'),
  vite: inRoot('node_modules/vite/bin/vite.js'),
  vitest: inRoot('node_modules/vitest/vitest.mjs'),
};
