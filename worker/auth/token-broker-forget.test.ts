import { expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { quiet as settle } from '../testing/settle.js';
import { createSanitizer } from './sanitizer.js';
import { createTokenBroker } from './token-broker.js';

function setUp(forget: () => Promise<void>) {
  const source = {
    kind: 'endpoint' as const,
    fetch: () => Promise.resolve({ token: 'a-token', expiresInSeconds: 300 }),
    forget: vi.fn(forget),
  };
  const broker = createTokenBroker({ source, clock: new FakeClock(), sanitizer: createSanitizer(), random: () => 0 });
  return { source, broker };
}

it('a sign-out has the source forget, and waits for it; in memory the token is gone at once', async () => {
  let done: () => void = () => undefined;
  const { source, broker } = setUp(() => new Promise((resolve) => (done = resolve)));
  await broker.get();
  const settled = vi.fn();
  const cleared = broker.clear().then(settled);
  expect(broker.peek()).toBeNull();
  expect(source.forget).toHaveBeenCalledTimes(1);
  await Promise.resolve();
  expect(settled).not.toHaveBeenCalled();
  done();
  await cleared;
});

it.each<[string, () => Promise<void>]>([
  ['rejects', () => Promise.reject(new Error('no'))],
  [
    'throws',
    () => {
      throw new Error('no');
    },
  ],
])('a sign-out is one also if the source %s', async (_, forget) => {
  const { broker } = setUp(forget);
  await broker.get();
  await expect(broker.clear()).resolves.toBeUndefined();
  expect(broker.peek()).toBeNull();
});

it('when the last tab has only gone, the source keeps what it has stored', async () => {
  const { source, broker } = setUp(() => Promise.resolve());
  await broker.get();
  await broker.clear({ keepsStored: true });
  expect(broker.peek()).toBeNull();
  expect(source.forget).not.toHaveBeenCalled();
});

it('each sign-in has a signal that ends with it', async () => {
  const { broker } = setUp(() => Promise.resolve());
  const first = broker.signedIn;
  expect(broker.signedIn).toBe(first);
  await broker.clear();
  expect(first.reason).toMatchObject({ code: 'signed-out' });
  const second = broker.signedIn;
  expect(second.aborted).toBe(false);
  broker.close();
  expect(second.reason).toMatchObject({ code: 'stopped' });
  expect(broker.signedIn.aborted).toBe(true);
});

it('a request that is under way when the last tab goes is let end, and the next one waits for it', async () => {
  const answers: ((token: string) => void)[] = [];
  const signals: AbortSignal[] = [];
  const source = {
    kind: 'endpoint' as const,
    fetch: (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<{ token: string }>((resolve) => answers.push((token) => resolve({ token })));
    },
  };
  const clock = new FakeClock();
  const broker = createTokenBroker({ source, clock, sanitizer: createSanitizer(), random: () => 0 });
  const first = broker.get();
  void broker.clear({ keepsStored: true });
  await expect(first).rejects.toMatchObject({ code: 'signed-out' });
  const second = broker.get();
  await settle();
  expect([signals.length, signals[0]?.aborted]).toEqual([1, false]);
  answers[0]?.('of-the-page-before');
  await vi.waitFor(() => expect(signals).toHaveLength(2));
  expect(broker.peek(), 'its answer goes to nobody').toBeNull();
  answers[1]?.('of-the-next-page');
  await expect(second).resolves.toMatchObject({ token: 'of-the-next-page' });
  // Later ones wait for nothing.
  void broker.refreshNow().catch(() => undefined);
  await vi.waitFor(() => expect(signals).toHaveLength(3));

  void broker.clear({ keepsStored: true });
  void broker.get().catch(() => undefined);
  await settle();
  void broker.clear();
  expect(signals[2]?.aborted, 'a sign-out ends it').toBe(true);
  await settle();
  expect(clock.pending).toBe(0);
});

it('of several that are left in a row only the one that was sent goes on, and a sign-out ends that too', async () => {
  const signals: AbortSignal[] = [];
  const source = {
    kind: 'endpoint' as const,
    fetch: (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<never>(() => undefined);
    },
  };
  const clock = new FakeClock();
  const broker = createTokenBroker({ source, clock, sanitizer: createSanitizer(), random: () => 0 });
  for (let n = 0; n < 5; n += 1) {
    void broker.get().catch(() => undefined);
    await settle();
    void broker.clear({ keepsStored: true });
  }
  await settle();
  expect([signals.length, signals[0]?.aborted, clock.pending]).toEqual([1, false, 1]);
  void broker.clear();
  await settle();
  expect([signals.length, signals[0]?.aborted, clock.pending]).toEqual([1, true, 0]);
});
