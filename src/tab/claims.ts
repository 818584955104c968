/** What the connections of this tab would do once among all tabs of a hub: asked of the worker, confirmed, and asked again of a new one. */
import { errorFromWire, isHubshareError, wireError, type WireError } from '../contract/errors.js';
import { answered } from './answered.js';
import { deferred, type Deferred } from './deferred.js';
import type { Stay } from './tab-client.js';

export interface Claims {
  readonly isIdle: boolean;
  /** Claims that are known to be settled, oldest first. */
  readonly settled: readonly string[];
  /**
   * @param owner - Whose claim it is; it ends when the owner lets the hub go.
   * @returns `true` for one call in one tab.
   */
  make(owner: object, id: string): Promise<boolean>;
  /** Asks this worker what it has not been asked. */
  say(stay: Stay): void;
  withdraw(owner: object, error: WireError): void;
  /** The hub was let go: the worker that holds it remembers. */
  clear(): void;
}

interface Pending {
  readonly owner: object;
  readonly decided: Deferred<boolean>;
  /** The stay in which the worker was asked; `null` while no living worker was. */
  saidIn: Stay | null;
}

/** As many as a new worker is told. */
const MAX_SETTLED = 1_000;

const NOT_USED = wireError('stopped', 'The connection was stopped before the claim was settled.', {});

/**
 * @param told - The stay in which the worker knows of the hub.
 * @param isUser - Whether the owner of a claim still uses the hub.
 */
export function createClaims(hub: string, told: () => Stay | null, isUser: (owner: object) => boolean): Claims {
  const pending = new Map<string, Pending>();
  const settled = new Set<string>();
  /** How often all was forgotten: a user is signed in no more, or the hub was let go. */
  let forgotten = 0;

  async function ask(id: string, claim: Pending, stay: Stay): Promise<void> {
    claim.saidIn = stay;
    const isCurrent = (): boolean => pending.get(id) === claim && claim.saidIn === stay;
    try {
      for (;;) {
        // It may take as long as it takes another tab to confirm: a worker that dies meanwhile is followed by one that is asked the same.
        const reply = await stay.api.claim(hub, id);
        if (!isCurrent()) return;
        if (!reply.ok) {
          decide(id, claim, () => claim.decided.reject(errorFromWire(reply.error)));
          return;
        }
        if (reply.value === 'lost') {
          settle(id, claim, false);
          return;
        }
        const isConfirmed = await answered(stay.api.confirmClaim(hub, id), stay.over);
        if (!isCurrent()) {
          // This tab has won, though the one that asked was withdrawn meanwhile: whoever took its place would hear `lost`.
          const successor = pending.get(id);
          if (isConfirmed && successor !== undefined) settle(id, successor, true);
          return;
        }
        // Too late: another tab was offered it, and may not confirm either.
        if (isConfirmed) {
          settle(id, claim, true);
          return;
        }
      }
    } catch (error) {
      if (!isCurrent() || (isHubshareError(error) && error.code === 'worker-lost')) return;
      decide(id, claim, () => claim.decided.reject(error instanceof Error ? error : new Error(String(error))));
    }
  }

  function settle(id: string, claim: Pending, isWon: boolean): void {
    settled.add(id);
    const [oldest] = settled;
    if (settled.size > MAX_SETTLED && oldest !== undefined) settled.delete(oldest);
    decide(id, claim, () => claim.decided.resolve(isWon));
  }

  function decide(id: string, claim: Pending, then: () => void): void {
    if (pending.get(id) !== claim) return;
    pending.delete(id);
    then();
  }

  const claims: Claims = {
    get isIdle() {
      return pending.size === 0;
    },
    get settled() {
      return [...settled];
    },
    make(owner, id) {
      if (!isUser(owner)) return Promise.reject(errorFromWire(NOT_USED));
      if (settled.has(id)) return Promise.resolve(false);
      const before = pending.get(id);
      if (before !== undefined) {
        // Another call of this tab is asking. One of them at most may win; if that one is withdrawn, this one asks, but for nobody
        // who came after the user who has made it.
        const ofUser = forgotten;
        return before.decided.promise.then(
          () => false,
          (error: unknown) => {
            if (forgotten !== ofUser) throw error;
            return claims.make(owner, id);
          },
        );
      }
      const claim: Pending = { owner, decided: deferred(), saidIn: null };
      pending.set(id, claim);
      const stay = told();
      if (stay !== null) void ask(id, claim, stay);
      return claim.decided.promise;
    },
    say(stay) {
      for (const [id, claim] of [...pending]) if (claim.saidIn !== stay) void ask(id, claim, stay);
    },
    withdraw(owner, error) {
      for (const [id, claim] of [...pending]) {
        if (claim.owner === owner) decide(id, claim, () => claim.decided.reject(errorFromWire(error)));
      }
    },
    clear() {
      forgotten += 1;
      settled.clear();
    },
  };
  return claims;
}
