/** Finds what the README shows as TypeScript; that it compiles is seen by the package step, which has a package. */
import { expect, it } from 'vitest';
import { typescriptBlocks } from './readme.mjs';

it('finds the blocks of TypeScript, with the lines at which their code begins, and no others', () => {
  const page = ['# A page', '```sh', 'npm run demo', '```', '```ts', 'one();', 'two();', '```', 'text', '```ts', '```'];
  expect(typescriptBlocks(page.join('\n'))).toEqual([
    { line: 6, code: 'one();\ntwo();\n' },
    { line: 11, code: '' },
  ]);
});
