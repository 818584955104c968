/** SECURITY.md names a test for each of its sentences: here it is looked up whether there is one. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');
const promises = page.slice(page.indexOf('## What is promised'), page.indexOf('## What is not promised'));

/** The sentences, each with all lines that belong to it. */
const sentences = promises.split(/^- /m).slice(1);

/** A file between backticks, and words between quotes behind it. */
const REFERENCE = /`([^`\s]+\.(?:test|spec)\.(?:ts|mjs))` "((?:[^"\\]|\\.)+)"/g;

function references(sentence) {
  return [...sentence.matchAll(REFERENCE)].map(([, file, words]) => ({ file, words }));
}

describe('SECURITY.md names only tests that exist', () => {
  it('and at least one for each sentence', () => {
    expect(sentences.length).toBeGreaterThan(25);
    expect(sentences.filter((sentence) => references(sentence).length === 0)).toEqual([]);
  });

  it('and says nothing between the headings that is no sentence with a test', () => {
    const rest = promises
      .split('\n')
      .filter((line) => /^\S/.test(line) && !line.startsWith('- ') && !line.startsWith('#'));
    expect(rest).toEqual(['Each sentence has its test: a file, and words of the name of a test in it.']);
  });

  it.each(sentences.flatMap(references))('$file: $words', ({ file, words }) => {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(readFileSync(join(root, file), 'utf8').includes(words), `${file} has a test “${words}”`).toBe(true);
  });

  it('and would notice one that does not', () => {
    const [reference] = references('`worker/tabs/port-guard.test.ts` "no test is named like this"');
    expect(reference && readFileSync(join(root, reference.file), 'utf8').includes(reference.words)).toBe(false);
  });
});
