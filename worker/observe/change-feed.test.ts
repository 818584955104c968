import { expect, it } from 'vitest';
import { createChangeFeed } from './change-feed.js';

function setUp() {
  const feed = createChangeFeed();
  const answers: Record<string, boolean[]> = {};
  const waiters: Record<string, object> = { a: {}, b: {} };
  const ask = (name: 'a' | 'b', version: number): void => {
    void feed.next(version, waiters[name] as object).then((changed) => (answers[name] ??= []).push(changed));
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { feed, answers, waiters, ask, settle };
}

it('answers at once when the version differs already', async () => {
  const { feed, answers, ask, settle } = setUp();
  const known = feed.version;
  feed.changed();
  ask('a', known);
  ask('b', known + 1_000);
  await settle();
  expect(answers).toEqual({ a: [true], b: [true] });
});

it('answers nobody while nothing changes', async () => {
  const { feed, answers, ask, settle } = setUp();
  ask('a', feed.version);
  await settle();
  expect(answers).toEqual({});
});

it('wakes all who wait at the next change, once', async () => {
  const { feed, answers, ask, settle } = setUp();
  ask('a', feed.version);
  ask('b', feed.version);
  feed.changed();
  feed.changed();
  await settle();
  expect(answers).toEqual({ a: [true], b: [true] });
});

it('drops the older question of a waiter that asks again', async () => {
  const { feed, answers, ask, settle } = setUp();
  ask('a', feed.version);
  ask('a', feed.version);
  await settle();
  expect(answers).toEqual({ a: [false] });
  feed.changed();
  await settle();
  expect(answers).toEqual({ a: [false, true] });
});

it('drops a waiter that has gone, and no other', async () => {
  const { feed, answers, waiters, ask, settle } = setUp();
  ask('a', feed.version);
  ask('b', feed.version);
  feed.drop(waiters['a'] as object);
  feed.drop(waiters['a'] as object);
  feed.changed();
  await settle();
  expect(answers).toEqual({ a: [false], b: [true] });
});

it('grows its version with each change', () => {
  const { feed } = setUp();
  const before = feed.version;
  feed.changed();
  feed.changed();
  expect(feed.version).toBe(before + 2);
});
