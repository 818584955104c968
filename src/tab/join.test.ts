import { expose } from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wireError } from '../contract/errors.js';
import { CONTRACT_VERSION, type Hello, type Reply, type Welcome } from '../contract/rpc.js';
import { JOIN_ATTEMPTS_MS } from '../contract/timing.js';
import { FakeErrorEvent } from '../../worker/testing/fake-shared-worker.js';
import { joinWorker } from './join.js';

const WELCOME: Welcome = { bootId: 'boot-1', workerLock: 'worker-lock', contractVersion: CONTRACT_VERSION };

/** A worker whose script does what `serve` says with each knock. */
class FakeWorker extends EventTarget {
  static readonly constructed: FakeWorker[] = [];
  static answer: (() => Promise<Reply<Welcome>>) | null = null;
  static readonly hellos: Hello[] = [];
  readonly port: MessagePort;
  readonly #inside: MessagePort;

  constructor() {
    super();
    FakeWorker.constructed.push(this);
    const { port1, port2 } = new MessageChannel();
    this.port = port2;
    this.#inside = port1;
    port1.onmessage = (event: MessageEvent<{ hubshare: number; control: MessagePort }>) => {
      const { answer } = FakeWorker;
      if (answer === null) return;
      const api = {
        join: (hello: Hello) => {
          FakeWorker.hellos.push(hello);
          return answer();
        },
      };
      expose(api, event.data.control);
    };
  }

  close(): void {
    this.#inside.close();
    this.port.close();
  }
}

beforeEach(() => {
  // The first knock waits less than a busy machine may take: patience ends only where a test lets the time pass.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.stubGlobal('SharedWorker', FakeWorker);
  vi.stubGlobal('ErrorEvent', FakeErrorEvent);
  FakeWorker.constructed.length = 0;
  FakeWorker.hellos.length = 0;
  FakeWorker.answer = () => Promise.resolve({ ok: true, value: WELCOME });
});
afterEach(() => {
  for (const worker of FakeWorker.constructed) worker.close();
  for (const { events } of FakeWorker.hellos) events.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const request = {
  factory: () => new FakeWorker() as unknown as SharedWorker,
  tabId: 'tab',
  tabKey: 'key',
  tabLock: Promise.resolve('tab-lock'),
  visibility: () => 'hidden' as const,
  tab: {
    fetchAccessToken: () => Promise.resolve({ ok: true as const, value: 't' }),
    takeQuestion: () => Promise.resolve({ ok: true as const, value: false }),
    nextRetryDelay: () => Promise.resolve({ ok: true as const, value: null }),
  },
};

describe('a worker that answers', () => {
  it('is joined with who this tab is', async () => {
    const joined = await joinWorker(request);
    expect(joined.welcome).toEqual(WELCOME);
    expect(FakeWorker.hellos).toMatchObject([
      { contractVersion: CONTRACT_VERSION, tabId: 'tab', tabKey: 'key', tabLock: 'tab-lock', visibility: 'hidden' },
    ]);
    joined.close();
  });

  it('is constructed once', async () => {
    const joined = await joinWorker(request);
    joined.close();
    expect(FakeWorker.constructed).toHaveLength(1);
  });

  it('with a refusal is not asked again', async () => {
    FakeWorker.answer = () =>
      Promise.resolve({ ok: false, error: wireError('contract-mismatch', 'two builds', { tab: 1, worker: 2 }) });
    await expect(joinWorker(request)).rejects.toMatchObject({ code: 'contract-mismatch', wire: { tab: 1, worker: 2 } });
    expect(FakeWorker.constructed).toHaveLength(1);
  });
});

describe('a worker that gives no sign', () => {
  beforeEach(() => {
    FakeWorker.answer = null;
  });

  it('is knocked at again through a new one, with more patience each time', async () => {
    const joined = joinWorker(request);
    joined.catch(() => undefined);
    let constructed = 1;
    for (const afterMs of JOIN_ATTEMPTS_MS) {
      expect(FakeWorker.constructed).toHaveLength(constructed);
      await vi.advanceTimersByTimeAsync(afterMs - 1);
      expect(FakeWorker.constructed).toHaveLength(constructed);
      await vi.advanceTimersByTimeAsync(1);
      constructed = Math.min(constructed + 1, JOIN_ATTEMPTS_MS.length);
    }
    await expect(joined).rejects.toMatchObject({
      code: 'worker-unreachable',
      wire: { afterMs: JOIN_ATTEMPTS_MS.reduce((sum, ms) => sum + ms) },
    });
    expect(FakeWorker.constructed).toHaveLength(JOIN_ATTEMPTS_MS.length);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('at first is joined when it answers the second knock', async () => {
    const joined = joinWorker(request);
    await vi.advanceTimersByTimeAsync(JOIN_ATTEMPTS_MS[0]! - 1);
    FakeWorker.answer = () => Promise.resolve({ ok: true, value: WELCOME });
    await vi.advanceTimersByTimeAsync(1);
    (await joined).close();
    expect(FakeWorker.constructed).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a worker that cannot be loaded', () => {
  it.each([
    ['an error event with a message', () => new FakeErrorEvent('error', { message: 'SyntaxError' })],
    ['an error event without one', () => new Event('error')],
  ])('is told by %s', async (_, event) => {
    FakeWorker.answer = null;
    const joined = joinWorker(request);
    joined.catch(() => undefined);
    FakeWorker.constructed[0]!.dispatchEvent(event());
    await expect(joined).rejects.toMatchObject({
      code: 'worker-load-failed',
      message: expect.stringContaining('Content-Security-Policy') as string,
    });
    expect(FakeWorker.constructed).toHaveLength(1);
  });

  it('because its construction throws', async () => {
    const cause = new DOMException('Failed to construct', 'SecurityError');
    const factory = (): never => {
      throw cause;
    };
    await expect(joinWorker({ ...request, factory })).rejects.toMatchObject({ code: 'worker-load-failed', cause });
  });

  it.each([undefined, null, {}, 'worker.js', { port: {} }])(
    'because the function gives no SharedWorker but %j',
    async (value) => {
      await expect(joinWorker({ ...request, factory: () => value as never })).rejects.toMatchObject({
        code: 'option-invalid',
        wire: { option: 'withWorker' },
      });
    },
  );
});

it('that fails or times out leaves no port open', async () => {
  FakeWorker.answer = () => Promise.resolve({ ok: false, error: wireError('worker-failed', 'no', { detail: 'no' }) });
  const closed: string[] = [];
  const factory = (): SharedWorker => {
    const worker = new FakeWorker();
    vi.spyOn(worker.port, 'close').mockImplementation(() => void closed.push('worker.port'));
    return worker as unknown as SharedWorker;
  };
  await expect(joinWorker({ ...request, factory })).rejects.toMatchObject({ code: 'worker-failed' });
  expect(closed).toEqual(['worker.port']);
});
