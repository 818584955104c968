import { expect, it, vi } from 'vitest';
import { wireError } from '../../src/contract/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import { PartTab } from '../testing/fake-tab.js';
import { tabTokenSource } from './tab-token-source.js';

const HUB = 'https://h.test/hubs/ops';

/** Tabs with a factory, `a` and `b` unless more are wanted; `a` is the primary. */
function setUp(more: readonly string[] = []) {
  const clock = new FakeClock();
  const [a, b] = [new PartTab('a'), new PartTab('b')];
  const all = [a, b, ...more.map((id) => new PartTab(id))];
  const onSkipped = vi.fn();
  const tabs = () => all.map(({ tab }) => tab);
  const source = tabTokenSource({ hub: HUB, tabs, clock, limitMs: 10_000, onSkipped });
  const over = new AbortController();
  return { clock, a, b, all, onSkipped, over, fetch: () => source.fetch(over.signal) };
}

const failure = (message: string) => ({ ok: false, error: wireError('token-unavailable', message, {}) }) as const;

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

it('asks the next tab when the factory of one fails: that may be for reasons of its page', async () => {
  const { clock, a, b, onSkipped, fetch } = setUp();
  a.token = () => Promise.resolve(failure('the storage of this page was cleared'));
  await expect(fetch()).resolves.toEqual({ token: 'a-token-of-the-tab' });
  expect([a.asked, b.asked]).toEqual([[HUB], [HUB]]);
  expect(onSkipped).toHaveBeenCalledExactlyOnceWith(a.tab, failure('the storage of this page was cleared').error);
  expect(clock.pending).toBe(0);
});

it('says what the first factory has said when all fail', async () => {
  const { a, b, fetch } = setUp();
  a.token = () => Promise.resolve(failure('signed out'));
  b.token = () => Promise.resolve(failure('this page is being unloaded'));
  await expect(fetch()).rejects.toMatchObject({ code: 'token-unavailable', message: 'signed out' });
});

it('takes the word of three factories: where nobody is signed in, the number of tabs does not multiply the requests', async () => {
  const { clock, all, fetch } = setUp(['c', 'd', 'e']);
  for (const tab of all) tab.token = () => Promise.resolve(failure(`signed out in ${tab.tab.id}`));
  await expect(fetch()).rejects.toMatchObject({ message: 'signed out in a' });
  expect(all.map(({ asked }) => asked.length)).toEqual([1, 1, 1, 0, 0]);
  // In the next round as well, and from the primary on.
  await expect(fetch()).rejects.toMatchObject({ message: 'signed out in a' });
  expect(all.map(({ asked }) => asked.length)).toEqual([2, 2, 2, 0, 0]);
  expect(clock.pending).toBe(0);
});

it('does not count tabs that do not answer, or have let the hub go, as failures', async () => {
  const { clock, all, fetch } = setUp(['c', 'd', 'e']);
  const [a, b, c, d] = all as [PartTab, PartTab, PartTab, PartTab];
  for (const tab of [a, b]) tab.token = () => Promise.resolve(failure('no'));
  c.token = () => new Promise(() => undefined);
  d.token = () => Promise.resolve({ ok: false, error: wireError('stopped', 'no longer', {}) });
  const fetched = fetch();
  await clock.advanceBy(10_000);
  await expect(fetched).resolves.toEqual({ token: 'a-token-of-the-tab' });
});

it('asks no further tab when the user has signed out meanwhile', async () => {
  const { clock, a, b, over, fetch } = setUp();
  let answer: (reply: ReturnType<typeof failure>) => void = () => undefined;
  a.token = () => new Promise((resolve) => (answer = resolve));
  const fetched = fetch();
  await clock.settle();
  answer(failure('no'));
  over.abort(new Error('signed out'));
  await expect(fetched).rejects.toThrow('signed out');
  expect(b.asked).toEqual([]);
  expect(clock.pending).toBe(0);
});

it.each<[string, unknown, string]>([
  ['nothing', undefined, 'of type undefined'],
  ['null', null, 'it is null'],
  ['an empty text', '', 'it is empty'],
  ['a text with its scheme', 'Bearer secret', 'it starts with "Bearer "'],
])('takes a factory that gives %s for one that has failed, and says what is wrong', async (_, value, words) => {
  const { a, b, fetch } = setUp();
  a.token = () => Promise.resolve({ ok: true, value: value as string });
  await expect(fetch()).resolves.toEqual({ token: 'a-token-of-the-tab' });
  b.token = a.token;
  const error = await fetch().catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ code: 'token-unavailable', message: expect.stringContaining(words) as string });
  expect((error as Error).message).not.toContain('secret');
});

it.each(['cached', 'frozen'] as const)('passes at once over a tab whose page is %s while it is asked', async (how) => {
  const { clock, a, b, onSkipped, fetch } = setUp();
  a.token = () => new Promise(() => undefined);
  const fetched = fetch();
  a.tab.setParking(how);
  await expect(fetched).resolves.toEqual({ token: 'a-token-of-the-tab' });
  expect([a.asked, b.asked]).toEqual([[HUB], [HUB]]);
  expect(onSkipped).toHaveBeenCalledExactlyOnceWith(a.tab, null);
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
