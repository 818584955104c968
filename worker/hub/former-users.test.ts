import { expect, it } from 'vitest';
import { PartTab } from '../testing/fake-tab.js';
import { createFormerUsers } from './former-users.js';

it('knows a page by its id, for each user apart, and forgets the oldest over its bound', () => {
  const users = createFormerUsers(2);
  const [a, sameA, b] = [new PartTab('a').tab, new PartTab('a').tab, new PartTab('b').tab];
  users.add(a, 'ann');
  expect([users.has(sameA, 'ann'), users.has(a, 'bob'), users.has(b, 'ann')]).toEqual([true, false, false]);
  users.add(b, 'ann');
  users.add(a, 'ann');
  users.add(b, 'bob');
  expect([users.has(a, 'ann'), users.has(b, 'ann'), users.has(b, 'bob')]).toEqual([true, false, true]);
});

it('forgives a page that signs out itself, and no other', () => {
  const users = createFormerUsers();
  const [a, ab] = [new PartTab('a').tab, new PartTab('ab').tab];
  for (const tab of [a, ab]) for (const identity of ['ann', 'bob']) users.add(tab, identity);
  users.forgive(a);
  expect([users.has(a, 'ann'), users.has(a, 'bob'), users.has(ab, 'ann')]).toEqual([false, false, true]);
});
