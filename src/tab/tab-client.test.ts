import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePage } from '../../worker/testing/fake-page.js';
import { FakeSharedWorker } from '../../worker/testing/fake-shared-worker.js';
import { quiet, until } from '../../worker/testing/settle.js';
import { wireError } from '../contract/errors.js';
import type { Reply } from '../contract/rpc.js';
import { CONTROL_REPLY_MS } from '../contract/timing.js';
import { answered } from './answered.js';
import { createTabClient, missingFeature } from './tab-client.js';

// The first knock waits less than a busy machine may take, and a second one constructs the worker again.
vi.mock(import('../contract/timing.js'), async (original) => ({ ...(await original()), JOIN_ATTEMPTS_MS: [20_000] }));

let page: FakePage;
let origin: FakePage['origin'];
let host: FakePage['host'];
let document: FakePage['document'];
let window: FakePage['window'];

beforeEach(() => {
  page = new FakePage();
  ({ origin, host, document, window } = page);
});
afterEach(() => page.close());

const newClient = () => createTabClient(page.factory);
const tabLocks = (): string[] => origin.held.filter((name) => name.startsWith('hubshare:tab:'));

describe('a visit', () => {
  it('joins for one thing, and leaves nothing behind', async () => {
    const client = newClient();
    const report = await client.visit((stay) => answered(stay.api.nextReport(0, 0), stay.over));
    expect(report.tabs.map(({ id }) => id)).toEqual([client.tabId]);
    expect(client.stay).toBeNull();
    await until(() => tabLocks().length === 0);
    await quiet();
    expect(origin.waiting).toEqual([]);
    expect(origin.held).toEqual([`hubshare:worker:boot-1`]);
  });

  it('shares the worker with another that is going on', async () => {
    const client = newClient();
    await Promise.all([1, 2, 3].map(() => client.visit((stay) => answered(stay.api.online(), stay.over))));
    expect(host.constructions).toBe(1);
  });

  it('that fails leaves as well', async () => {
    const client = newClient();
    await expect(client.visit(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await until(() => tabLocks().length === 0);
    expect(client.stay).toBeNull();
  });

  it('takes the lock before it joins', async () => {
    const heldAtKnock: string[][] = [];
    const client = createTabClient(() => {
      const worker = new FakeSharedWorker(host);
      const { port } = worker;
      const post = port.postMessage.bind(port) as (message: unknown, transfer: Transferable[]) => void;
      port.postMessage = (message: unknown, transfer: unknown) => {
        heldAtKnock.push(tabLocks());
        post(message, transfer as Transferable[]);
      };
      return worker;
    });
    await client.visit(() => Promise.resolve());
    expect(heldAtKnock).toEqual([[expect.stringContaining(client.tabId)]]);
  });

  it('lets the lock go that comes after the worker could not be constructed', async () => {
    const client = createTabClient(() => {
      throw new Error('no worker');
    });
    await expect(client.visit(() => Promise.resolve())).rejects.toMatchObject({ code: 'worker-load-failed' });
    await until(() => tabLocks().length === 0);
    expect(origin.requested.some((name) => name.includes(client.tabId))).toBe(true);
  });

  it('uses a new name for its lock each time: that of a cached page must never be asked for again', async () => {
    const client = newClient();
    await client.visit(() => Promise.resolve());
    await client.visit(() => Promise.resolve());
    const names = origin.requested.filter((name) => name.startsWith(`hubshare:tab:${client.tabId}`));
    expect(new Set(names).size).toBe(2);
  });

  it('of a page that was parked when it left before is not parked', async () => {
    const client = newClient();
    await client.visit(async () => {
      window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
      await quiet();
    });
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    const { tabs } = await client.visit((stay) => answered(stay.api.nextReport(0, 0), stay.over));
    expect(tabs.map(({ id, parked }) => [id, parked])).toEqual([[client.tabId, false]]);
  });

  it('tells the worker what the page goes through, and no more when it has left', async () => {
    const client = newClient();
    const watcher = newClient();
    const seen = (): Promise<unknown> =>
      watcher.visit(async (stay) => {
        const { tabs } = await answered(stay.api.nextReport(0, 0), stay.over);
        const tab = tabs.find(({ id }) => id === client.tabId);
        return tab && [tab.visibility, tab.parked];
      });
    await client.visit(async () => {
      expect(await seen()).toEqual(['visible', false]);
      document.visibilityState = 'hidden';
      document.dispatchEvent(new Event('visibilitychange'));
      await quiet();
      expect(await seen()).toEqual(['hidden', false]);
      window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
      await quiet();
      expect(await seen()).toEqual(['hidden', true]);
      window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
      await quiet();
      expect(await seen()).toEqual(['hidden', false]);
    });
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('online'));
    await quiet();
    expect(client.stay).toBeNull();
  });
});

it('says which feature is missing', () => {
  expect(missingFeature()).toBeNull();
  vi.stubGlobal('navigator', {});
  expect(missingFeature()).toMatchObject({
    code: 'worker-unsupported',
    message: expect.stringContaining('HTTPS') as string,
  });
  vi.stubGlobal('SharedWorker', undefined);
  expect(missingFeature()).toMatchObject({
    code: 'worker-unsupported',
    message: expect.stringContaining('SharedWorker') as string,
  });
});

describe('answered', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    expect(vi.getTimerCount(), 'timers left behind').toBe(0);
    vi.useRealTimers();
  });

  const never = new Promise<Reply<number>>(() => undefined);

  it('gives the value', async () => {
    await expect(answered(Promise.resolve({ ok: true, value: 5 }), new AbortController().signal)).resolves.toBe(5);
  });

  it('throws the error that was answered', async () => {
    const reply: Reply<void> = { ok: false, error: wireError('not-joined', 'no', {}) };
    await expect(answered(Promise.resolve(reply), new AbortController().signal)).rejects.toMatchObject({
      code: 'not-joined',
    });
  });

  it('throws what broke the question off', async () => {
    await expect(answered(Promise.reject(new Error('released')), new AbortController().signal)).rejects.toThrow(
      'released',
    );
  });

  it('gives up on a worker that hangs after 10 s and a second turn for what was kept for a page that was frozen, and not before', async () => {
    const settled = vi.fn();
    answered(never, new AbortController().signal).catch(settled);
    await vi.advanceTimersByTimeAsync(CONTROL_REPLY_MS + 999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalledWith(
      expect.objectContaining({
        code: 'worker-unreachable',
        wire: expect.objectContaining({ afterMs: CONTROL_REPLY_MS }) as object,
      }),
    );
  });

  it('gives up at once on a worker that has died', async () => {
    const over = new AbortController();
    const answer = answered(never, over.signal);
    over.abort();
    await expect(answer).rejects.toMatchObject({ code: 'worker-lost' });
  });

  it('does not ask a worker that has died before', async () => {
    await expect(answered(never, AbortSignal.abort())).rejects.toMatchObject({ code: 'worker-lost' });
  });

  it('leaves no listener on the stay', async () => {
    const over = new AbortController();
    const [added, removed] = [vi.spyOn(over.signal, 'addEventListener'), vi.spyOn(over.signal, 'removeEventListener')];
    await answered(Promise.resolve({ ok: true, value: 1 }), over.signal);
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });
});
