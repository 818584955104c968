/** The switches of the hub that tests and the demo turn at run time: refuse, delay, offer less. */
import { setMaxListeners } from 'node:events';
import type { TransportName } from '../transports/transport.js';

/** `polls`: requests of long polling that ask for messages. `posts`: requests that bring messages, of long polling and of event streams. */
export type Delayed = 'negotiate' | 'refresh' | 'calls' | 'upgrade' | 'polls' | 'posts';

/**
 * How a live connection can be given a new token. `call`: the hub method `connection.reauth`, announced in `connection.authorized`;
 * `endpoint`: `POST {hub}/refresh?id=`, announced by negotiate, as ASP.NET Core 11 does; `none`: not at all.
 */
export type Reauth = 'call' | 'endpoint' | 'none';

export interface Controls {
  refuseTokens: boolean;
  refuseRefresh: boolean;
  tokenLifeSeconds: number;
  /** Of the tokens that a redirecting negotiate hands over. */
  serviceTokenLifeSeconds: number;
  /** Whether a WebSocket may bring its token as a subprotocol. */
  subprotocol: boolean;
  /** Connections that are greeted or negotiated from now on are told this way. */
  reauth: Reauth;
  /** What negotiate offers. */
  readonly transports: Record<TransportName, boolean>;
  /** Milliseconds. */
  readonly delaysMs: Readonly<Record<Delayed, number>>;
  /** How many wait in `delay` now. */
  readonly held: number;
  /** From now on `delay` waits so long for this kind. Whatever waits under the old delay goes on at once, in the order in which it came. */
  setDelay(what: Delayed, ms: number): void;
  /** Waits as long as is set for this kind; ends early, without an error, when `signal` is aborted or the hub closes. */
  delay(what: Delayed, signal?: AbortSignal): Promise<void>;
}

/** A delay, and the signal that ends it for all who wait under it. */
interface Hold {
  readonly ms: number;
  readonly changed: AbortController;
}

export function createControls(
  lives: Pick<Controls, 'tokenLifeSeconds' | 'serviceTokenLifeSeconds'>,
  closing: AbortSignal,
): Controls {
  const holds: Record<Delayed, Hold> = {
    negotiate: createHold(0),
    refresh: createHold(0),
    calls: createHold(0),
    upgrade: createHold(0),
    polls: createHold(0),
    posts: createHold(0),
  };
  let held = 0;
  return {
    refuseTokens: false,
    refuseRefresh: false,
    ...lives,
    subprotocol: true,
    reauth: 'call',
    transports: { WebSockets: true, ServerSentEvents: true, LongPolling: true },
    get delaysMs() {
      return {
        negotiate: holds.negotiate.ms,
        refresh: holds.refresh.ms,
        calls: holds.calls.ms,
        upgrade: holds.upgrade.ms,
        polls: holds.polls.ms,
        posts: holds.posts.ms,
      };
    },
    get held() {
      return held;
    },
    setDelay(what, ms) {
      const before = holds[what];
      holds[what] = createHold(ms);
      before.changed.abort();
    },
    async delay(what, signal) {
      const { ms, changed } = holds[what];
      if (ms <= 0) return;
      held += 1;
      await pause(ms, [closing, changed.signal, ...(signal === undefined ? [] : [signal])]);
      held -= 1;
    },
  };
}

function createHold(ms: number): Hold {
  const changed = new AbortController();
  // One listener for each call that waits is no leak.
  setMaxListeners(0, changed.signal);
  return { ms, changed };
}

/** Settles after `ms` milliseconds or as soon as one of the signals is aborted; leaves neither timer nor listener behind. */
export function pause(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(stop, ms);
    for (const signal of signals) signal.addEventListener('abort', stop);
    if (signals.some((signal) => signal.aborted)) stop();
  });
}
