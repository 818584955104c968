import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeLocks } from '../../worker/testing/fake-locks.js';
import { FORGET_LIMIT_MS, FORGET_PAUSE_MS } from '../contract/timing.js';
import { bePresent } from './presence.js';

const WORKER = 'hubshare:worker:boot-1';
let origin: FakeLocks;

beforeEach(() => {
  origin = new FakeLocks();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  // The fake's own timers, by which it grants.
  await elapse(1);
  expect(vi.getTimerCount(), 'timers left behind').toBe(0);
  expect(origin.held, 'locks left behind').toEqual([]);
  expect(origin.waiting, 'requests left behind').toEqual([]);
  vi.useRealTimers();
});

/** Locks are granted by timers of 0 ms. */
const elapse = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function tab(name: string) {
  const locks = origin.client(name);
  const joining = bePresent(locks, WORKER);
  await elapse(0);
  return { presence: await joining, die: () => locks.die() };
}

/** Waits for the worker of `tab` to be forgotten, and says when it is. */
function waitFor({ presence }: Awaited<ReturnType<typeof tab>>) {
  const forgotten = vi.fn();
  void presence.untilForgotten().then(forgotten);
  return forgotten;
}

describe('a tab that is with a worker', () => {
  it('says so together with the others, and no more when it has left', async () => {
    const [a, b] = [await tab('a'), await tab('b')];
    expect(origin.held).toEqual([`${WORKER}:tabs`, `${WORKER}:tabs`]);
    a.presence.end();
    await elapse(0);
    expect(origin.held).toHaveLength(1);
    b.presence.end();
    await elapse(0);
  });
});

describe('when the worker has died', () => {
  it('a tab that is alone waits the pause, in which it lets go of its own objects', async () => {
    const forgotten = waitFor(await tab('a'));
    await elapse(FORGET_PAUSE_MS - 1);
    expect(forgotten).not.toHaveBeenCalled();
    await elapse(1);
    await elapse(1);
    expect(forgotten).toHaveBeenCalledTimes(1);
  });

  it('the quicker tab waits for the slower one', async () => {
    const [quick, slow] = [await tab('quick'), await tab('slow')];
    const forgotten = waitFor(quick);
    await elapse(2 * FORGET_PAUSE_MS);
    expect(forgotten).not.toHaveBeenCalled();
    // Only now does the slower one hear of the death.
    const forgottenToo = waitFor(slow);
    await elapse(FORGET_PAUSE_MS - 1);
    expect(forgotten).not.toHaveBeenCalled();
    await elapse(5);
    expect(forgotten).toHaveBeenCalledTimes(1);
    expect(forgottenToo).toHaveBeenCalledTimes(1);
  });

  it('a tab does not wait for one that is gone', async () => {
    const [a, gone] = [await tab('a'), await tab('gone')];
    const forgotten = waitFor(a);
    await elapse(FORGET_PAUSE_MS);
    gone.die();
    await elapse(1);
    expect(forgotten).toHaveBeenCalledTimes(1);
  });

  it('a tab that never leaves, as one in the back/forward cache, is waited for up to the limit', async () => {
    const [a, cached] = [await tab('a'), await tab('cached')];
    const forgotten = waitFor(a);
    await elapse(FORGET_PAUSE_MS + FORGET_LIMIT_MS - 1);
    expect(forgotten).not.toHaveBeenCalled();
    await elapse(1);
    expect(forgotten).toHaveBeenCalledTimes(1);
    expect(origin.waiting).toEqual([]);
    cached.die();
  });
});

describe('in Chromium, which forgets a worker at once', () => {
  it('no lock is taken and nothing is waited for', async () => {
    vi.resetModules();
    vi.stubGlobal('navigator', { userAgentData: {} });
    const chromium = await import('./presence.js');
    vi.unstubAllGlobals();
    const presence = await chromium.bePresent(origin.client('a'), WORKER);
    await presence.untilForgotten();
    presence.end();
    expect(origin.requested).toEqual([]);
  });
});
