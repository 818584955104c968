import type { Remote } from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallTimedOutError, HubCallError, HubshareError, OutcomeUnknownError, wireError } from '../contract/errors.js';
import type { CallOutcome, CoordinatorApi, HubCall } from '../contract/rpc.js';
import { CALL_ACCEPT_MS } from '../contract/timing.js';
import { createPendingCalls } from './pending-calls.js';
import type { Stay } from './tab-client.js';

const HUB = 'https://h.test/hubs/ops';
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  expect(vi.getTimerCount(), 'timers left behind').toBe(0);
  vi.useRealTimers();
});

/** A stay with a worker that answers when the test says so. */
function fakeStay() {
  const calls: {
    readonly kind: 'invoke' | 'send';
    readonly call: HubCall;
    answer(outcome: CallOutcome): Promise<void>;
    breakOff(error: Error): Promise<void>;
  }[] = [];
  const take = (kind: 'invoke' | 'send') => (call: HubCall) =>
    new Promise<CallOutcome>((resolve, reject) => {
      calls.push({
        kind,
        call,
        answer: (outcome) => (resolve(outcome), settle()),
        breakOff: (error) => (reject(error), settle()),
      });
    });
  let dispatched = 0;
  let waiting: { readonly number: number; readonly resolve: () => void }[] = [];
  const endWaiting = (): void => {
    for (const { resolve } of waiting) resolve();
    waiting = [];
  };
  const stay = {
    welcome: { bootId: 'boot-1', workerLock: 'lock', contractVersion: 1 },
    api: { invoke: take('invoke'), send: take('send') } as unknown as Remote<CoordinatorApi>,
    events: {
      reached: (number: number) =>
        number <= dispatched ? undefined : new Promise<void>((resolve) => waiting.push({ number, resolve })),
      drain: endWaiting,
      close: endWaiting,
    },
    over: new AbortController().signal,
  } satisfies Stay;
  const dispatch = (number: number): Promise<void> => {
    dispatched = number;
    for (const { resolve } of waiting.filter((other) => other.number <= number)) resolve();
    return settle();
  };
  return { stay, calls, dispatch };
}

function setUp() {
  const worker = fakeStay();
  const pending = createPendingCalls();
  const owner = {};
  const settled: unknown[] = [];
  const start = (method = 'Add', stay: Stay | null = worker.stay, by: object = owner): Promise<unknown> => {
    const result = pending.start(by, 'invoke', HUB, method, [1, 2], stay);
    result.then(
      (value) => settled.push(value),
      (error: unknown) => settled.push(error),
    );
    return result;
  };
  return { ...worker, pending, owner, start, settled };
}

const ok = (value: unknown, after = 0): CallOutcome => ({ after, reply: { ok: true, value } });

describe('a call', () => {
  it('goes out at once and brings the result', async () => {
    const { start, calls } = setUp();
    const result = start();
    expect(calls).toMatchObject([{ kind: 'invoke', call: { hub: HUB, method: 'Add', args: [1, 2] } }]);
    await calls[0]?.answer(ok(3));
    await expect(result).resolves.toBe(3);
  });

  it('has an id of its own', async () => {
    const { start, calls } = setUp();
    void start();
    void start();
    expect(calls[0]?.call.callId).not.toBe(calls[1]?.call.callId);
    for (const call of calls) await call.answer(ok(0));
  });

  it('rejects with the error of its code', async () => {
    const { start, calls } = setUp();
    const result = start('Fail');
    await calls[0]?.answer({
      after: 0,
      reply: { ok: false, error: wireError('hub-error', 'HubException: no', { method: 'Fail' }) },
    });
    await expect(result).rejects.toBeInstanceOf(HubCallError);
    await expect(result).rejects.toMatchObject({ code: 'hub-error', message: 'HubException: no' });
  });

  it('settles after the events that came before its outcome', async () => {
    const { start, calls, dispatch, settled } = setUp();
    void start();
    await calls[0]?.answer(ok(3, 5));
    await dispatch(4);
    expect(settled).toEqual([]);
    await dispatch(5);
    expect(settled).toEqual([3]);
  });

  it('settles at once when those events were dispatched already', async () => {
    const { start, calls, dispatch, settled } = setUp();
    await dispatch(9);
    void start();
    await calls[0]?.answer(ok(3, 9));
    expect(settled).toEqual([3]);
  });

  it('says what is wrong when an argument cannot be sent', async () => {
    const { pending, stay, owner } = setUp();
    const api = {
      invoke: () => {
        throw new DOMException('function could not be cloned', 'DataCloneError');
      },
    } as unknown as Stay['api'];
    await expect(pending.start(owner, 'invoke', HUB, 'Add', [], { ...stay, api })).rejects.toMatchObject({
      code: 'option-invalid',
      wire: { option: 'args' },
    });
  });

  it('rejects with what breaks off', async () => {
    const { start, calls } = setUp();
    const result = start();
    await calls[0]?.breakOff(new Error('Proxy has been released'));
    await expect(result).rejects.toThrow('Proxy has been released');
  });
});

describe('a worker that does not take a call', () => {
  it('has 10 s, and one turn more for a page that was frozen meanwhile', async () => {
    const { start, settled } = setUp();
    void start();
    await vi.advanceTimersByTimeAsync(CALL_ACCEPT_MS);
    expect(settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(CALL_ACCEPT_MS / 10);
    expect(settled).toMatchObject([{ code: 'call-timed-out', wire: { method: 'Add', afterMs: CALL_ACCEPT_MS } }]);
    expect(settled[0]).toBeInstanceOf(CallTimedOutError);
  });

  it('has all the time it likes once it has taken it', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.accepted(calls[0]!.call.callId);
    await vi.advanceTimersByTimeAsync(10 * CALL_ACCEPT_MS);
    expect(settled).toEqual([]);
    await calls[0]?.answer(ok(3));
    expect(settled).toEqual([3]);
  });

  it('may take it in the turn after', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    await vi.advanceTimersByTimeAsync(CALL_ACCEPT_MS);
    pending.accepted(calls[0]!.call.callId);
    await vi.advanceTimersByTimeAsync(CALL_ACCEPT_MS);
    expect(settled).toEqual([]);
    await calls[0]?.answer(ok(3));
  });

  it('is forgotten with a late answer', async () => {
    const { start, calls, settled } = setUp();
    void start();
    await vi.advanceTimersByTimeAsync(2 * CALL_ACCEPT_MS);
    await calls[0]?.answer(ok(3));
    expect(settled).toHaveLength(1);
  });
});

it('ignores that a call is accepted which it does not know', () => {
  const { pending } = setUp();
  expect(() => pending.accepted('unknown')).not.toThrow();
});

describe('when the worker dies', () => {
  it('a call that it had accepted is of unknown outcome', async () => {
    const { start, pending, calls } = setUp();
    const result = start();
    pending.accepted(calls[0]!.call.callId);
    pending.workerLost();
    await expect(result).rejects.toBeInstanceOf(OutcomeUnknownError);
    await expect(result).rejects.toMatchObject({ code: 'outcome-unknown', wire: { method: 'Add' } });
  });

  it('a call that it never accepted goes to the next one, under the same id', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.workerLost();
    const next = fakeStay();
    pending.resend(next.stay);
    expect(next.calls[0]?.call).toEqual(calls[0]?.call);
    await next.calls[0]?.answer(ok(3));
    expect(settled).toEqual([3]);
  });

  it('a call that it never accepted has no limit until the next one is there, and then the whole', async () => {
    const { start, pending, settled } = setUp();
    void start();
    pending.workerLost();
    await vi.advanceTimersByTimeAsync(10 * CALL_ACCEPT_MS);
    expect(settled).toEqual([]);
    pending.resend(fakeStay().stay);
    await vi.advanceTimersByTimeAsync(CALL_ACCEPT_MS);
    expect(settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(CALL_ACCEPT_MS / 10);
    expect(settled).toMatchObject([{ code: 'call-timed-out' }]);
  });

  it('an accepted call is not sent again', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.accepted(calls[0]!.call.callId);
    pending.workerLost();
    const next = fakeStay();
    pending.resend(next.stay);
    await settle();
    expect(next.calls).toEqual([]);
    expect(settled).toHaveLength(1);
  });

  it('an answer that is known already is given, though its events can no longer come', async () => {
    const { start, pending, calls, stay } = setUp();
    const result = start();
    pending.accepted(calls[0]!.call.callId);
    await calls[0]?.answer(ok(3, 5));
    // What a client does when it notices the death.
    stay.events.close();
    pending.workerLost();
    await expect(result).resolves.toBe(3);
  });

  it('a call that was made while there was no worker goes to the next one', async () => {
    const { start, pending, settled } = setUp();
    void start('Add', null);
    const next = fakeStay();
    pending.resend(next.stay);
    await next.calls[0]?.answer(ok(3));
    expect(settled).toEqual([3]);
  });

  it('a call that the next one was given already is not given to it twice', async () => {
    const { start, pending, settled } = setUp();
    const next = fakeStay();
    // The app calls in its own handler of the reconnect, before the waiting calls go out.
    void start('Log', next.stay);
    pending.resend(next.stay);
    expect(next.calls).toHaveLength(1);
    for (const call of next.calls) await call.answer(ok('written'));
    expect(settled).toEqual(['written']);
  });

  it('a late answer of the old worker settles nothing twice', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.workerLost();
    const next = fakeStay();
    pending.resend(next.stay);
    await next.calls[0]?.answer(ok('new'));
    await calls[0]?.answer(ok('old'));
    expect(settled).toEqual(['new']);
  });
});

describe('the last word of a worker that died', () => {
  it('makes a call that it had accepted after all one of unknown outcome', async () => {
    const { start, pending, calls } = setUp();
    const result = start();
    pending.workerLost();
    pending.acceptedByDead(calls[0]!.call.callId);
    await expect(result).rejects.toBeInstanceOf(OutcomeUnknownError);
    await expect(result).rejects.toMatchObject({ code: 'outcome-unknown', wire: { method: 'Add' } });
  });

  it('keeps that call from the next worker', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.workerLost();
    pending.acceptedByDead(calls[0]!.call.callId);
    const next = fakeStay();
    pending.resend(next.stay);
    await settle();
    expect(next.calls).toEqual([]);
    expect(settled).toHaveLength(1);
  });

  it('comes too late for a call that the next worker was given', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.workerLost();
    const next = fakeStay();
    pending.resend(next.stay);
    pending.acceptedByDead(calls[0]!.call.callId);
    await settle();
    expect(settled).toEqual([]);
    await next.calls[0]?.answer(ok(3));
    expect(settled).toEqual([3]);
  });

  it('about a call that is unknown is ignored', () => {
    const { pending } = setUp();
    expect(() => pending.acceptedByDead('unknown')).not.toThrow();
  });
});

describe('rejectAll', () => {
  const stopped = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});

  it('ends every call', async () => {
    const { start, pending, settled } = setUp();
    void start();
    void start();
    pending.rejectAll(stopped);
    await settle();
    expect(settled).toMatchObject([{ code: 'stopped' }, { code: 'stopped' }]);
    expect(settled[0]).toBeInstanceOf(HubshareError);
  });

  it('ends the calls of one owner only', async () => {
    const { start, pending, calls, settled, owner, stay } = setUp();
    void start('Mine');
    void start('Theirs', stay, {});
    pending.rejectAll(stopped, owner);
    await settle();
    expect(settled).toHaveLength(1);
    await calls[1]?.answer(ok('theirs'));
    expect(settled[1]).toBe('theirs');
  });

  it('is not undone by a late answer', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.rejectAll(stopped);
    await calls[0]?.answer(ok(3));
    expect(settled).toHaveLength(1);
  });
});
