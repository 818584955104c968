/** How often a server's 401 may cause a refresh: a server that refuses every token must not have them refreshed without end. */
import type { Clock } from '../clock.js';
import type { TokenBroker } from './token-broker.js';

const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

export interface RefusalPace {
  /** A token to try after a 401; `null`: there is none that is worth a try. Never rejects. */
  replace(broker: TokenBroker, refused: string): Promise<string | null>;
  /** What became of the second try. Each token that did not help doubles the pause before the next refresh. */
  judge(token: string, helped: boolean): void;
}

/**
 * The broker is not told that the token was refused: it may be good for the hub, and a server that knows other tokens only would
 * otherwise sign the user out.
 */
export function createRefusalPace(clock: Clock): RefusalPace {
  let fruitless = 0;
  let notBeforeMs = 0;
  let judged: string | null = null;
  let refreshing: Promise<unknown> | null = null;

  return {
    async replace(broker, refused) {
      const newer = (): string | null => {
        const token = broker.peek()?.token ?? null;
        return token === refused ? null : token;
      };
      // It was refreshed while the request was on its way.
      const inHand = newer();
      if (inHand !== null) return inHand;
      if (refreshing === null && clock.now() < notBeforeMs) return null;
      refreshing ??= broker.refreshNow().finally(() => (refreshing = null));
      try {
        await refreshing;
      } catch {
        // The 401 stands.
        return null;
      }
      return newer();
    },
    judge(token, helped) {
      if (helped) {
        fruitless = 0;
        notBeforeMs = 0;
        return;
      }
      // Several requests may have tried the same token.
      if (token === judged) return;
      judged = token;
      notBeforeMs = clock.now() + Math.min(FIRST_PAUSE_MS * 2 ** fruitless, LONGEST_PAUSE_MS);
      fruitless += 1;
    },
  };
}
