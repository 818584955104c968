/** Gets the access token from the app's `accessTokenFactory` in a tab: the primary is asked first, the next one if that has none to give. */
import { errorFromWire, isHubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type { Reply } from '../../src/contract/rpc.js';
import type { Clock } from '../clock.js';
import { ask, NoAnswerError } from '../tabs/ask.js';
import type { Tab } from '../tabs/tab.js';
import { checkToken } from './access-token.js';
import type { TokenSource } from './token-source.js';

export interface TabTokenSourceDeps {
  readonly hub: string;
  /** Tabs that have a factory, the primary first. Asked anew before each question: tabs come and go meanwhile. */
  readonly tabs: () => readonly Tab[];
  readonly clock: Clock;
  /** Milliseconds that a tab may take. */
  readonly limitMs: number;
  /** A tab had none to give, and why; `null`: it did not answer in time, or has gone. */
  readonly onSkipped: (tab: Tab, why: WireError | null) => void;
}

/**
 * Failures of factories after which no further tab is asked. One page may fail for reasons of its own (it is being unloaded, its storage
 * was cleared); where the user is not signed in all of them fail, and an app with fifty tabs must not ask its issuer fifty times.
 */
const MAX_FAILURES = 3;

/** A source whose `fetch` rejects with what the first factory that failed has said, when no tab gives a token. */
export function tabTokenSource(deps: TabTokenSourceDeps): TokenSource {
  return {
    kind: 'tab',
    async fetch(signal) {
      const asked = new Set<string>();
      const failures: WireError[] = [];
      while (failures.length < MAX_FAILURES) {
        const tab = deps.tabs().find(({ id }) => !asked.has(id));
        if (tab === undefined) break;
        signal.throwIfAborted();
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
          if (error instanceof NoAnswerError) deps.onSkipped(tab, null);
          continue;
        }
        const answer = readAnswer(reply);
        // It has just let the hub go, or says what no tab of this build says.
        if (answer === null || (!answer.ok && answer.error.code === 'stopped')) continue;
        if (answer.ok) return { token: answer.value };
        deps.onSkipped(tab, answer.error);
        failures.push(answer.error);
      }
      throw errorFromWire(failures[0] ?? NO_ANSWER);
    },
  };
}

const NO_ANSWER = wireError(
  'token-unavailable',
  'No tab could give an access token: those with an accessTokenFactory are gone, frozen or do not answer.',
  {},
);

/** Longer than any token that a server takes in a header. */
const MAX_TOKEN = 65_536;

/** Longer than what an app would say. */
const MAX_MESSAGE = 2_000;

/** What comes from a page may be anything. `null`: it is no answer. */
function readAnswer(reply: unknown): Reply<string> | null {
  // Of type `function` is Comlink's stand-in for something in the page, which every question to it would ask the page.
  if (typeof reply !== 'object' || reply === null) return null;
  const { ok, value, error } = reply as Partial<Record<'ok' | 'value' | 'error', unknown>>;
  if (ok === true) return typeof value === 'string' && value.length > MAX_TOKEN ? null : readToken(value);
  if (ok !== false || typeof error !== 'object' || error === null) return null;
  const { code, message } = error as Partial<WireError>;
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  return { ok, error: { ...(error as WireError), message: message.slice(0, MAX_MESSAGE) } };
}

/** A factory that gives what cannot be sent, such as nothing, has failed. */
function readToken(value: unknown): Reply<string> {
  try {
    return { ok: true, value: checkToken(value) };
  } catch (error) {
    if (!isHubshareError(error)) throw error;
    return { ok: false, error: error.wire };
  }
}
