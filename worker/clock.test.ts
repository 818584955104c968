import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from './clock.js';

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('keeps a timer of 30 days, which is longer than the platform can', () => {
  const fired = vi.fn();
  systemClock.setTimeout(fired, 30 * DAY_MS);

  vi.advanceTimersByTime(30 * DAY_MS - 1);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(fired).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

it('cancels a long timer in any of its steps', () => {
  const fired = vi.fn();
  const cancel = systemClock.setTimeout(fired, DAY_MS);

  vi.advanceTimersByTime(DAY_MS / 2);
  cancel();
  cancel();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(DAY_MS);
  expect(fired).not.toHaveBeenCalled();
});

it('is not late by the time that the machine slept', () => {
  const fired = vi.fn();
  systemClock.setTimeout(fired, DAY_MS);

  // Timers stand still while the machine sleeps; the wall clock does not.
  vi.setSystemTime(Date.now() + DAY_MS);
  vi.advanceTimersByTime(600_000);
  expect(fired).toHaveBeenCalledTimes(1);
});

it('is not held up by a clock that was set back', () => {
  const fired = vi.fn();
  systemClock.setTimeout(fired, 2_000_000);

  vi.setSystemTime(Date.now() - DAY_MS);
  vi.advanceTimersByTime(2_000_000);
  expect(fired).toHaveBeenCalledTimes(1);
});
