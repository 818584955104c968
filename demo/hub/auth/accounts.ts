/** Who may not come in although the token is good: users that an administrator has blocked. */
import { Refusal } from '../refusal.js';

export interface Accounts {
  isBlocked(userId: string): boolean;
  block(userId: string): void;
  unblock(userId: string): void;
  /** @throws {Refusal} 401 AUTH_FAILED. */
  check(userId: string): void;
}

/** Longest unchanged goes first. */
const MAX_BLOCKED = 10_000;

/** @param elsewhere - A further list of blocked users, say of a directory. It may throw; then nobody gets in. */
export function createAccounts(elsewhere: (userId: string) => boolean = () => false): Accounts {
  const blocked = new Set<string>();
  const isBlocked = (userId: string): boolean => blocked.has(userId) || elsewhere(userId);
  return {
    isBlocked,
    block(userId) {
      blocked.add(userId);
      const [oldest] = blocked;
      if (blocked.size > MAX_BLOCKED && oldest !== undefined) blocked.delete(oldest);
    },
    unblock(userId) {
      blocked.delete(userId);
    },
    check(userId) {
      if (isBlocked(userId)) throw new Refusal(401, 'AUTH_FAILED', 'This user is blocked.');
    },
  };
}
