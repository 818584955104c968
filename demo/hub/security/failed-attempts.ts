/** Turns away an address from which too many tokens were refused, before any more of its tokens are looked at. */
import type { FailedAttemptsLimit } from '../options.js';
import { Refusal } from '../refusal.js';
import { addressKey } from './address.js';

export interface FailedAttempts {
  /** How many addresses are remembered. */
  readonly addresses: number;
  /** @throws {Refusal} 429 TOO_MANY_ATTEMPTS with `Retry-After`. */
  check(address: string | undefined): void;
  /**
   * A token from this address was refused. What others do from there in the meantime changes nothing: a success is no proof
   * that the failures were somebody's mistakes.
   *
   * @returns Whether the address has reached the limit with this one.
   */
  note(address: string | undefined): boolean;
}

/** Newest failures win: nobody can make the hub remember more than this. */
const MAX_ADDRESSES = 10_000;

export function createFailedAttempts(
  { limit, windowMs }: Required<FailedAttemptsLimit>,
  now: () => number,
): FailedAttempts {
  /** When the newest failures of an address were, `limit` at most, in milliseconds. The address that failed longest ago comes first. */
  const failures = new Map<string, number[]>();

  /** Failures that still count. */
  function recent(key: string): number[] {
    const nowMs = now();
    return (failures.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs);
  }

  return {
    get addresses() {
      return failures.size;
    },

    check(address) {
      const times = recent(addressKey(address));
      const [oldest] = times;
      if (oldest === undefined || times.length < limit) return;
      const seconds = Math.max(1, Math.ceil((oldest + windowMs - now()) / 1000));
      const message = `Too many failed attempts came from this address: try again in ${seconds} s.`;
      throw new Refusal(429, 'TOO_MANY_ATTEMPTS', message, seconds);
    },

    note(address) {
      const key = addressKey(address);
      const before = recent(key);
      // Again at the end: whoever has failed longest ago is forgotten first.
      failures.delete(key);
      const first = failures.keys().next();
      if (failures.size >= MAX_ADDRESSES && first.done !== true) failures.delete(first.value);
      failures.set(key, [...before, now()].slice(-limit));
      return before.length === limit - 1;
    },
  };
}

/** For a hub without a limit. */
export const unlimitedAttempts: FailedAttempts = { addresses: 0, check: () => undefined, note: () => false };
