/** The switches of the hub that tests and the demo turn at run time: refuse, delay, offer less. */
import type { TransportName } from '../transports/transport.js';

export type Delayed = 'negotiate' | 'refresh' | 'calls' | 'upgrade';

export interface Controls {
  refuseTokens: boolean;
  refuseRefresh: boolean;
  tokenLifeSeconds: number;
  /** Of the tokens that a redirecting negotiate hands over. */
  serviceTokenLifeSeconds: number;
  /** Whether a WebSocket may bring its token as a subprotocol. */
  subprotocol: boolean;
  /** What negotiate offers. */
  readonly transports: Record<TransportName, boolean>;
  /** Milliseconds. */
  readonly delaysMs: Record<Delayed, number>;
  /** Waits as long as is set for this kind; ends early, without an error, when `signal` is aborted or the hub closes. */
  delay(what: Delayed, signal?: AbortSignal): Promise<void>;
}

export function createControls(
  lives: Pick<Controls, 'tokenLifeSeconds' | 'serviceTokenLifeSeconds'>,
  closing: AbortSignal,
): Controls {
  const delaysMs: Record<Delayed, number> = { negotiate: 0, refresh: 0, calls: 0, upgrade: 0 };
  return {
    refuseTokens: false,
    refuseRefresh: false,
    ...lives,
    subprotocol: true,
    transports: { WebSockets: true, ServerSentEvents: true, LongPolling: true },
    delaysMs,
    async delay(what, signal) {
      const ms = delaysMs[what];
      if (ms > 0) await pause(ms, signal === undefined ? [closing] : [closing, signal]);
    },
  };
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
