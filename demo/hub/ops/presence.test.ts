/** How often everyone is told how many are there. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPresence } from './presence.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells of many changes of one turn once, at once, and of nothing when nothing has changed', () => {
  const tell = vi.fn();
  const presence = createPresence(tell);
  for (let change = 0; change < 100; change += 1) presence.changed();
  vi.advanceTimersByTime(0);
  expect(tell).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(10_000);
  expect(tell).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

it('tells ten times a second at most, and always of the last change', () => {
  const tell = vi.fn();
  const presence = createPresence(tell);
  for (let ms = 0; ms < 1000; ms += 1) {
    presence.changed();
    vi.advanceTimersByTime(1);
  }
  expect(tell.mock.calls.length).toBeLessThanOrEqual(11);
  const before = tell.mock.calls.length;
  presence.changed();
  vi.advanceTimersByTime(200);
  expect(tell.mock.calls.length).toBeGreaterThan(before);
  expect(vi.getTimerCount()).toBe(0);
});

it('says nothing after it was stopped, and leaves no timer', () => {
  const tell = vi.fn();
  const presence = createPresence(tell);
  presence.changed();
  presence.stop();
  vi.advanceTimersByTime(1000);
  expect(tell).not.toHaveBeenCalled();
  const other = createPresence(tell);
  other.changed();
  vi.advanceTimersByTime(1);
  other.changed();
  other.stop();
  vi.advanceTimersByTime(1000);
  expect(tell).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});
