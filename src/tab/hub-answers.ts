/** What the worker asks of this tab for one hub: a token, a result that the hub wants, the next retry. The app's own code answers. */
import { errorFromWire, isQuiet, wireError, type WireError } from '../contract/errors.js';
import type { HubQuestion, Reply, RetryContextData } from '../contract/rpc.js';
import type { ChannelUser } from './channel-user.js';
import { handlersResult } from './client-result.js';
import type { Stay } from './tab-client.js';

export interface HubAnswers {
  /** No question of the hub is being answered. */
  readonly isIdle: boolean;
  fetchAccessToken(): Promise<Reply<string>>;
  /**
   * @param isCurrent - The user is still the one whom the question is for.
   * @returns Whether this tab has handlers for the method, and so will answer.
   */
  takeQuestion(question: HubQuestion, stay: Stay, isCurrent: () => boolean): boolean;
  nextRetryDelay(context: RetryContextData): Reply<number | null>;
}

export function createHubAnswers(users: ReadonlySet<ChannelUser>): HubAnswers {
  let open = 0;

  async function answerQuestion(question: HubQuestion, stay: Stay, isCurrent: () => boolean): Promise<void> {
    const { questionId, method, args, after } = question;
    const turn = stay.events.reached(after);
    if (turn !== undefined) await turn;
    if (stay.over.aborted || !isCurrent()) return;
    const result = await handlersResult([...users], method, [...args]);
    // A worker that has died meanwhile has taken the question with it.
    if (!stay.over.aborted) await stay.api.answer(questionId, result);
  }

  return {
    get isIdle() {
      return open === 0;
    },

    async fetchAccessToken() {
      const factory = [...users].find((user) => user.tokenFactory !== null)?.tokenFactory;
      if (factory === undefined || factory === null) return nothingHere('accessTokenFactory');
      try {
        return { ok: true, value: await factory() };
      } catch (error) {
        const message = `accessTokenFactory failed: ${error instanceof Error ? error.message : String(error)}`;
        return { ok: false, error: wireError('token-unavailable', message, {}) };
      }
    },

    takeQuestion(question, stay, isCurrent) {
      if (![...users].some((user) => user.handlersOf(question.method).length > 0)) return false;
      open += 1;
      answerQuestion(question, stay, isCurrent)
        .catch((error: unknown) => {
          // A result that cannot cross would leave the hub waiting: the worker is told so instead.
          stay.api.answer(question.questionId, { kind: 'error', text: String(error) }).catch(() => undefined);
        })
        .finally(() => (open -= 1));
      return true;
    },

    nextRetryDelay({ previousRetryCount, elapsedMilliseconds, retryReason }) {
      const user = [...users].find(({ retryPolicy }) => retryPolicy !== null);
      if (user === undefined || user.retryPolicy === null) return nothingHere('retry policy');
      try {
        const delayMs: unknown = user.retryPolicy.nextRetryDelayInMilliseconds({
          previousRetryCount,
          elapsedMilliseconds,
          retryReason: isQuiet(retryReason) ? new Error(UNKNOWN_REASON) : errorFromWire(retryReason),
        });
        if (delayMs === null) return { ok: true, value: null };
        // As with SignalR, whose timer takes what is no number for 0.
        return {
          ok: true,
          value: typeof delayMs === 'number' && delayMs > 0 && Number.isFinite(delayMs) ? delayMs : 0,
        };
      } catch (error) {
        const asked = `IRetryPolicy.nextRetryDelayInMilliseconds(${previousRetryCount}, ${elapsedMilliseconds})`;
        user.log(4, `${asked} threw error '${String(error)}'.`);
        return { ok: true, value: null };
      }
    },
  };
}

function nothingHere(what: string): { readonly ok: false; readonly error: WireError } {
  return { ok: false, error: wireError('stopped', `This tab has no ${what} for the hub.`, {}) };
}

/** SignalR's own words where the hub gave none. */
const UNKNOWN_REASON = 'Attempting to reconnect due to a unknown error.';
