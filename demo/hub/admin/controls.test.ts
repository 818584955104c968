import { HttpTransportType } from '@microsoft/signalr';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { admin, clientFor, counts, hubFor, post, signIn } from '../testing/fixture.js';
import { createControls } from './controls.js';
import { eventually } from '../testing/eventually.js';

const HOUR_MS = 3_600_000;

describe('a delay', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp() {
    const closing = new AbortController();
    const controls = createControls({ tokenLifeSeconds: 300, serviceTokenLifeSeconds: 300 }, closing.signal);
    const order: string[] = [];
    const wait = async (name: string, ...args: Parameters<typeof controls.delay>): Promise<void> => {
      await controls.delay(...args);
      order.push(name);
    };
    return { closing, controls, order, wait };
  }

  it('of nothing holds nobody', async () => {
    const { controls, order, wait } = setUp();
    const waiting = wait('a', 'calls');
    expect(controls.held).toBe(0);
    await waiting;
    expect(order).toEqual(['a']);
  });

  it('that is set to another lets go all who wait under the old one, in their order, and nobody else', async () => {
    const { controls, order, wait } = setUp();
    controls.setDelay('calls', HOUR_MS);
    controls.setDelay('negotiate', HOUR_MS);
    const waiting = Promise.all([wait('a', 'calls'), wait('b', 'calls'), wait('c', 'calls')]);
    void wait('negotiate', 'negotiate');
    expect(controls.held).toBe(4);
    controls.setDelay('calls', 0);
    await waiting;
    expect(order).toEqual(['a', 'b', 'c']);
    expect(controls.held).toBe(1);
    // Only the timer of who still waits.
    expect(vi.getTimerCount()).toBe(1);
    expect(controls.delaysMs).toMatchObject({ negotiate: HOUR_MS, calls: 0 });
  });

  it('that is set to another holds who comes after', async () => {
    const { controls, order, wait } = setUp();
    controls.setDelay('calls', HOUR_MS);
    const before = wait('before', 'calls');
    controls.setDelay('calls', 500);
    const after = wait('after', 'calls');
    await before;
    await vi.advanceTimersByTimeAsync(499);
    expect(order).toEqual(['before']);
    await vi.advanceTimersByTimeAsync(1);
    await after;
    expect(order).toEqual(['before', 'after']);
    expect(controls.held).toBe(0);
  });

  it.each(['caller', 'hub'])('ends when the %s has gone', async (who) => {
    const { closing, controls, wait } = setUp();
    const gone = new AbortController();
    controls.setDelay('calls', HOUR_MS);
    const waiting = wait('a', 'calls', gone.signal);
    (who === 'hub' ? closing : gone).abort();
    await waiting;
    expect(controls.held).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('a negotiate that is held goes on when the delay is taken back', async () => {
  const hub = await hubFor();
  const ann = await signIn(hub);
  await admin(hub, 'delay', { what: 'negotiate', ms: 600_000 });
  const answer = post(hub, '/hubs/ops/negotiate?negotiateVersion=1', undefined, {
    authorization: `Bearer ${ann.token}`,
  });
  await eventually(async () => expect(await counts(hub)).toMatchObject({ held: 1, negotiates: 0 }));
  await admin(hub, 'delay', { what: 'negotiate', ms: 0 });
  expect((await answer).status).toBe(200);
  expect(await counts(hub)).toMatchObject({ held: 0, negotiates: 1 });
});

it('calls that are held run when the delay is taken back', async () => {
  const hub = await hubFor();
  const client = clientFor(hub, await signIn(hub), HttpTransportType.WebSockets);
  await client.start();
  await admin(hub, 'delay', { what: 'calls', ms: 600_000 });
  const calls = Promise.all([1, 2, 3].map((n) => client.invoke('Echo', n)));
  await eventually(async () => expect(await counts(hub)).toMatchObject({ held: 3 }));
  await admin(hub, 'delay', { what: 'calls', ms: 0 });
  expect(await calls).toEqual([1, 2, 3]);
  expect(await counts(hub)).toMatchObject({ held: 0 });
});
