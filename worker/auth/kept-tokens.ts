/** Gets the next token of an endpoint whose tokens are kept: from the vault if another worker has put a good one there, else by a request. */
import { TokenRejectedError, wireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';
import { readAccessToken } from './access-token.js';
import type { KeptTokens } from './sealed-tokens.js';
import type { FetchedToken } from './token-source.js';
import type { OpenVault } from './vault.js';

export interface Grant {
  readonly fetched: FetchedToken;
  /** `undefined`: the one that was sent stays good. */
  readonly refreshToken: string | undefined;
}

export interface KeptTokensDeps {
  readonly vault: OpenVault;
  readonly clock: Clock;
  /** Asks the endpoint. @param refreshToken - The last one that it gave; `null`: none, or a cookie has it. */
  readonly request: (refreshToken: string | null, signal: AbortSignal) => Promise<Grant>;
}

export interface KeptTokensSource {
  /** To be called under the lock that all workers share, so that none spends a refresh token that another one has spent. */
  next(signal: AbortSignal): Promise<FetchedToken>;
  forget(): Promise<void>;
  /** What is kept may be of another user than the pages show now: then it is wiped. */
  onStored(mayGive: (token: string) => boolean): void;
}

/** A kept token with less than this share of its life left is not worth giving: it would be refreshed at once. */
const SHARE_LEFT = 0.25;

export function createKeptTokens({ vault, clock, request }: KeptTokensDeps): KeptTokensSource {
  /** The last one that this worker was given: who asks again wants another. */
  let given: KeptTokens | null = null;
  let wiped: Promise<void> = Promise.resolve();
  let mayGive = (_token: string): boolean => true;

  function isGood(kept: KeptTokens): boolean {
    const nowMs = clock.now();
    const { accessToken, receivedAtMs, expiresAtMs } = kept;
    if (given !== null && (accessToken === given.accessToken || receivedAtMs < given.receivedAtMs)) return false;
    // Received in the future: the clock was set back, and then it says nothing of the expiry either.
    if (expiresAtMs === null || receivedAtMs > nowMs) return false;
    return expiresAtMs - nowMs > SHARE_LEFT * (expiresAtMs - receivedAtMs);
  }

  function give(kept: KeptTokens): FetchedToken {
    given = kept;
    const { accessToken: token, expiresAtMs } = kept;
    return { token, ...(expiresAtMs === null ? {} : { expiresInSeconds: (expiresAtMs - clock.now()) / 1_000 }) };
  }

  return {
    async next(signal) {
      await wiped;
      let turn = await vault.begin();
      if (turn.kept !== null && !mayGive(turn.kept.accessToken)) {
        await vault.wipe();
        turn = await vault.begin();
      }
      signal.throwIfAborted();
      if (turn.kept !== null && isGood(turn.kept)) return give(turn.kept);
      const sent = turn.kept?.refreshToken ?? null;
      let grant: Grant;
      try {
        grant = await request(sent, signal);
      } catch (error) {
        if (!(error instanceof TokenRejectedError)) throw error;
        // A worker that went on without the lock may have been faster by a moment: then the session lives.
        const { kept } = await vault.begin();
        if (kept !== null && kept.accessToken !== turn.kept?.accessToken && isGood(kept)) return give(kept);
        await vault.wipe();
        throw error;
      }
      const { fetched, refreshToken = sent } = grant;
      // Throws for what is no token; that is not kept.
      const { token, receivedAtMs, expiresAtMs } = readAccessToken(fetched.token, {
        receivedAtMs: clock.now(),
        expiresInSeconds: fetched.expiresInSeconds,
      });
      const kept = { accessToken: token, receivedAtMs, expiresAtMs, refreshToken };
      await turn.keep(kept);
      signal.throwIfAborted();
      given = kept;
      return fetched;
    },

    onStored(check) {
      mayGive = check;
    },

    forget() {
      given = null;
      wiped = vault.wipe();
      return wiped;
    },
  };
}

/** For endpoints whose refresh token is to outlive a request, but not the worker. */
export function memoryVault(): OpenVault {
  let memory: KeptTokens | null = null;
  let generation = 0;
  return {
    async begin() {
      const own = generation;
      return {
        kept: memory,
        async keep(tokens) {
          if (own === generation) memory = tokens;
        },
      };
    },
    async wipe() {
      generation += 1;
      memory = null;
    },
  };
}

/** Nothing to send and no cookie that could stand for it. */
export function noRefreshToken(shown: string): TokenRejectedError {
  const message = `There is no refresh token for ${shown}. The user has to sign in.`;
  return new TokenRejectedError(wireError('token-rejected', message, { httpStatus: 401 }));
}
