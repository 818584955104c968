import { expect, it, vi } from 'vitest';
import { createJournal } from './journal.js';

function setUp(maxEntries = 3) {
  const onChange = vi.fn();
  let nowMs = 0;
  const journal = createJournal({
    now: () => (nowMs += 10),
    redact: (text) => text.replaceAll('secret', '[redacted]'),
    maxEntries,
    onChange,
  });
  const texts = (seq = 0): string[] => journal.since(seq).map(({ text }) => text);
  return { journal, onChange, texts };
}

it('notes what happened, when, and of what kind', () => {
  const { journal, onChange } = setUp();
  journal.note('tab', 'tab 1 joined');
  journal.note('token', 'no token', 'token-unavailable');
  expect(journal.since(0)).toEqual([
    { seq: 1, atMs: 10, kind: 'tab', text: 'tab 1 joined' },
    { seq: 2, atMs: 20, kind: 'token', text: 'no token', code: 'token-unavailable' },
  ]);
  expect(onChange).toHaveBeenCalledTimes(2);
});

it('is empty at first', () => {
  expect(setUp().journal.since(0)).toEqual([]);
});

it('redacts', () => {
  const { journal, texts } = setUp();
  journal.note('log', 'it said secret');
  expect(texts()).toEqual(['it said [redacted]']);
});

it('keeps the newest, oldest first, once it is full', () => {
  const { journal, texts } = setUp(3);
  for (let n = 1; n <= 3; n += 1) journal.note('hub', `${n}`);
  expect(texts()).toEqual(['1', '2', '3']);
  journal.note('hub', '4');
  expect(texts()).toEqual(['2', '3', '4']);
  for (let n = 5; n <= 10; n += 1) journal.note('hub', `${n}`);
  expect(texts()).toEqual(['8', '9', '10']);
  expect(journal.since(0).map(({ seq }) => seq)).toEqual([8, 9, 10]);
});

it.each([
  [7, ['8', '9', '10']],
  [8, ['9', '10']],
  [9, ['10']],
  [10, []],
  [11, []],
  [1_000_000, []],
])('gives what came after %i', (seq, expected) => {
  const { journal, texts } = setUp(3);
  for (let n = 1; n <= 10; n += 1) journal.note('hub', `${n}`);
  expect(texts(seq)).toEqual(expected);
});

it('works with room for one', () => {
  const { journal, texts } = setUp(1);
  journal.note('hub', '1');
  journal.note('hub', '2');
  expect(texts()).toEqual(['2']);
});
