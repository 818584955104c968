/** A WebSocket that carries the token as a subprotocol, for a browser lets nobody set a header on one. */
import { HubshareError, wireError } from '../../../src/contract/errors.js';
import { afterHandshake } from './after-handshake.js';
import { takeToken, type Bearer } from './bearer.js';

export interface BearerWebSocketDeps {
  readonly bearer: Pick<Bearer, 'peek'>;
  /** Aborting it closes every socket of a connection that was given up: SignalR forgets one that is still connecting. */
  readonly signal?: AbortSignal;
  /**
   * A socket that had carried frames was closed, and the next one of the same connection carries them again: the hub has taken the
   * connection up where it was (stateful reconnect). `lastedMs`: from the close to the first frame.
   */
  readonly onResumed?: (lastedMs: number) => void;
  /** Milliseconds. */
  readonly now: () => number;
  /** For tests. */
  readonly base?: typeof WebSocket;
}

/** The protocol that the server selects. It must select one, and never the one with the token: the answer would repeat it. */
export const HUB_SUBPROTOCOL = 'signalr';

/** RFC 9110 `token`: what a subprotocol may consist of. A JWT does; base64 with `/` or `=` does not. */
const SUBPROTOCOL = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Makes the class for SignalR's `WebSocket` option, for the sockets of one connection. It extends the platform's, because
 * SignalR reads its static `OPEN`. Without a token it is an ordinary WebSocket.
 */
export function createBearerWebSocket(deps: BearerWebSocketDeps): typeof WebSocket {
  const { bearer, signal, base = WebSocket } = deps;
  /** When the last socket that carried frames was closed. */
  let brokenAtMs: number | null = null;
  /** A socket on which the hub takes the connection up again has no handshake. */
  let hasBegun = false;

  return class BearerWebSocket extends base {
    constructor(url: string | URL, protocols?: string | string[]) {
      signal?.throwIfAborted();
      const target = new URL(url);
      const token = takeToken(target) ?? bearer.peek();
      if (token === null) {
        // Chromium takes an explicit `undefined` for a protocol.
        if (protocols === undefined) super(target.href);
        else super(target.href, protocols);
      } else {
        super(target.href, [...[protocols ?? HUB_SUBPROTOCOL].flat(), `bearer.${checkCharacters(token)}`]);
      }
      this.addEventListener('message', () => this.#carries(), { once: true });
      if (signal === undefined) return;
      const giveUp = (): void => this.close();
      signal.addEventListener('abort', giveUp);
      this.addEventListener('close', () => signal.removeEventListener('abort', giveUp));
    }

    override get onmessage(): WebSocket['onmessage'] {
      return super.onmessage;
    }

    /** By this property SignalR reads. */
    override set onmessage(read: WebSocket['onmessage']) {
      super.onmessage = read === null || hasBegun ? read : afterHandshake((event) => void read.call(this, event));
    }

    #carries(): void {
      hasBegun = true;
      this.addEventListener('close', () => {
        brokenAtMs = deps.now();
      });
      if (brokenAtMs === null) return;
      deps.onResumed?.(Math.max(0, deps.now() - brokenAtMs));
      brokenAtMs = null;
    }
  };
}

/** The platform would throw a SyntaxError that quotes the token. SignalR goes on with the next transport either way. */
function checkCharacters(token: string): string {
  if (SUBPROTOCOL.test(token)) return token;
  throw new HubshareError(
    wireError(
      'feature-unavailable',
      'This access token has characters that a WebSocket subprotocol cannot carry (such as "/" or "="). Issue base64url tokens to use WebSockets.',
      { feature: 'WebSockets' },
    ),
  );
}
