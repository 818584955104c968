/** Reads SECURITY.md, whose sentences each name the tests that hold them, and tells which sentence is not held. */
import { testsOf } from './test-titles.mjs';

/** @typedef {{ file: string, words: string }} Reference words of the title of a test, or of a group around it */

const OPENING = 'Each sentence has its test: a file, and words of the name of a test in it.';

/** A file between backticks, and words between quotes behind it. */
const REFERENCE = /`([^`\s]+\.(?:test|spec)\.(?:ts|mjs))` "((?:[^"\\]|\\.)+)"/g;

/**
 * @param {string} page SECURITY.md
 * @returns {{ sentences: string[], loose: string[] }} loose: what stands between the headings and is no sentence of the list
 */
export function promisesOf(page) {
  const promises = page.slice(page.indexOf('## What is promised'), page.indexOf('## What is not promised'));
  const loose = promises
    .split('\n')
    .filter((line) => /^\S/.test(line) && !line.startsWith('- ') && !line.startsWith('#') && line !== OPENING);
  // Each with all lines that belong to it, up to the next heading.
  const sentences = promises.split(/^- /m).slice(1);
  return { sentences: sentences.map((sentence) => sentence.split(/^#/m)[0]?.trim() ?? ''), loose };
}

/**
 * @param {string} sentence
 * @returns {Reference[]}
 */
export function referencesOf(sentence) {
  return [...sentence.matchAll(REFERENCE)].map(([, file = '', words = '']) => ({
    file,
    words: words.replaceAll('\\"', '"'),
  }));
}

/**
 * @param {Reference} reference
 * @param {(file: string) => string | null} read the text of a file of the repository; null: there is none
 * @returns {string | null} why this holds no sentence; null: it does
 */
export function problemOf({ file, words }, read) {
  const text = read(file);
  if (text === null) return `there is no ${file}`;
  const named = testsOf(file, text).filter(({ titles }) => titles.some((title) => title.includes(words)));
  if (named.length === 0) return `no test of ${file} has “${words}” in its title`;
  return named.every(({ skipped }) => skipped) ? `the test “${words}” of ${file} is skipped` : null;
}

/**
 * @param {string} page
 * @param {(file: string) => string | null} read
 * @returns {string[]}
 */
export function problemsOf(page, read) {
  const { sentences, loose } = promisesOf(page);
  return [
    ...(sentences.length === 0 ? ['the page promises nothing'] : []),
    ...loose.map((line) => `no sentence of the list, and so without a test: ${line}`),
    ...sentences
      .filter((sentence) => referencesOf(sentence).length === 0)
      .map((sentence) => `without a test: ${sentence}`),
    ...sentences.flatMap(referencesOf).flatMap((reference) => problemOf(reference, read) ?? []),
  ];
}
