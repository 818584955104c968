/** SECURITY.md names a test for each of its sentences: here it is looked up whether there is one, and whether it runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { problemOf, problemsOf, promisesOf, referencesOf } from './lib/security-page.mjs';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');

function readFromRepository(file) {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return null;
  }
}

describe('SECURITY.md', () => {
  const { sentences } = promisesOf(page);

  it('promises nothing without a test', () => {
    expect(sentences.length).toBeGreaterThan(25);
    expect(problemsOf(page, () => null).filter((problem) => !problem.startsWith('there is no '))).toEqual([]);
  });

  it.each(sentences.flatMap(referencesOf))('is held by $file: $words', (reference) => {
    expect(problemOf(reference, readFromRepository)).toBeNull();
  });
});

describe('the search for the tests of a page', () => {
  const pageWith = (...lines) =>
    [
      '# Security',
      '## What is promised',
      'Each sentence has its test: a file, and words of the name of a test in it.',
      '### Tokens',
      ...lines,
      '## What is not promised',
      'The moon.',
    ].join('\n\n');
  const promise = '- No token is sold.\n  `worker/a.test.ts` "sells none"';
  const problemsWith = (test) => problemsOf(pageWith(promise), (file) => (file === 'worker/a.test.ts' ? test : null));

  it.each([
    ['a test', `it('sells none of them', () => {});`],
    ['a test of a table', `it.each([1])(\`of %i, sells none\`, () => {});`],
    ['a title that goes on with something computed', `test(\`\${shop} sells none\`, async () => {});`],
    ['a group with a test', `describe('the shop sells none', () => { it('by day', () => {}); });`],
    ['one of two, when only the other is skipped', `it.skip('sells none', f); it('sells none', f);`],
    ['a test that is skipped in some browsers', `test('sells none', () => { test.skip(isOld, 'too old'); });`],
    ['a test behind a condition', `it.skipIf(!hasShop)('sells none', () => {});`],
  ])('is content with %s', (_, test) => {
    expect(problemsWith(test)).toEqual([]);
  });

  it('knows a title with something computed as it is written', () => {
    const words = `- No token is sold.\n  \`worker/a.test.ts\` "by \${shop.name} on"`;
    const test = `it(\`none is sold by \${shop.name} on \${day}\`, () => {});`;
    expect(problemsOf(pageWith(words), () => test)).toEqual([]);
  });

  it.each([
    ['words in a comment', `// sells none\nit('something else', () => {});`],
    ['words in code', `it('something else', () => { expect(shop).toBe('sells none'); });`],
    ['a test that was commented out', `/* it('sells none', () => {}); */`],
    ['a step of a test', `test('something else', () => test.step('sells none', () => {}));`],
    ['a group without a test', `describe('sells none', () => {});`],
    ['a test that is still to be written', `it.todo('sells none');`],
  ])('refuses %s', (_, test) => {
    expect(problemsWith(test)).toEqual(['no test of worker/a.test.ts has “sells none” in its title']);
  });

  it.each([
    ['skip', `it.skip('sells none', () => {});`],
    ['skip, with rows', `it.skip.each([1])('sells none', () => {});`],
    ['fixme', `test.fixme('sells none', () => {});`],
    ['an expected failure', `it.fails('sells none', () => {});`],
    ['skip in its body', `test('sells none', () => { test.skip(); });`],
    ['skip in its body, for a reason', `it('sells none', (context) => { context.skip('one day'); });`],
    ['fixme in its body', `test('sells none', () => { test.fixme(true, 'one day'); });`],
    ['an option', `it('sells none', { skip: true }, () => {});`],
    ['a condition that always holds', `it.skipIf(true)('sells none', () => {});`],
    ['a group that is skipped', `describe.skip('the shop', () => { it('sells none', () => {}); });`],
    ['a group that skips itself', `test.describe('the shop', () => { test.skip(); test('sells none', () => {}); });`],
    ['a file that skips itself', `test.skip(); test('sells none', () => {});`],
  ])('refuses a test that is skipped by %s', (_, test) => {
    expect(problemsWith(test)).toEqual(['the test “sells none” of worker/a.test.ts is skipped']);
  });

  it('refuses a file that is not there', () => {
    expect(problemsWith(null)).toEqual(['there is no worker/a.test.ts']);
  });

  it('refuses a sentence without a test', () => {
    expect(problemsOf(pageWith('- No token is sold.'), () => null)).toEqual(['without a test: No token is sold.']);
  });

  it('refuses a sentence without a test before a heading that another one follows', () => {
    const test = `it('sells none', () => {});`;
    expect(problemsOf(pageWith('- All is well.', '### Users', promise), () => test)).toEqual([
      'without a test: All is well.',
    ]);
  });

  it('refuses a promise outside the list', () => {
    const test = `it('sells none', () => {});`;
    expect(problemsOf(pageWith(promise, 'All is well.'), () => test)).toEqual([
      'no sentence of the list, and so without a test: All is well.',
    ]);
  });

  it('refuses a page that promises nothing', () => {
    expect(problemsOf(pageWith(), () => null)).toEqual(['the page promises nothing']);
  });
});
