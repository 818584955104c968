/** Holds the one access token of an identity and gets the next one: one request at a time, ahead of expiry, for all who ask. */
import { type HubshareError, isHubshareError } from '../../src/contract/errors.js';
import type { TokenReport } from '../../src/contract/report.js';
import { readAccessToken, type AccessToken } from './access-token.js';
import {
  cooldownMs,
  DEFAULT_REFRESH_POLICY,
  isExpired,
  livesFor,
  refreshAtMs,
  type RefreshPolicy,
} from './refresh-policy.js';
import { RefusedTokens } from './refused-tokens.js';
import { fingerprint } from './sanitizer.js';
import type { TokenBroker, TokenBrokerOptions, TokenListener } from './token-broker-types.js';
import { isClosed, sameTokenAgain, signedOut } from './token-errors.js';
import { cleanError, startTokenFlight, type TokenFlight } from './token-flight.js';
import type { FetchedToken, TokenSource } from './token-source.js';
import { orAborted } from '../or-aborted.js';

export type { TokenBroker, TokenBrokerOptions, TokenListener } from './token-broker-types.js';

export function createTokenBroker(options: TokenBrokerOptions): TokenBroker {
  const { source, clock, sanitizer, random, minValidityMs = 60_000, fetchTimeoutMs = 60_000 } = options;
  const policy = policyOf(options);
  const listeners = new Set<TokenListener>();
  const refused = new RefusedTokens(clock);

  let closed = false;
  let user = new AbortController();
  /** Which signed-in user; raised by `clear`, compared after each await. */
  let epoch = 0;
  let current: AccessToken | null = null;
  /** The hub has refused `current`. */
  let spent = false;
  let flight: {
    readonly under: TokenFlight;
    readonly token: Promise<AccessToken>;
    /** It may still wait for one that was left behind. */
    readonly turn: { readonly isSent: boolean };
  } | null = null;
  /** Early refreshes in a row that brought no new token. */
  let fruitless = 0;
  /** The source is not asked early before this time. */
  let notBeforeMs = 0;
  /** The source has said that asking again cannot help. */
  let rejected = false;
  let holds = 0;
  let dueAtMs: number | null = null;
  /** Of the last token that came. Not forgotten with the user: it says something of this machine's clock. */
  let lastAgeMs: number | null = null;
  let releaseSecret: (() => void) | null = null;
  let timer: { readonly atMs: number; readonly disarm: () => void } | null = null;
  /** A request whose answer nobody wants any more. Where refresh tokens rotate, one that is sent beside it looks like theft. */
  let leftBehind: { readonly under: TokenFlight; readonly ended: Promise<void> } | null = null;
  const seen = { fingerprint: null as string | null, refreshes: 0, failures: 0, lastTookMs: null as number | null };

  function usable(): AccessToken | null {
    return current !== null && !spent && !isExpired(current, clock.now()) ? current : null;
  }

  function fetchToken(from: TokenSource): Promise<AccessToken> {
    if (flight !== null) return flight.token;
    const turn = { isSent: leftBehind === null };
    const source = leftBehind === null ? from : behind(leftBehind.ended, from, () => (turn.isSent = true));
    const under = startTokenFlight(source, clock, sanitizer, fetchTimeoutMs);
    const token = land(under, epoch);
    // Nobody may be waiting for an early refresh; its failure is counted in `land`.
    token.catch(() => undefined);
    flight = { under, token, turn };
    schedule();
    changed();
    return token;
  }

  async function land(under: TokenFlight, ownEpoch: number): Promise<AccessToken> {
    const startedAtMs = clock.now();
    const { signal: signedIn } = user;
    try {
      // Those who wait are told at once when it is left behind.
      const fetched = await orAborted(under.fetched, signedIn);
      if (epoch !== ownEpoch) throw closed ? isClosed() : signedOut();
      const token = read(fetched);
      if (refused.has(token.token)) throw sameTokenAgain();
      flight = null;
      seen.lastTookMs = clock.now() - startedAtMs;
      options.onFetched?.(current === null ? 'received' : 'refreshed', seen.lastTookMs);
      adopt(token);
      return token;
    } catch (error) {
      if (epoch === ownEpoch) {
        flight = null;
        seen.lastTookMs = clock.now() - startedAtMs;
        seen.failures++;
        rejected = isHubshareError(error) && error.code === 'token-rejected';
        options.onFetched?.(cleanError(error, sanitizer).code, seen.lastTookMs);
        coolDown();
        schedule();
        changed();
      }
      throw cleanError(error, sanitizer);
    }
  }

  function read(fetched: FetchedToken): AccessToken {
    const expiresInSeconds = fetched?.expiresInSeconds;
    // The same as before, out of some cache: what was read when it was younger holds, unless the issuer says how long from now.
    if (current !== null && fetched?.token === current.token && expiresInSeconds === undefined) return current;
    return readAccessToken(fetched?.token, { receivedAtMs: clock.now(), expiresInSeconds, lastAgeMs });
  }

  function adopt(token: AccessToken): void {
    const previous = current;
    const isNew = previous?.token !== token.token;
    if (previous !== null) seen.refreshes++;
    if (isNew) {
      lastAgeMs = token.ageMs;
      replaceSecret(token.token);
    }
    current = token;
    spent = false;
    rejected = false;
    dueAtMs = refreshAtMs(token, policy, random);
    // A source that gives the token it gave before, or one that is nearly used up, is not asked again at once.
    if (!isNew || (dueAtMs !== null && dueAtMs <= clock.now())) coolDown();
    else notBeforeMs = fruitless = 0;
    schedule();
    if (isNew) {
      void identify(token);
      for (const listener of [...listeners]) listener(token, previous);
    }
    changed();
  }

  /** The token in hand is looked for in everything that is logged, however many other secrets have come since. */
  function replaceSecret(token: string | null): void {
    const before = releaseSecret;
    releaseSecret = token === null ? null : sanitizer.hold(token);
    before?.();
  }

  function coolDown(): void {
    fruitless++;
    notBeforeMs = clock.now() + cooldownMs(fruitless, current, policy, clock.now(), random);
  }

  async function identify(token: AccessToken): Promise<void> {
    seen.fingerprint = null;
    try {
      const print = await fingerprint(token.token);
      if (current?.token !== token.token) return;
      seen.fingerprint = print;
      changed();
    } catch {
      // No Web Crypto where the context is not secure: the report shows none.
    }
  }

  /** Arms the timer for the next early refresh, or none. Called after every change of what it depends on. */
  function schedule(): void {
    const wanted =
      !closed && holds > 0 && flight === null && current !== null && !spent && !rejected && dueAtMs !== null;
    const atMs = wanted && dueAtMs !== null ? Math.max(dueAtMs, notBeforeMs) : null;
    if (timer?.atMs === atMs) return;
    timer?.disarm();
    timer = atMs === null ? null : { atMs, disarm: clock.setTimeout(refreshEarly, Math.max(0, atMs - clock.now())) };
  }

  function refreshEarly(): void {
    timer = null;
    if (source !== null) void fetchToken(source);
  }

  function drop(reason: HubshareError, keepsFlight = false): void {
    epoch++;
    const left = user;
    if (!closed) user = new AbortController();
    left.abort(reason);
    const dropped = flight;
    flight = null;
    current = null;
    replaceSecret(null);
    spent = false;
    rejected = false;
    fruitless = 0;
    notBeforeMs = 0;
    dueAtMs = null;
    seen.fingerprint = null;
    refused.clear();
    schedule();
    if (keepsFlight && dropped?.turn.isSent === true) leaveBehind(dropped.under);
    else dropped?.under.abort(reason);
    if (!keepsFlight) leftBehind?.under.abort(reason);
    changed();
  }

  function leaveBehind(under: TokenFlight): void {
    const ended = under.fetched.then(ignore, ignore).then(() => {
      if (leftBehind?.under === under) leftBehind = null;
    });
    leftBehind = { under, ended };
  }

  function changed(): void {
    if (!closed) options.onChange?.();
  }

  return {
    async get({ minValidityMs: wantedMs = minValidityMs, signal } = {}) {
      signal?.throwIfAborted();
      if (closed) throw isClosed();
      if (source === null) return null;
      const before = usable();
      if (before !== null && (livesFor(before, wantedMs, policy, clock.now()) || clock.now() < notBeforeMs))
        return before;
      const ownEpoch = epoch;
      try {
        const fetched = await orAborted(fetchToken(source), signal);
        // A sign-out between the arrival and this caller's turn.
        if (epoch !== ownEpoch) throw closed ? isClosed() : signedOut();
        return fetched;
      } catch (error) {
        signal?.throwIfAborted();
        const still = epoch === ownEpoch ? usable() : null;
        if (still === null) throw error;
        return still;
      }
    },
    peek: () => (spent ? null : current),
    refuse(token) {
      sanitizer.watch(token);
      refused.add(token);
      if (current?.token !== token || spent) return;
      spent = true;
      schedule();
      changed();
    },
    expiring(token) {
      if (current?.token !== token || spent) return;
      const { lifeMs, issuedAtMs, receivedAtMs } = current;
      // A hub may say so of every token, or minutes ahead of the end of one that lives minutes: it does not set a faster pace than this.
      const earliestMs = lifeMs === null ? receivedAtMs + policy.failureCooldownMs : issuedAtMs + lifeMs / 2;
      dueAtMs = Math.min(dueAtMs ?? Infinity, earliestMs);
      schedule();
      changed();
    },
    async refreshNow() {
      if (closed) throw isClosed();
      if (source === null) return null;
      const ownEpoch = epoch;
      const fetched = await fetchToken(source);
      if (epoch !== ownEpoch) throw closed ? isClosed() : signedOut();
      return fetched;
    },
    onToken(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hold() {
      let held = true;
      holds++;
      schedule();
      changed();
      return () => {
        if (!held) return;
        held = false;
        holds--;
        schedule();
        changed();
      };
    },
    catchUp() {
      if (timer === null || clock.now() < timer.atMs) return;
      timer.disarm();
      refreshEarly();
    },
    async clear({ keepsStored = false } = {}) {
      drop(signedOut(), keepsStored);
      if (keepsStored) return;
      try {
        await source?.forget?.();
      } catch {
        // A source of the app's own may throw; here the token is forgotten all the same.
      }
    },
    get signedIn() {
      return user.signal;
    },
    close() {
      closed = true;
      drop(isClosed());
      listeners.clear();
    },
    report: () => ({
      source: source?.kind ?? 'none',
      state: stateOf(),
      fingerprint: seen.fingerprint,
      expiresAtMs: current?.expiresAtMs ?? null,
      refreshAtMs: timer?.atMs ?? null,
      refreshes: seen.refreshes,
      failures: seen.failures,
      lastTookMs: seen.lastTookMs,
    }),
  };

  function stateOf(): TokenReport['state'] {
    if (flight !== null) return usable() === null ? 'fetching' : 'refreshing';
    if (usable() !== null) return 'valid';
    return spent || rejected ? 'refused' : 'none';
  }
}

function policyOf(options: Partial<RefreshPolicy>): RefreshPolicy {
  const { bufferMs, shareOfLife, jitter, failureCooldownMs } = { ...DEFAULT_REFRESH_POLICY, ...options };
  return { bufferMs, shareOfLife, jitter, failureCooldownMs };
}

/** Asks when that request has ended. */
function behind(request: Promise<void>, source: TokenSource, onSent: () => void): TokenSource {
  return {
    ...source,
    async fetch(signal) {
      await orAborted(request, signal);
      onSent();
      return source.fetch(signal);
    },
  };
}

function ignore(): void {
  // It is of no interest how it ended.
}
