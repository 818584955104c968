/** Gets the access token from the app's `accessTokenFactory` in a tab: the primary is asked first, the next one if it does not answer. */
import { errorFromWire, HubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type { Reply } from '../../src/contract/rpc.js';
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
        let reply: unknown;
        try {
          reply = await ask(tab.fetchAccessToken(deps.hub), {
            clock: deps.clock,
            afterMs: deps.limitMs,
            gone: [tab.away, signal],
          });
        } catch (error) {
          signal.throwIfAborted();
          // A tab answers a failure, it never throws one: this is no tab of this build.
          if (error instanceof NoAnswerError) deps.onSkipped(tab);
          continue;
        }
        const answer = readAnswer(reply);
        // It has just let the hub go, or says what no tab of this build says: the next one is asked.
        if (answer === null || (!answer.ok && answer.error.code === 'stopped')) continue;
        // A tab that answers with an error has answered: the others run the same code and would say the same.
        if (!answer.ok) throw errorFromWire(answer.error);
        return { token: answer.value };
      }
    },
  };
}

/** Longer than any token that a server takes in a header. */
const MAX_TOKEN = 65_536;

/** Longer than what an app would say. */
const MAX_MESSAGE = 2_000;

/** What comes from a page may be anything. `null`: it is no answer. */
function readAnswer(reply: unknown): Reply<string> | null {
  // Of type `function` is Comlink's stand-in for something in the page, which every question to it would ask the page.
  if (typeof reply !== 'object' || reply === null) return null;
  const { ok, value, error } = reply as Partial<Record<'ok' | 'value' | 'error', unknown>>;
  if (ok === true) return typeof value === 'string' && value.length <= MAX_TOKEN ? { ok, value } : null;
  if (ok !== false || typeof error !== 'object' || error === null) return null;
  const { code, message } = error as Partial<WireError>;
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  return { ok, error: { ...(error as WireError), message: message.slice(0, MAX_MESSAGE) } };
}
