/** The security log keeps the newest of each level. */
import { expect, it, vi } from 'vitest';
import { createSecurityLog } from './security-log.js';

it('stamps each note, gives it its level and tells it on', () => {
  const heard = vi.fn();
  const log = createSecurityLog(() => 7, heard);
  log.note({ type: 'authentication-failed', code: 'INVALID_TOKEN', address: '::1' });
  const event = { atMs: 7, level: 'warning', type: 'authentication-failed', code: 'INVALID_TOKEN', address: '::1' };
  expect(log.read('warning')).toEqual([event]);
  expect(heard.mock.calls).toEqual([[event]]);
  expect(log.read('alert')).toEqual([]);
});

it('is bounded, and a flood of warnings pushes out no alert', () => {
  const log = createSecurityLog(() => 0);
  log.note({ type: 'too-many-attempts', address: '1.2.3.4' });
  for (let index = 0; index < 2_000; index += 1) log.note({ type: 'authentication-failed', address: `${index}` });
  expect(log.read('warning')).toHaveLength(500);
  expect(log.read('warning').at(-1)).toMatchObject({ address: '1999' });
  expect(log.read('alert')).toHaveLength(1);
});

it('gives away copies', () => {
  const log = createSecurityLog(() => 0);
  log.note({ type: 'user-blocked', userId: 'bob' });
  (log.read('alert') as unknown[]).length = 0;
  expect(log.read('alert')).toHaveLength(1);
});
