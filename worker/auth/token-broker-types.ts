/** What a token broker offers, and what it needs. */
import type { ErrorCode } from '../../src/contract/errors.js';
import type { TokenReport } from '../../src/contract/report.js';
import type { Clock } from '../clock.js';
import type { AccessToken } from './access-token.js';
import type { RefreshPolicy } from './refresh-policy.js';
import type { Sanitizer } from './sanitizer.js';
import type { TokenSource } from './token-source.js';

/** What is said of the refresh must keep to `REFRESH_BOUNDS`. */
export interface TokenBrokerOptions extends Partial<RefreshPolicy> {
  /** `null`: the hub is anonymous. */
  readonly source: TokenSource | null;
  readonly clock: Clock;
  readonly sanitizer: Sanitizer;
  /** Gives a number from 0 to 1. */
  readonly random: () => number;
  /** Milliseconds of life that `get` asks for by default. Default 60 000: one negotiate and one handshake at slow networks. */
  readonly minValidityMs?: number;
  /** Milliseconds that the source may take for one token, all its own tries included. Default 60 000. */
  readonly fetchTimeoutMs?: number;
  /** `report()` has changed. */
  readonly onChange?: () => void;
  /** How each question to the source ended, and the milliseconds that it took. Not of one that a sign-out has ended. */
  readonly onFetched?: (end: 'received' | 'refreshed' | ErrorCode, tookMs: number) => void;
}

/** Told after each new token, before anyone who waits for it goes on. Must not throw. */
export type TokenListener = (token: AccessToken, previous: AccessToken | null) => void;

export interface TokenBroker {
  /**
   * Gives a token with at least `minValidityMs` of life left, or with its share of life if that is shorter.
   *
   * Callers that arrive during a fetch share it. A failed early refresh is not an error while the old token still works.
   * There is no automatic retry here when there is no usable token: the pace is that of the callers.
   *
   * @param options.signal - Ends this caller's wait. The shared fetch goes on for the others.
   * @returns `null` only if there is no source: an anonymous hub.
   * @throws {HubshareError} `token-rejected`: asking again cannot help. `token-unavailable`, `token-timed-out`: it may.
   *   `signed-out`: the identity has changed meanwhile. `stopped`: the broker is closed.
   */
  get(options?: {
    readonly minValidityMs?: number;
    readonly signal?: AbortSignal | undefined;
  }): Promise<AccessToken | null>;
  /** The token in hand, which may have expired; `null` when there is none or the hub has refused it. */
  peek(): AccessToken | null;
  /** The hub said no to this token: it is not given out again, and the next `get` fetches anew. */
  refuse(token: string): void;
  /**
   * The hub said that this token ends soon. If it is the one in hand, the early refresh comes now, or as soon as half of the token's
   * life is over: a hub that says so of every token sets no faster pace. Without a known life the pace is that of the cool-down.
   */
  expiring(token: string): void;
  /** Fetches now, whatever the token in hand; joins a fetch in progress. Rejects when that fails. */
  refreshNow(): Promise<AccessToken | null>;
  /** @returns The end of listening. */
  onToken(listener: TokenListener): () => void;
  /** While anyone holds, the token is refreshed ahead of expiry. @returns The end of the hold. */
  hold(): () => void;
  /** Something arrived from the hub: an early refresh that is due, and whose timer has not come, starts now. Costs one comparison. */
  catchUp(): void;
  /**
   * Sign-out: forgets the token and everything about it, also what is under way, at once.
   *
   * @param options.keepsStored - What the source has stored stays: nobody signed out, the last tab has only gone.
   * @returns Resolves when the source has forgotten its part too; never rejects.
   */
  clear(options?: { readonly keepsStored?: boolean }): Promise<void>;
  /** Aborted with the reason when the token is forgotten; another one from then on. Whoever works for the user stops then. */
  readonly signedIn: AbortSignal;
  /** Final. Leaves no timer. */
  close(): void;
  report(): TokenReport;
}
