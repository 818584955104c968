/** Asks the app's retry policy, which lives in a tab: the primary's first, the next one's if that tab cannot say. */
import type { RetryContextData } from '../../src/contract/rpc.js';
import type { Clock } from '../clock.js';
import { ask } from '../tabs/ask.js';
import type { Tab } from '../tabs/tab.js';
import type { DefaultRetryDelay } from './retry-delays.js';

export interface RetryPolicyDeps {
  readonly hub: string;
  /** Tabs that have a policy, the primary first. Asked anew before each question: tabs come and go meanwhile. */
  readonly tabs: () => readonly Tab[];
  readonly clock: Clock;
  /** Milliseconds that a tab may take. */
  readonly limitMs: number;
  /** The delay where no policy says one. */
  readonly defaultDelay: DefaultRetryDelay;
  /** Told in words why a policy's delay is not used. */
  readonly onIgnored: (why: string) => void;
}

/** What was asked: never rejects. After `signal` is aborted the answer means nothing. */
export type AskRetryPolicy = (context: RetryContextData, signal: AbortSignal) => Promise<number | null>;

export function createRetryPolicy(deps: RetryPolicyDeps): AskRetryPolicy {
  const { hub, clock, limitMs, onIgnored } = deps;
  return async (context, signal) => {
    const asked = new Set<string>();
    while (!signal.aborted) {
      const tab = deps.tabs().find(({ id }) => !asked.has(id));
      if (tab === undefined) break;
      asked.add(tab.id);
      try {
        const reply = await ask(tab.nextRetryDelay(hub, context), {
          clock,
          afterMs: limitMs,
          gone: [tab.away, signal],
        });
        if (!reply.ok) {
          onIgnored(`the retry policy of tab ${tab.ordinal} failed: ${reply.error.message}`);
          continue;
        }
        if (isDelay(reply.value)) return reply.value;
        onIgnored(
          `the retry policy of tab ${tab.ordinal} said neither milliseconds nor null: the default delay is used`,
        );
        break;
      } catch {
        // Gone, frozen or slow: the next one is asked.
        if (!signal.aborted) onIgnored(`tab ${tab.ordinal} did not say what its retry policy says`);
      }
    }
    return deps.defaultDelay(context.previousRetryCount + 1);
  };
}

function isDelay(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isFinite(value) && value >= 0);
}
