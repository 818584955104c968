import { describe, expect, it, vi } from 'vitest';
import { FakeLocks } from './fake-locks.js';
import { quiet, until } from './settle.js';

function setUp() {
  const origin = new FakeLocks();
  return { origin, a: origin.client('a'), b: origin.client('b'), c: origin.client('c') };
}

/** Asks for a lock and keeps it until `release`. */
function hold(client: ReturnType<FakeLocks['client']>, name: string, options: LockOptions = {}) {
  const granted = vi.fn();
  let release: (value: string) => void = () => undefined;
  const done = client.request(name, options, (lock) => {
    granted(lock);
    return new Promise<string>((resolve) => (release = resolve));
  });
  return { granted, done, release: (value = 'done') => release(value) };
}

describe('request', () => {
  it('grants in a task of its own, and settles with what the callback gives', async () => {
    const { a } = setUp();
    const one = hold(a, 'x');
    expect(one.granted).not.toHaveBeenCalled();
    await until(() => one.granted.mock.calls.length === 1);
    expect(one.granted).toHaveBeenCalledWith({ name: 'x', mode: 'exclusive' });
    one.release('value');
    await expect(one.done).resolves.toBe('value');
  });

  it('grants an exclusive lock to one at a time, first come, first served', async () => {
    const { a, b, c } = setUp();
    const [one, two, three] = [hold(a, 'x'), hold(b, 'x'), hold(c, 'x')];
    await quiet();
    expect([one, two, three].map(({ granted }) => granted.mock.calls.length)).toEqual([1, 0, 0]);
    one.release();
    await quiet();
    expect([one, two, three].map(({ granted }) => granted.mock.calls.length)).toEqual([1, 1, 0]);
  });

  it('grants a shared lock to many, but not past an exclusive request that waits', async () => {
    const { a, b, c } = setUp();
    const shared = [hold(a, 'x', { mode: 'shared' }), hold(b, 'x', { mode: 'shared' })];
    await quiet();
    expect(shared.every(({ granted }) => granted.mock.calls.length === 1)).toBe(true);
    const exclusive = hold(c, 'x');
    const late = hold(a, 'x', { mode: 'shared' });
    await quiet();
    expect(late.granted).not.toHaveBeenCalled();
    for (const each of shared) each.release();
    await quiet();
    expect(exclusive.granted).toHaveBeenCalled();
    expect(late.granted).not.toHaveBeenCalled();
    exclusive.release();
    await until(() => late.granted.mock.calls.length === 1);
  });

  it('keeps names apart', async () => {
    const { a, b } = setUp();
    const [one, two] = [hold(a, 'x'), hold(b, 'y')];
    await quiet();
    expect([one, two].map(({ granted }) => granted.mock.calls.length)).toEqual([1, 1]);
  });

  it('frees a lock whose callback throws, and rejects with what it threw', async () => {
    const { a, b } = setUp();
    const failed = a.request('x', () => Promise.reject(new Error('broken')));
    await expect(failed).rejects.toThrow('broken');
    const next = hold(b, 'x');
    await until(() => next.granted.mock.calls.length === 1);
  });
});

describe('options', () => {
  it('signal takes a request out of the queue, and has no effect once granted', async () => {
    const { origin, a, b } = setUp();
    const abort = new AbortController();
    const one = hold(a, 'x', { signal: abort.signal });
    await quiet();
    const waits = new AbortController();
    const two = hold(b, 'x', { signal: waits.signal });
    waits.abort();
    await expect(two.done).rejects.toMatchObject({ name: 'AbortError' });
    expect(origin.waiting).toEqual([]);
    abort.abort();
    await quiet();
    expect(origin.held).toEqual(['x']);
    one.release();
    await expect(one.done).resolves.toBe('done');
  });

  it('signal that is aborted already rejects at once, and asks for nothing', async () => {
    const { origin, a } = setUp();
    await expect(hold(a, 'x', { signal: AbortSignal.abort() }).done).rejects.toMatchObject({ name: 'AbortError' });
    expect(origin.requested).toEqual([]);
  });

  it('ifAvailable gives null where the lock is held', async () => {
    const { a, b } = setUp();
    hold(a, 'x');
    await quiet();
    const probe = b.request('x', { ifAvailable: true }, (lock) => lock);
    await expect(probe).resolves.toBeNull();
  });

  it('steal breaks the lock of its holder', async () => {
    const { a, b } = setUp();
    const one = hold(a, 'x');
    one.done.catch(() => undefined);
    await quiet();
    const two = hold(b, 'x', { steal: true });
    await expect(one.done).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => two.granted.mock.calls.length === 1);
  });

  it.each<[string, LockOptions]>([
    ['-x', {}],
    ['x', { steal: true, ifAvailable: true }],
    ['x', { steal: true, mode: 'shared' }],
    ['x', { ifAvailable: true, signal: new AbortController().signal }],
  ])('that do not go together are refused (%s %j)', async (name, options) => {
    await expect(hold(setUp().a, name, options).done).rejects.toMatchObject({ name: 'NotSupportedError' });
  });
});

describe('a client that dies', () => {
  it('frees what it held, and waits for nothing any more', async () => {
    const { origin, a, b } = setUp();
    const one = hold(a, 'x');
    await quiet();
    const [two, ofDead] = [hold(b, 'x'), hold(a, 'y')];
    a.die();
    await until(() => two.granted.mock.calls.length === 1);
    await quiet();
    expect(ofDead.granted).not.toHaveBeenCalled();
    one.release();
    await quiet();
    expect(origin.held).toEqual(['x']);
  });
});

it('tells who holds and who waits', async () => {
  const { a, b } = setUp();
  hold(a, 'x');
  hold(b, 'x', { mode: 'shared' });
  await quiet();
  expect(await a.query()).toEqual({
    held: [{ name: 'x', mode: 'exclusive', clientId: 'a' }],
    pending: [{ name: 'x', mode: 'shared', clientId: 'b' }],
  });
});
