import { describe, expect, it, vi } from 'vitest';
import { FakeLocks } from '../testing/fake-locks.js';
import { quiet, until } from '../testing/settle.js';
import { heldLocks, holdForLife, watchHolder } from './liveness.js';

function setUp() {
  const origin = new FakeLocks();
  const page = origin.client('page');
  const worker = origin.client('worker');
  const onGone = vi.fn();
  return { origin, page, worker, onGone };
}

describe('watchHolder', () => {
  it('says nothing while the holder lives', async () => {
    const { page, worker, onGone, origin } = setUp();
    await holdForLife(page, 'tab-lock');
    watchHolder(worker, 'tab-lock', onGone);
    await quiet();
    expect(onGone).not.toHaveBeenCalled();
    expect(origin.waiting).toEqual(['tab-lock']);
  });

  it('says once that the holder has gone, and lets the lock go', async () => {
    const { page, worker, onGone, origin } = setUp();
    await holdForLife(page, 'tab-lock');
    watchHolder(worker, 'tab-lock', onGone);
    page.die();
    await until(() => onGone.mock.calls.length > 0);
    await quiet();
    expect(onGone).toHaveBeenCalledTimes(1);
    expect(origin.held).toEqual([]);
    expect(origin.waiting).toEqual([]);
  });

  it('says at once that nobody holds it', async () => {
    const { worker, onGone } = setUp();
    watchHolder(worker, 'tab-lock', onGone);
    await until(() => onGone.mock.calls.length > 0);
  });

  it('asks for the lock exactly once', async () => {
    const { page, worker, onGone, origin } = setUp();
    await holdForLife(page, 'tab-lock');
    watchHolder(worker, 'tab-lock', onGone);
    page.die();
    await quiet();
    expect(origin.requested).toEqual(['tab-lock', 'tab-lock']);
  });

  it('says nothing after its end, and does not stay in the queue', async () => {
    const { page, worker, onGone, origin } = setUp();
    await holdForLife(page, 'tab-lock');
    const end = watchHolder(worker, 'tab-lock', onGone);
    await quiet();
    end();
    end();
    expect(origin.waiting).toEqual([]);
    page.die();
    await quiet();
    expect(onGone).not.toHaveBeenCalled();
  });

  it('still says what is true when it was ended in the moment in which the lock was granted', async () => {
    const { worker, onGone, origin } = setUp();
    let end = (): void => undefined;
    const locks = {
      request: ((name: string, options: LockOptions, granted: LockGrantedCallback<unknown>) =>
        worker.request(name, options, (lock) => {
          end();
          return granted(lock);
        })) as LockManager['request'],
    };
    end = watchHolder(locks, 'tab-lock', onGone);
    await until(() => onGone.mock.calls.length > 0);
    await quiet();
    expect(onGone).toHaveBeenCalledTimes(1);
    expect(origin.held).toEqual([]);
  });
});

describe('holdForLife', () => {
  it('resolves when the lock is held, and holds it until the scope ends', async () => {
    const { worker, origin } = setUp();
    await holdForLife(worker, 'worker-lock');
    await quiet();
    expect(origin.held).toEqual(['worker-lock']);
    worker.die();
    expect(origin.held).toEqual([]);
  });

  it('waits for the holder before it', async () => {
    const { page, worker } = setUp();
    await holdForLife(page, 'worker-lock');
    const held = vi.fn();
    void holdForLife(worker, 'worker-lock').then(held);
    await quiet();
    expect(held).not.toHaveBeenCalled();
    page.die();
    await until(() => held.mock.calls.length > 0);
  });

  it('rejects where locks are refused', async () => {
    const refused = new DOMException('Access to the Locks API is denied in this context.', 'SecurityError');
    const locks = { request: () => Promise.reject(refused) };
    await expect(holdForLife(locks, 'worker-lock')).rejects.toBe(refused);
  });
});

it('a look names what is held, and asks for nothing', async () => {
  const { page, worker, origin } = setUp();
  await holdForLife(page, 'tab-lock');
  watchHolder(worker, 'tab-lock', () => undefined);
  await quiet();
  const before = origin.requested.length;
  expect([...(await heldLocks(worker))]).toEqual(['tab-lock']);
  expect(origin.requested).toHaveLength(before);
});

it('a look at a browser that leaves out what the standard lets it leave out names nothing', async () => {
  expect([...(await heldLocks({ query: () => Promise.resolve({}) }))]).toEqual([]);
  expect([...(await heldLocks({ query: () => Promise.resolve({ held: [{}] }) }))]).toEqual([]);
});
