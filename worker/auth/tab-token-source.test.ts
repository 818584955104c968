import { expect, it, vi } from 'vitest';
import { wireError } from '../../src/contract/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import { PartTab } from '../testing/fake-tab.js';
import { tabTokenSource } from './tab-token-source.js';

const HUB = 'https://h.test/hubs/ops';

/** Two tabs with a factory; `a` is the primary. */
function setUp() {
  const clock = new FakeClock();
  const [a, b] = [new PartTab('a'), new PartTab('b')];
  const onSkipped = vi.fn();
  const source = tabTokenSource({ hub: HUB, tabs: () => [a.tab, b.tab], clock, limitMs: 10_000, onSkipped });
  return { clock, a, b, onSkipped, fetch: () => source.fetch(new AbortController().signal) };
}

it('passes over a tab that has just let the hub go', async () => {
  const { clock, a, b, onSkipped, fetch } = setUp();
  a.token = () => Promise.resolve({ ok: false, error: wireError('stopped', 'no longer', {}) });
  await expect(fetch()).resolves.toEqual({ token: 'a-token-of-the-tab' });
  expect([a.asked, b.asked]).toEqual([[HUB], [HUB]]);
  // It was not late, so the journal does not say so.
  expect(onSkipped).not.toHaveBeenCalled();
  expect(clock.pending).toBe(0);
});

it('says that no tab could give a token, when all have just let the hub go', async () => {
  const { a, b, fetch } = setUp();
  for (const tab of [a, b]) {
    tab.token = () => Promise.resolve({ ok: false, error: wireError('stopped', 'no longer', {}) });
  }
  await expect(fetch()).rejects.toMatchObject({ code: 'token-unavailable' });
  expect([a.asked, b.asked]).toEqual([[HUB], [HUB]]);
});

it('takes the word of a tab whose factory failed: the others run the same code', async () => {
  const { clock, a, b, onSkipped, fetch } = setUp();
  a.token = () => Promise.resolve({ ok: false, error: wireError('token-unavailable', 'signed out', {}) });
  await expect(fetch()).rejects.toMatchObject({ code: 'token-unavailable', message: 'signed out' });
  expect(b.asked).toEqual([]);
  expect(onSkipped).not.toHaveBeenCalled();
  expect(clock.pending).toBe(0);
});

it.each(['cached', 'frozen'] as const)('passes at once over a tab whose page is %s while it is asked', async (how) => {
  const { clock, a, b, onSkipped, fetch } = setUp();
  a.token = () => new Promise(() => undefined);
  const fetched = fetch();
  a.tab.setParking(how);
  await expect(fetched).resolves.toEqual({ token: 'a-token-of-the-tab' });
  expect([a.asked, b.asked]).toEqual([[HUB], [HUB]]);
  expect(onSkipped).toHaveBeenCalledExactlyOnceWith(a.tab);
  expect(clock.pending).toBe(0);
});

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['a text', 'token'],
  ['a token that is no text', { ok: true, value: 5 }],
  ['a token that no server would take', { ok: true, value: 'x'.repeat(65_537) }],
  ['something in the page', { ok: true, value: () => 'token' }],
  ['a function', () => 'token'],
  ['an error that is none', { ok: false, error: 'no' }],
  ['an error without a code', { ok: false, error: { message: 'no' } }],
  ['no word on whether it is one', { value: 'token' }],
])('passes over a tab that answers %s', async (_, answer) => {
  const { clock, a, b, fetch } = setUp();
  a.token = () => Promise.resolve(answer as never);
  await expect(fetch()).resolves.toEqual({ token: 'a-token-of-the-tab' });
  expect(b.asked).toEqual([HUB]);
  expect(clock.pending).toBe(0);
});

it('passes over a tab that throws: a tab of this build never does', async () => {
  const { a, b, fetch } = setUp();
  a.token = () => Promise.reject(new Error('thrown across the port'));
  await expect(fetch()).resolves.toEqual({ token: 'a-token-of-the-tab' });
  expect(b.asked).toEqual([HUB]);
});
