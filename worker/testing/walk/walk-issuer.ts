/** For walks through a whole browser: who is signed in, and the tokens that are issued, by requests that are read and answered when their turn comes. */
import { HubshareError, TokenRejectedError, wireError } from '../../../src/contract/errors.js';
import type { FetchedToken } from '../../auth/token-source.js';
import type { EventLoop, Realm } from '../browser/event-loop.js';

export interface Issued {
  readonly user: string;
  readonly expiresAtMs: number;
}

export class WalkIssuer {
  /** Whose session the browser's cookie is; `null`: nobody's. */
  session: string | null = 'ann';
  mode: 'good' | 'down' | 'held' = 'good';
  readonly issued = new Map<string, Issued>();
  readonly #loop: EventLoop;
  readonly #lifeSeconds: number;
  /** Whether tokens say whose they are. */
  readonly #isNaming: boolean;
  #held: (() => void)[] = [];

  constructor(loop: EventLoop, lifeSeconds: number, isNaming: boolean) {
    this.#loop = loop;
    this.#lifeSeconds = lifeSeconds;
    this.#isNaming = isNaming;
  }

  /**
   * @param realm - Who asks.
   * @param userOf - Whose token it is to be, asked when the issuer reads the request.
   * @throws {HubshareError} as a token source does.
   */
  request(realm: Realm, userOf: () => string | null = () => this.session): Promise<FetchedToken> {
    const loop = this.#loop;
    return new Promise((resolve, reject) => {
      const read = (): void => {
        if (this.mode === 'held') {
          this.#held.push(read);
          return;
        }
        const user = this.mode === 'down' ? undefined : userOf();
        const answer = user === null || user === undefined ? null : this.issue(user);
        loop.post(realm, () => {
          if (answer !== null) resolve(answer);
          else reject(user === undefined ? outage() : rejection());
        });
      };
      loop.post(loop.outside, read);
    });
  }

  issue(user: string): FetchedToken {
    const nowSeconds = Math.floor(this.#loop.clock.now() / 1_000);
    const exp = nowSeconds + this.#lifeSeconds;
    const number = this.issued.size;
    const claims = { sub: user, jti: number, iat: nowSeconds, exp };
    const token = this.#isNaming
      ? `walk.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.signature`
      : `opaque-token-of-a-walk-${number}`;
    this.issued.set(token, { user, expiresAtMs: exp * 1_000 });
    return { token, expiresInSeconds: this.#lifeSeconds };
  }

  /** What was held is read. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const read of held) this.#loop.post(this.#loop.outside, read);
  }
}

function rejection(): TokenRejectedError {
  return new TokenRejectedError(wireError('token-rejected', 'Sign in.', { httpStatus: 401 }));
}

function outage(): HubshareError {
  return new HubshareError(wireError('token-unavailable', 'The issuer is down.', {}));
}
