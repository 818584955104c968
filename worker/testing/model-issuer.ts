/** For model walks: an issuer of tokens with one session, and a clock of its own; and tabs that ask it, freeze and die. */
import { HubshareError, TokenRejectedError, wireError, type WireError } from '../../src/contract/errors.js';
import type { Reply } from '../../src/contract/rpc.js';
import type { FetchedToken } from '../auth/token-source.js';
import type { Clock } from '../clock.js';
import type { Tab } from '../tabs/tab.js';

/** What the issuer does with the next request: `held` ones wait until `release`. */
export type IssuerMode = 'good' | 'down' | 'held';

export interface Issued {
  readonly user: string;
  /** How often somebody had signed out before: who has a token of an earlier one has it too long. */
  readonly epoch: number;
  /** By this machine's clock, which is not the issuer's. */
  readonly expiresAtMs: number;
}

const rejection = (): WireError<'token-rejected'> => wireError('token-rejected', 'Sign in.', { httpStatus: 401 });
const outage = (): WireError<'token-unavailable'> => wireError('token-unavailable', 'The issuer is down.', {});

export class ModelIssuer {
  mode: IssuerMode = 'good';
  /** Who is signed in. */
  user: string | null = 'ann';
  epoch = 0;
  lifeSeconds = 300;
  /** Whether it says the life beside the token, or only in it. */
  saysLife: boolean;
  readonly issued = new Map<string, Issued>();
  readonly #clock: Clock;
  readonly #aheadSeconds: number;
  #held: (() => void)[] = [];

  constructor(clock: Clock, aheadSeconds: number, saysLife: boolean) {
    this.#clock = clock;
    this.#aheadSeconds = aheadSeconds;
    this.saysLife = saysLife;
  }

  /** @throws {HubshareError} as a token source does. */
  async request(): Promise<FetchedToken> {
    if (this.mode === 'held') await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.mode === 'down') throw new HubshareError(outage());
    if (this.user === null) throw new TokenRejectedError(rejection());
    return this.#issue(this.user);
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }

  /** The moment, as the hub and the issuer write it. */
  byItsClock(atMs: number): number {
    return atMs + this.#aheadSeconds * 1_000;
  }

  #issue(user: string): FetchedToken {
    const nowSeconds = Math.floor(this.byItsClock(this.#clock.now()) / 1_000);
    const expSeconds = nowSeconds + this.lifeSeconds;
    const claims = { sub: user, jti: this.issued.size, iat: nowSeconds, exp: expSeconds };
    const token = `model.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.signature`;
    const expiresAtMs = (expSeconds - this.#aheadSeconds) * 1_000;
    this.issued.set(token, { user, epoch: this.epoch, expiresAtMs });
    return { token, ...(this.saysLife ? { expiresInSeconds: this.lifeSeconds } : {}) };
  }
}

/** The part of a tab that is asked for tokens. */
export class ModelTab {
  readonly tab: Tab;
  /** It gives no answer any more. */
  isStuck = false;
  readonly #away = new AbortController();

  constructor(id: string, issuer: ModelIssuer) {
    const fetchAccessToken = async (): Promise<Reply<string>> => {
      if (this.isStuck) return new Promise(() => undefined);
      try {
        return { ok: true, value: (await issuer.request()).token };
      } catch (error) {
        return { ok: false, error: error instanceof HubshareError ? error.wire : outage() };
      }
    };
    this.tab = { id, ordinal: 1, away: this.#away.signal, fetchAccessToken } as unknown as Tab;
  }

  die(): void {
    this.#away.abort();
  }
}
