import { expect, it } from 'vitest';
import { MAX_CLIENT_METHODS } from '../../src/contract/client-methods.js';
import { PartTab } from '../testing/fake-tab.js';
import { createSubscriptions } from './subscriptions.js';

function setUp() {
  const first = new PartTab('first').tab;
  const second = new PartTab('second').tab;
  return { first, second, subscriptions: createSubscriptions() };
}

it('says which tab is the first to want a method, and which the last', () => {
  const { first, second, subscriptions } = setUp();
  expect(subscriptions.add(first, 'metric')).toBe(true);
  expect(subscriptions.add(second, 'metric')).toBe(false);
  expect([...subscriptions.of('metric')]).toEqual([first, second]);
  expect(subscriptions.remove(first, 'metric')).toBe(false);
  expect(subscriptions.remove(second, 'metric')).toBe(true);
  expect([...subscriptions.of('metric')]).toEqual([]);
});

it('counts a tab once, however often it subscribes', () => {
  const { first, subscriptions } = setUp();
  subscriptions.add(first, 'metric');
  expect(subscriptions.add(first, 'metric')).toBe(false);
  expect([...subscriptions.of('metric')]).toEqual([first]);
  expect(subscriptions.remove(first, 'metric')).toBe(true);
});

it('is not told a method twice that nobody wants any more', () => {
  const { first, second, subscriptions } = setUp();
  subscriptions.add(first, 'metric');
  subscriptions.remove(first, 'metric');
  expect(subscriptions.remove(first, 'metric')).toBe(false);
  expect(subscriptions.remove(second, 'never')).toBe(false);
});

it('takes a tab out everywhere, and names what nobody wants then', () => {
  const { first, second, subscriptions } = setUp();
  subscriptions.add(first, 'metric');
  subscriptions.add(first, 'incident');
  subscriptions.add(second, 'incident');
  expect(subscriptions.removeTab(first)).toEqual(['metric']);
  expect([...subscriptions.of('incident')]).toEqual([second]);
  expect(subscriptions.removeTab(first)).toEqual([]);
});

it('lets no tab want more methods than the limit, and others what they want', () => {
  const { first, second, subscriptions } = setUp();
  for (let n = 0; n < MAX_CLIENT_METHODS; n += 1) subscriptions.add(first, `m${n}`);
  expect(() => subscriptions.add(first, 'one-more')).toThrow(expect.objectContaining({ code: 'limit-reached' }));
  expect([...subscriptions.of('one-more')]).toEqual([]);
  expect(subscriptions.add(first, 'm0')).toBe(false);
  expect(subscriptions.add(second, 'one-more')).toBe(true);
  subscriptions.remove(first, 'm0');
  expect(subscriptions.add(first, 'm0')).toBe(true);
  subscriptions.removeTab(first);
  expect(subscriptions.add(first, 'one-more')).toBe(false);
});
