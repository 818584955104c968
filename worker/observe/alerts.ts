/** Decides when what happens to one hub is an alert (SEC-5). Holds at most three times and two alerts. */
import type { AlertKind } from '../../src/contract/metrics.js';
import type { AlertedHub, AlertLog, RaisedAlert } from './alert-log.js';

/** So many disconnects ... */
export const FREQUENT_DISCONNECTS = 3;
/** ... within so many milliseconds, both ends counted in, are an alert. */
export const DISCONNECTS_WINDOW_MS = 5 * 60_000;
/** Failed authentications within so many milliseconds after an alert are counted in it. */
export const SAME_FAILURE_MS = 60_000;

export interface HubAlerts {
  /** The connection was lost, though nobody had asked for that. */
  disconnected(): void;
  /** Somebody has to sign in. @param why - Words for people, without what the hub or the issuer has said. */
  authenticationFailed(why: string): void;
  /** How many alerts were raised. */
  readonly raised: Readonly<Record<AlertKind, number>>;
}

export function createHubAlerts(hub: AlertedHub, log: AlertLog, now: () => number): HubAlerts {
  /** The last disconnects, no more than are needed to know whether the window was ever emptier. */
  let disconnects: number[] = [];
  let episode: RaisedAlert | null = null;
  let failure: RaisedAlert | null = null;
  const raised: Record<AlertKind, number> = { 'frequent-disconnects': 0, 'authentication-failed': 0 };

  function raise(kind: AlertKind, count: number, text: string): RaisedAlert {
    raised[kind] += 1;
    return log.raise(kind, hub, count, text);
  }

  return {
    raised,
    disconnected() {
      const atMs = now();
      // In between the window has held fewer: what was an alert is over.
      const before = disconnects.filter((earlier) => atMs - earlier <= DISCONNECTS_WINDOW_MS);
      if (before.length < FREQUENT_DISCONNECTS) episode = null;
      disconnects = [...before, atMs].slice(-FREQUENT_DISCONNECTS);
      if (disconnects.length < FREQUENT_DISCONNECTS) return;
      if (episode !== null) episode.again();
      else
        episode = raise(
          'frequent-disconnects',
          disconnects.length,
          'The connection was lost 3 times in 5 minutes. Look at the network, proxies in between, and the hub.',
        );
    },
    authenticationFailed(why) {
      // A clock that was set back does not hold later failures in an old alert.
      const sinceMs = failure === null ? Infinity : now() - failure.raisedAtMs;
      if (failure !== null && sinceMs >= 0 && sinceMs <= SAME_FAILURE_MS) failure.again();
      else failure = raise('authentication-failed', 1, why);
    },
  };
}
