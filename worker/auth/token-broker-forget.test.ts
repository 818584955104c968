import { expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
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
