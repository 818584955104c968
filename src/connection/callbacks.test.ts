import { afterEach, expect, it, vi } from 'vitest';
import { createCallbacks } from './callbacks.js';
import { createLog } from './log.js';

const quietly = createLog(null, null);

afterEach(() => {
  vi.restoreAllMocks();
});

it('calls all, in order, with the connection as this', () => {
  const callbacks = createCallbacks<[number]>('onx', quietly);
  const seen: unknown[] = [];
  const self = {};
  callbacks.add(function (this: unknown, n) {
    seen.push(['a', n, this === self]);
  });
  callbacks.add((n) => seen.push(['b', n]));
  callbacks.call(self, 5);
  expect(seen).toEqual([
    ['a', 5, true],
    ['b', 5],
  ]);
});

it('goes on after one that throws, and says so', () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const callbacks = createCallbacks('onx', quietly);
  const next = vi.fn();
  callbacks.add(() => {
    throw new Error('broken');
  });
  callbacks.add(next);
  callbacks.call({});
  expect(next).toHaveBeenCalledTimes(1);
  expect(String(log.mock.calls[0]?.[0])).toContain("onx callback threw error 'Error: broken'");
});

it('calls one no more that was taken off, and may be taken off twice', () => {
  const callbacks = createCallbacks('onx', quietly);
  const [first, second] = [vi.fn(), vi.fn()];
  const end = callbacks.add(first);
  callbacks.add(second);
  end();
  end();
  callbacks.call({});
  expect(first).not.toHaveBeenCalled();
  expect(second).toHaveBeenCalledTimes(1);
});

it('lets one take itself or another off while all are called', () => {
  const callbacks = createCallbacks('onx', quietly);
  const seen: string[] = [];
  const end = callbacks.add(() => {
    seen.push('a');
    end();
    endB();
  });
  const endB = callbacks.add(() => seen.push('b'));
  callbacks.call({});
  callbacks.call({});
  expect(seen).toEqual(['a', 'b']);
});

it('says whether there is any', () => {
  const callbacks = createCallbacks('onx', quietly);
  expect(callbacks.isEmpty).toBe(true);
  const end = callbacks.add(vi.fn());
  expect(callbacks.isEmpty).toBe(false);
  end();
  expect(callbacks.isEmpty).toBe(true);
});
