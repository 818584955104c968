/** Gets the access token from the app's `accessTokenFactory` in a tab: the primary is asked first, the next one if it does not answer. */
import { errorFromWire, HubshareError, wireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';
import { ask, NoAnswerError } from '../tabs/ask.js';
import type { Tab } from '../tabs/tab.js';
import type { TokenSource } from './token-source.js';

export interface TabTokenSourceDeps {
  readonly hub: string;
  /** Tabs that have a factory, the primary first. Asked anew before each question: tabs come and go meanwhile. */
  readonly tabs: () => readonly Tab[];
  readonly clock: Clock;
  /** Milliseconds that a tab may take. */
  readonly limitMs: number;
  readonly onSkipped: (tab: Tab) => void;
}

export function tabTokenSource(deps: TabTokenSourceDeps): TokenSource {
  return {
    kind: 'tab',
    async fetch(signal) {
      const asked = new Set<string>();
      for (;;) {
        const tab = deps.tabs().find(({ id }) => !asked.has(id));
        if (tab === undefined) {
          throw new HubshareError(
            wireError(
              'token-unavailable',
              'No tab could give an access token: those with an accessTokenFactory are gone, frozen or do not answer.',
              {},
            ),
          );
        }
        asked.add(tab.id);
        let reply;
        try {
          reply = await ask(tab.fetchAccessToken(deps.hub), {
            clock: deps.clock,
            afterMs: deps.limitMs,
            gone: [tab.away, signal],
          });
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof NoAnswerError)) throw error;
          deps.onSkipped(tab);
          continue;
        }
        if (!reply.ok && reply.error.code === 'stopped') {
          // It has just let the hub go: the next one is asked.
          continue;
        }
        // A tab that answers with an error has answered: the others run the same code and would say the same.
        if (!reply.ok) throw errorFromWire(reply.error);
        return { token: reply.value };
      }
    },
  };
}
