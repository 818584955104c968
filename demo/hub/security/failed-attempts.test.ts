/** US8-5: an address that has failed too often. */
import { describe, expect, it } from 'vitest';
import { addressKey } from './address.js';
import { createFailedAttempts } from './failed-attempts.js';

const MINUTE = 60_000;

function setUp(limit = 5) {
  const clock = { nowMs: 1_000_000 };
  const attempts = createFailedAttempts({ limit, windowMs: 15 * MINUTE }, () => clock.nowMs);
  const isTurnedAway = (address: string): boolean => {
    try {
      attempts.check(address);
      return false;
    } catch {
      return true;
    }
  };
  return { clock, attempts, isTurnedAway };
}

it('is turned away after the fifth failure, and told of once', () => {
  const { attempts, isTurnedAway } = setUp();
  expect([1, 2, 3, 4].map(() => attempts.note('1.2.3.4'))).toEqual([false, false, false, false]);
  expect(isTurnedAway('1.2.3.4')).toBe(false);
  expect(attempts.note('1.2.3.4')).toBe(true);
  expect(isTurnedAway('1.2.3.4')).toBe(true);
  expect(attempts.note('1.2.3.4')).toBe(false);
});

it('is told when to come back, in whole seconds, and let in then', () => {
  const { clock, attempts, isTurnedAway } = setUp(2);
  attempts.note('1.2.3.4');
  clock.nowMs += MINUTE;
  attempts.note('1.2.3.4');
  clock.nowMs += 500;
  expect(() => attempts.check('1.2.3.4')).toThrow(
    expect.objectContaining({
      status: 429,
      code: 'TOO_MANY_ATTEMPTS',
      headers: { 'retry-after': '840', 'cache-control': 'no-store' },
    }),
  );
  clock.nowMs += 14 * MINUTE - 501;
  expect(isTurnedAway('1.2.3.4')).toBe(true);
  clock.nowMs += 1;
  expect(isTurnedAway('1.2.3.4')).toBe(false);
  // The younger failure still counts: one more is enough.
  expect(attempts.note('1.2.3.4')).toBe(true);
  expect(isTurnedAway('1.2.3.4')).toBe(true);
});

it('is not the business of other addresses', () => {
  const { attempts, isTurnedAway } = setUp(1);
  attempts.note('1.2.3.4');
  expect(isTurnedAway('1.2.3.5')).toBe(false);
});

it('of a flood of addresses keeps the newest, and no more than 10,000', () => {
  const { attempts, isTurnedAway } = setUp(1);
  for (let index = 0; index < 25_000; index += 1)
    attempts.note(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  expect(attempts.addresses).toBe(10_000);
  expect(isTurnedAway('10.0.97.167')).toBe(true);
  expect(isTurnedAway('10.0.0.0')).toBe(false);
});

it('that fails again and again does not fall out behind those who fail once', () => {
  const { attempts, isTurnedAway } = setUp(3);
  for (let index = 0; index < 30_000; index += 1) {
    if (index % 5_000 === 0) attempts.note('9.9.9.9');
    attempts.note(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  }
  expect(isTurnedAway('9.9.9.9')).toBe(true);
});

describe('the key of an address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:DB8:0001:0002:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
