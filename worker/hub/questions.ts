/**
 * Results that the hub wants from this client, which is all tabs together: one tab answers, the primary first.
 *
 * A tab says at once whether it takes the question; if it has no handler, does not say so in time or goes, the next is asked.
 * One that has taken it may think as long as it likes, unless its page is cached or frozen meanwhile: then it does not think.
 * The handlers of the other tabs do not run.
 */
import type { HandlersResult } from '../../src/contract/rpc.js';
import type { Clock } from '../clock.js';
import type { Journal } from '../observe/journal.js';
import { ask, NoAnswerError } from '../tabs/ask.js';
import type { Tab } from '../tabs/tab.js';

export interface Questions {
  /**
   * @returns What the handlers gave; `undefined`: nothing, or there are none. Stays pending when the connection ends first: the
   *   hub knows that already, and a connection that is closing is told nothing.
   * @throws The text for the hub, as it is, when the handlers failed.
   */
  ask(method: string, args: readonly unknown[]): Promise<unknown>;
  /** What the tab that took the question came to. Too late, or of a tab that is not asked: ignored. */
  answer(tab: Tab, questionId: string, result: HandlersResult): void;
  /** The tab has let the hub go: the next one is asked. */
  drop(tab: Tab): void;
  /** The connection has ended: nobody wants to know any more. */
  end(): void;
}

/** `pass`: the next tab is asked. `over`: the connection has ended. */
type Attempt = HandlersResult | { readonly kind: 'pass' | 'over' };

export function createQuestions(deps: {
  readonly url: string;
  /** By which entries name the hub: question ids differ between hubs. */
  readonly hub: number;
  readonly clock: Clock;
  readonly journal: Journal;
  /** Milliseconds that a tab may take to say whether it answers. */
  readonly takeMs: number;
  /** Tabs that have a handler, the primary first. Looked up anew before each attempt: tabs come and go meanwhile. */
  readonly tabs: (method: string) => readonly Tab[];
  /** By which the tab has come to the hub. */
  readonly attachmentOf: (tab: Tab) => number;
}): Questions {
  const { clock, journal, takeMs } = deps;
  const open = new Map<string, { readonly tab: Tab; readonly settle: (attempt: Attempt) => void }>();
  let asked = 0;
  /** Which connection a question belongs to. */
  let connection = 0;

  async function attempt(tab: Tab, questionId: string, method: string, args: readonly unknown[]): Promise<Attempt> {
    const settled = new AbortController();
    // Ready before the tab is asked: its answer comes over another port than its `true`, and may come first.
    const came = new Promise<Attempt>((resolve) => {
      open.set(questionId, {
        tab,
        settle: (how) => {
          open.delete(questionId);
          settled.abort();
          resolve(how);
        },
      });
    });
    const pass = (): void => {
      if (!settled.signal.aborted) open.get(questionId)?.settle({ kind: 'pass' });
    };
    const { away } = tab;
    away.addEventListener('abort', pass, { signal: settled.signal });
    const attachment = deps.attachmentOf(tab);
    const question = { hub: deps.url, questionId, attachment, method, args, after: tab.outbox.takePlace() };
    ask(tab.takeQuestion(question), { clock, afterMs: takeMs, gone: [away, settled.signal] }).then(
      (reply) => {
        if (!isYes(reply)) pass();
      },
      (error: unknown) => {
        if (error instanceof NoAnswerError && !settled.signal.aborted && !away.aborted) {
          journal.note(
            'tab',
            `tab ${tab.ordinal} did not say in time whether it answers ${method}, the next one is asked`,
          );
        }
        pass();
      },
    );
    return came;
  }

  async function askTabs(method: string, args: readonly unknown[]): Promise<HandlersResult | null> {
    const ofConnection = connection;
    const passed = new Set<Tab>();
    const questionId = `${deps.hub}.${(asked += 1)}`;
    while (ofConnection === connection) {
      const tab = deps.tabs(method).find((candidate) => !passed.has(candidate));
      if (tab === undefined) return { kind: 'none' };
      passed.add(tab);
      const how = await attempt(tab, questionId, method, args);
      if (how.kind === 'result' || how.kind === 'none' || how.kind === 'error') return how;
    }
    return null;
  }

  return {
    async ask(method, args) {
      const result = await askTabs(method, args);
      if (result === null) return new Promise<never>(() => undefined);
      // Not an Error: the connection gives the hub what `String()` makes of it.
      if (result.kind === 'error') throw result.text as unknown;
      return result.kind === 'result' ? result.value : undefined;
    },
    answer(tab, questionId, result) {
      const question = open.get(questionId);
      if (question?.tab === tab) question.settle(result);
    },
    drop(tab) {
      for (const question of [...open.values()]) if (question.tab === tab) question.settle({ kind: 'pass' });
    },
    end() {
      connection += 1;
      for (const { settle } of [...open.values()]) settle({ kind: 'over' });
    },
  };
}

/** What comes from a page may be anything. */
function isYes(reply: unknown): boolean {
  const { ok, value } = (reply ?? {}) as { readonly ok?: unknown; readonly value?: unknown };
  return ok === true && value === true;
}
