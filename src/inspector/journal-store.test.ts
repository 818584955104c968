/** The panel's own memory of the journal. */
import { expect, it } from 'vitest';
import type { JournalEntry, JournalKind } from '../contract/report.js';
import { createJournalStore, journalAsJson } from './journal-store.js';

function entry(seq: number, atMs = seq, kind: JournalKind = 'hub'): JournalEntry {
  return { seq, atMs, kind, text: `line ${seq}` };
}

it('gives the newest line first', () => {
  const store = createJournalStore();
  store.take('a', [entry(1), entry(2)]);
  store.take('a', [entry(3)]);
  expect(store.lines().map((line) => line.seq)).toEqual([3, 2, 1]);
});

it('keeps the order of lines of the same millisecond', () => {
  const store = createJournalStore();
  store.take('a', [entry(1, 5), entry(2, 5)]);
  store.take('a', [entry(3, 5)]);
  expect(store.lines().map((line) => line.seq)).toEqual([3, 2, 1]);
});

it('takes a line that comes twice once', () => {
  const store = createJournalStore();
  expect(store.take('a', [entry(1)])).toBe(true);
  expect(store.take('a', [entry(1)])).toBe(false);
  expect(store.lines()).toHaveLength(1);
});

it('tells apart lines of two workers that have the same number', () => {
  const store = createJournalStore();
  store.take('a', [entry(1, 10)]);
  store.note('b', 15, 'worker', 'worker replaced');
  store.take('b', [entry(1, 12)]);
  expect(store.lines().map((line) => [line.bootId, line.seq])).toEqual([
    ['b', null],
    ['b', 1],
    ['a', 1],
  ]);
});

it('forgets the oldest line over its bound', () => {
  const store = createJournalStore(2);
  store.take('a', [entry(1), entry(2), entry(3)]);
  expect(store.lines().map((line) => line.seq)).toEqual([3, 2]);
});

it('gives the lines of one kind', () => {
  const store = createJournalStore();
  store.take('a', [entry(1, 1, 'tab'), entry(2, 2, 'token')]);
  expect(store.lines('tab').map((line) => line.seq)).toEqual([1]);
});

it('copies lines with their time, their worker, and a code only where there is one', () => {
  const store = createJournalStore();
  store.take('a', [entry(1, 0), { ...entry(2, 1_000), code: 'hub-unreachable' }]);
  expect(JSON.parse(journalAsJson(store.lines()))).toEqual([
    { at: '1970-01-01T00:00:01.000Z', kind: 'hub', text: 'line 2', code: 'hub-unreachable', bootId: 'a', seq: 2 },
    { at: '1970-01-01T00:00:00.000Z', kind: 'hub', text: 'line 1', bootId: 'a', seq: 1 },
  ]);
});
