/** The last time that a hub's connection was lost and came back: how long that took, and whether events may be missing. */
import type { Reconnect } from '../../src/contract/frames.js';

export interface LastReconnect {
  /** `null`: it has not been lost since the hub was opened. */
  readonly value: Reconnect | null;
  lost(atMs: number): void;
  /** The hub is connected, by a new connection: it does not say what the old one would have brought. */
  connected(atMs: number): void;
  /** Stateful reconnect has brought the same connection back, with everything that was sent meanwhile. */
  resumed(atMs: number, lastedMs: number): void;
  /** The hub was closed on purpose. */
  clear(): void;
}

export function createLastReconnect(): LastReconnect {
  let value: Reconnect | null = null;
  let lostAtMs: number | null = null;
  return {
    get value() {
      return value;
    },
    lost(atMs) {
      lostAtMs = atMs;
    },
    connected(atMs) {
      if (lostAtMs === null) return;
      // A user may set the clock back meanwhile.
      value = { endedAtMs: atMs, lastedMs: Math.max(0, atMs - lostAtMs), missed: 'unknown' };
      lostAtMs = null;
    },
    resumed(atMs, lastedMs) {
      value = { endedAtMs: atMs, lastedMs, missed: 'no' };
    },
    clear() {
      value = null;
      lostAtMs = null;
    },
  };
}
