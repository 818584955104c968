import { proxy, transfer, type Remote } from 'comlink';
import { expectTypeOf, test } from 'vitest';
import type { WireError } from './errors.js';
import type { AckFrame, Entry, HubStatus } from './frames.js';
import type { CallOutcome, CoordinatorApi, Hello, Reply, TabApi, Welcome } from './rpc.js';

declare const worker: Remote<CoordinatorApi>;
declare const hello: Hello;
declare const tab: TabApi;

test('a tab joins with a proxy, never with a bare object', () => {
  void worker.join(transfer(hello, [hello.events]), proxy(tab));
  // @ts-expect-error a bare object would fail at run time with DataCloneError
  void worker.join(transfer(hello, [hello.events]), tab);
});

test('a tab joins with all that the worker needs', () => {
  // @ts-expect-error without its lock the worker would never notice the death of the tab
  const incomplete: Hello = { contractVersion: 1, tabId: 'a', visibility: 'visible', events: hello.events };
  expectTypeOf(incomplete).toExtend<Hello>();
});

test('failure is part of what every call returns', () => {
  expectTypeOf<ReturnType<CoordinatorApi['join']>>().toEqualTypeOf<Promise<Reply<Welcome>>>();
  expectTypeOf<ReturnType<CoordinatorApi['invoke']>>().toEqualTypeOf<Promise<CallOutcome>>();
  type Answers = {
    [K in Exclude<keyof CoordinatorApi, 'invoke' | 'send' | 'stream' | 'joinTopic'>]: Awaited<
      ReturnType<CoordinatorApi[K]>
    >;
  };
  expectTypeOf<Answers[keyof Answers]>().toExtend<Reply<unknown>>();
  expectTypeOf<ReturnType<TabApi['fetchAccessToken']>>().toEqualTypeOf<Promise<Reply<string>>>();
});

test('a reply is a value or an error, never both and never neither', () => {
  // @ts-expect-error a reply that failed has no value
  const both: Reply<number> = { ok: false, value: 1 };
  // @ts-expect-error a reply that did not fail has a value
  const neither: Reply<number> = { ok: true };
  expectTypeOf([both, neither]).toEqualTypeOf<Reply<number>[]>();
});

test('an error carries the fields of its code', () => {
  expectTypeOf<Extract<WireError, { code: 'call-timed-out' }>>().toEqualTypeOf<WireError<'call-timed-out'>>();
  expectTypeOf<WireError<'token-rejected'>['httpStatus']>().toEqualTypeOf<number>();
});

test('entries say by their first number what follows', () => {
  const read = (entry: Entry): void => {
    if (entry[0] === 2) expectTypeOf(entry[2]).toEqualTypeOf<HubStatus>();
    if (entry[0] === 1) expectTypeOf(entry[3]).toEqualTypeOf<unknown[]>();
  };
  expectTypeOf(read).toBeFunction();
  expectTypeOf<AckFrame['last']>().toEqualTypeOf<number>();
});
