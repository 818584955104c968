/** What the package may and must hold. */
import { expect, it } from 'vitest';
import { contentProblems } from './contents.mjs';

const manifest = { exports: { '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' } } };
const good = ['package.json', 'README.md', 'SECURITY.md', 'LICENSE', 'dist/src/index.js'].concat(
  'dist/src/index.d.ts',
  'dist/worker/entry.js',
  'dist/worker/entry.d.ts',
);

it('accepts a package with its entries, their types, and its papers', () => {
  expect(contentProblems(good, manifest)).toEqual([]);
});

it.each(['README.md', 'dist/worker/entry.js', 'dist/src/index.js'])('misses %s', (file) => {
  expect(
    contentProblems(
      good.filter((name) => name !== file),
      manifest,
    ),
  ).toContain(`${file} is missing`);
});

it.each(['dist/src/x.test.d.ts', 'dist/worker/testing/fake.d.ts', 'dist/tsconfig.tsbuildinfo', 'src/index.ts', '.env'])(
  'refuses %s',
  (file) => {
    expect(contentProblems([...good, file], manifest)).toEqual([`${file} does not belong in the package`]);
  },
);

it('refuses a module without types', () => {
  expect(contentProblems([...good, 'dist/src/x.js'], manifest)).toEqual(['dist/src/x.js has no types']);
});
