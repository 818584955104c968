import { expect, it, vi } from 'vitest';
import { FakeLocks } from '../../worker/testing/fake-locks.js';
import { quiet, until } from '../../worker/testing/settle.js';
import { holdLock, watchWorker } from './locks.js';

function setUp() {
  const origin = new FakeLocks();
  return { origin, tab: origin.client('tab'), other: origin.client('other'), worker: origin.client('worker') };
}

it('holds a lock until it is released', async () => {
  const { origin, tab } = setUp();
  const held = await holdLock(tab, 'tab-lock');
  await quiet();
  expect(held.name).toBe('tab-lock');
  expect(origin.held).toEqual(['tab-lock']);
  held.release();
  await until(() => origin.held.length === 0);
});

it('rejects where locks are refused', async () => {
  const refused = new DOMException('Access to the Locks API is denied in this context.', 'SecurityError');
  const locks = { request: () => Promise.reject(refused), query: () => Promise.reject(refused) };
  await expect(holdLock(locks as unknown as LockManager, 'tab-lock')).rejects.toBe(refused);
});

it('notices the death of the worker, in every tab, once', async () => {
  const { origin, tab, other, worker } = setUp();
  await holdLock(worker, 'worker-lock');
  const gone = [vi.fn(), vi.fn()];
  watchWorker(tab, 'worker-lock', gone[0]!);
  watchWorker(other, 'worker-lock', gone[1]!);
  await quiet();
  expect(gone[0]).not.toHaveBeenCalled();
  worker.die();
  await until(() => gone.every(({ mock }) => mock.calls.length === 1));
  await quiet();
  expect(gone.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  expect(origin.held).toEqual([]);
});

it('notices a worker that was dead before it was watched', async () => {
  const { tab } = setUp();
  const gone = vi.fn();
  watchWorker(tab, 'worker-lock', gone);
  await until(() => gone.mock.calls.length === 1);
});

it('notices nothing after the watch has ended, and leaves the queue', async () => {
  const { origin, tab, worker } = setUp();
  await holdLock(worker, 'worker-lock');
  const gone = vi.fn();
  const end = watchWorker(tab, 'worker-lock', gone);
  await quiet();
  end();
  end();
  expect(origin.waiting).toEqual([]);
  worker.die();
  await quiet();
  expect(gone).not.toHaveBeenCalled();
});
