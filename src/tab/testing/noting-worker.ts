/** A tab that is joined to a worker which notes what it is told, and takes all of it. */
import type { Remote } from 'comlink';
import type { CoordinatorApi, HandlersResult, HubCall, HubWish, Reply, SettingDifference } from '../../contract/rpc.js';
import type { Stay, TabClient } from '../tab-client.js';

export function notingWorker() {
  const wishes: HubWish[] = [];
  const said: string[] = [];
  const invoked: string[] = [];
  const answers: { readonly questionId: string; readonly result: HandlersResult }[] = [];
  let differences: readonly SettingDifference[] = [];
  let taken: Promise<unknown> = Promise.resolve();
  const done = { ok: true, value: undefined } as const;
  const noted = (what: string): Promise<typeof done> => {
    said.push(what);
    return Promise.resolve(done);
  };
  const api = {
    attach: async (wish: HubWish): Promise<Reply<unknown>> => {
      wishes.push(wish);
      said.push(`attach ${wish.attachment}`);
      await taken;
      return { ok: true, value: { differences } };
    },
    detach: () => noted('detach'),
    subscribe: (_: string, method: string) => noted(`subscribe ${method}`),
    unsubscribe: (_: string, method: string) => noted(`unsubscribe ${method}`),
    invoke: ({ method }: HubCall) => {
      invoked.push(method);
      return new Promise<never>(() => undefined);
    },
    claim: (_: string, id: string) => {
      said.push(`claim ${id}`);
      return new Promise<never>(() => undefined);
    },
    answer: async (questionId: string, result: HandlersResult) => {
      if (result.kind === 'result' && typeof result.value === 'function') throw new Error('could not be cloned');
      answers.push({ questionId, result });
      return done;
    },
  };
  const over = new AbortController();
  let reach: (() => void) | null = null;
  const stay = {
    welcome: { bootId: 'boot-1', workerLock: 'lock', contractVersion: 1 },
    api: api as unknown as Remote<CoordinatorApi>,
    events: {
      reached: (number) =>
        number === 0 ? undefined : new Promise<boolean>((resolve) => (reach = () => resolve(true))),
      hold: () => undefined,
      release: () => undefined,
      drain: () => undefined,
      close: () => undefined,
    },
    over: over.signal,
    isAway: () => false,
  } satisfies Stay;
  let changes = 0;
  const client = {
    stay: stay as Stay | null,
    join: async () => stay,
    released: () => undefined,
    usersChanged: () => void (changes += 1),
    touch: () => undefined,
    tabId: 'tab-1',
  };
  return {
    /** What is wanted of the hub, each time that it was said. */
    wishes,
    /** Everything but calls and answers, in order. */
    said,
    /** Hub methods. */
    invoked,
    answers,
    stay,
    client: client as unknown as TabClient,
    /** How often a user came or went. */
    changes: () => changes,
    setDifferences: (next: readonly SettingDifference[]) => (differences = next),
    /** Wishes are answered from now on when this has resolved. */
    takeAfter: (turn: Promise<unknown>): void => void (taken = turn),
    /** The worker dies. */
    die: () => {
      client.stay = null;
      over.abort();
    },
    /** The tab has dispatched the entry that somebody waits for. */
    reachEntry: () => reach?.(),
  };
}
