import { expect, it } from 'vitest';
import { FakeClock } from './fake-clock.js';

it('runs due timers in order of time, then of arming, and lets promises settle in between', async () => {
  const clock = new FakeClock(1_000);
  const seen: string[] = [];
  clock.setTimeout(() => seen.push(`late at ${clock.now()}`), 20);
  clock.setTimeout(() => {
    seen.push('first');
    void Promise.resolve().then(() => seen.push('settled'));
  }, 10);
  clock.setTimeout(() => seen.push('second'), 10);

  await clock.advanceBy(20);

  expect(seen).toEqual(['first', 'settled', 'second', 'late at 1020']);
  expect(clock.now()).toBe(1_020);
});

it('runs timers that are armed on the way, if they fall due', async () => {
  const clock = new FakeClock();
  const seen: number[] = [];
  clock.setTimeout(() => {
    seen.push(clock.now());
    clock.setTimeout(() => seen.push(clock.now()), 5);
    clock.setTimeout(() => seen.push(clock.now()), 6);
  }, 5);

  await clock.advanceBy(10);
  expect(seen).toEqual([5, 10]);
  expect(clock.pending).toBe(1);
});

it('forgets a timer that was cancelled', async () => {
  const clock = new FakeClock();
  const cancel = clock.setTimeout(() => expect.unreachable(), 5);
  expect(clock.pending).toBe(1);
  cancel();
  expect(clock.pending).toBe(0);
  await clock.advanceBy(10);
});
