/**
 * This tab's own access token, for plain mode.
 *
 * All tabs share one refresh cookie, and the server rotates it: a cookie that is used twice is taken for a stolen one
 * and ends the session. Two tabs that refresh at once do just that. So the request runs under a Web Lock, one tab at a
 * time; the next tab then sends the cookie that the former one was given. (In shared mode the worker alone refreshes.)
 * It is the very lock that hubshare's worker takes, for a worker may still be refreshing while tabs change the mode.
 */
import { RequestError } from './session.js';

const REFRESH_PATH = '/auth/refresh';
const REFRESH_LOCK = `hubshare:refresh:${location.origin}${REFRESH_PATH}`;

/** Refresh ahead of expiry by this share of the token's life, so that a short-lived token is not refreshed at each request. */
const EARLY_SHARE = 0.2;

export class PlainTokenError extends Error {
  override readonly name = 'PlainTokenError';
  /** The same word that hubshare uses, so that both modes have the same face. */
  readonly code: 'token-rejected' | 'token-unavailable';

  constructor(refused: boolean, message: string) {
    super(message);
    this.code = refused ? 'token-rejected' : 'token-unavailable';
  }
}

export interface PlainToken {
  /** A token that is good for a while. Refreshes when it has to; calls at the same time share one request. */
  get(): Promise<string>;
  /** What `get` gave last. */
  current(): string;
}

export function createPlainToken(): PlainToken {
  let token = '';
  let refreshAtMs = 0;
  let refreshing: Promise<string> | null = null;

  async function refresh(): Promise<string> {
    let response: Response;
    try {
      response = await navigator.locks.request(REFRESH_LOCK, () =>
        fetch(REFRESH_PATH, { method: 'POST', credentials: 'same-origin', cache: 'no-store' }),
      );
    } catch {
      throw new RequestError('server-unreachable', 'The server does not answer.', 0);
    }
    if (!response.ok) {
      throw new PlainTokenError(response.status === 401, `The server gave no new access token (${response.status}).`);
    }
    const answer = (await response.json()) as { accessToken?: unknown; expiresIn?: unknown };
    if (typeof answer.accessToken !== 'string' || typeof answer.expiresIn !== 'number') {
      throw new PlainTokenError(false, 'The server gave an answer without an access token.');
    }
    token = answer.accessToken;
    refreshAtMs = performance.now() + answer.expiresIn * 1000 * (1 - EARLY_SHARE);
    return token;
  }

  return {
    async get() {
      if (performance.now() < refreshAtMs) return token;
      refreshing ??= refresh().finally(() => {
        refreshing = null;
      });
      return refreshing;
    },
    current: () => token,
  };
}
