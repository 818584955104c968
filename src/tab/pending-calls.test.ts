import { Subject } from '@microsoft/signalr';
import type { Remote } from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CallTimedOutError,
  HubCallError,
  HubshareError,
  isHubshareError,
  OutcomeUnknownError,
  wireError,
} from '../contract/errors.js';
import type { CallOutcome, CoordinatorApi, HubCall, UploadPiece } from '../contract/rpc.js';
import { CALL_ACCEPT_MS } from '../contract/timing.js';
import { createPendingCalls, type CallKind, type OutgoingCall } from './pending-calls.js';
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
    readonly kind: CallKind;
    readonly call: HubCall;
    answer(outcome: CallOutcome): Promise<void>;
    breakOff(error: Error): Promise<void>;
  }[] = [];
  const take = (kind: CallKind) => (call: HubCall) =>
    new Promise<CallOutcome>((resolve, reject) => {
      calls.push({
        kind,
        call,
        answer: (outcome) => (resolve(outcome), settle()),
        breakOff: (error) => (reject(error), settle()),
      });
    });
  const cancelled: string[] = [];
  const cancelStream = (_hub: string, callId: string): Promise<unknown> => {
    cancelled.push(callId);
    return Promise.resolve({ ok: true });
  };
  const pieces: UploadPiece[] = [];
  const upload = (piece: UploadPiece): Promise<unknown> => {
    pieces.push(piece);
    return Promise.resolve({ ok: true });
  };
  let dispatched = 0;
  let waiting: { readonly number: number; readonly resolve: () => void }[] = [];
  const endWaiting = (): void => {
    for (const { resolve } of waiting) resolve();
    waiting = [];
  };
  const stay = {
    welcome: { bootId: 'boot-1', workerLock: 'lock', contractVersion: 1 },
    api: {
      invoke: take('invoke'),
      send: take('send'),
      stream: take('stream'),
      cancelStream,
      upload,
    } as unknown as Remote<CoordinatorApi>,
    events: {
      reached: (number: number) =>
        number <= dispatched
          ? undefined
          : new Promise<boolean>((resolve) => waiting.push({ number, resolve: () => resolve(true) })),
      hold: () => undefined,
      release: () => undefined,
      drain: endWaiting,
      close: endWaiting,
    },
    over: new AbortController().signal,
    isAway: () => false,
  } satisfies Stay;
  const dispatch = (number: number): Promise<void> => {
    dispatched = number;
    for (const { resolve } of waiting.filter((other) => other.number <= number)) resolve();
    return settle();
  };
  return { stay, calls, cancelled, pieces, dispatch };
}

function outgoing(more: Partial<OutgoingCall> = {}): OutgoingCall {
  return { kind: 'invoke', method: 'Add', args: [1, 2], streams: [], form: (item) => item, ...more };
}

function setUp() {
  const worker = fakeStay();
  const pending = createPendingCalls();
  const owner = {};
  const settled: unknown[] = [];
  const start = (method = 'Add', stay: Stay | null = worker.stay, by: object = owner): Promise<unknown> => {
    const result = pending.start(by, HUB, outgoing({ method }), stay).outcome;
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
    await expect(pending.start(owner, HUB, outgoing(), { ...stay, api }).outcome).rejects.toMatchObject({
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

  it('is not undone by a late answer', async () => {
    const { start, pending, calls, settled } = setUp();
    void start();
    pending.rejectAll(stopped);
    await calls[0]?.answer(ok(3));
    expect(settled).toHaveLength(1);
  });
});

describe('withdraw', () => {
  const stopped = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});

  it('ends the calls of one owner only', async () => {
    const { start, pending, calls, settled, owner, stay } = setUp();
    void start('Mine');
    void start('Theirs', stay, {});
    pending.withdraw(owner)(stopped);
    await settle();
    expect(settled).toMatchObject([{ code: 'stopped' }]);
    await calls[1]?.answer(ok('theirs'));
    expect(settled[1]).toBe('theirs');
  });

  it('lets outcomes count that were on their way, and no calls of a later start be ended', async () => {
    const { start, pending, calls, settled, owner } = setUp();
    void start();
    void start();
    const endAll = pending.withdraw(owner);
    void start();
    await calls[0]?.answer(ok(7));
    expect(settled).toEqual([7]);
    endAll(stopped);
    await settle();
    expect(settled).toMatchObject([7, { code: 'stopped' }]);
    await calls[2]?.answer(ok(8));
    expect(settled[2]).toBe(8);
  });

  it('gives a stopped call the stop’s own code, whatever the worker makes of it', async () => {
    const { start, pending, calls, settled, owner } = setUp();
    void start();
    const endAll = pending.withdraw(owner);
    await calls[0]?.answer({
      after: 0,
      reply: { ok: false, error: wireError('connection-lost', stopped.message, {}) },
    });
    expect(settled).toEqual([]);
    endAll(stopped);
    await settle();
    expect(settled).toMatchObject([{ code: 'stopped' }]);
  });
});

describe('a stream', () => {
  const stopped = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});

  function setUpStream() {
    const worker = setUp();
    const items: unknown[] = [];
    const ends: unknown[] = [];
    const call = worker.pending.start(
      worker.owner,
      HUB,
      outgoing({
        kind: 'stream',
        method: 'Counter',
        onItem: (item) => items.push(item),
        onEnd: (error) => ends.push(isHubshareError(error) ? error.code : (error ?? 'complete')),
      }),
      worker.stay,
    );
    const { callId } = worker.calls[0]!.call;
    return { ...worker, call, callId, items, ends };
  }

  it('goes out as such, and gives its items until its end', async () => {
    const { calls, callId, pending, items, ends } = setUpStream();
    expect(calls[0]?.kind).toBe('stream');
    pending.accepted(callId);
    pending.item(callId, 1);
    pending.item(callId, 2);
    await calls[0]?.answer(ok(undefined));
    pending.item(callId, 3);
    expect(items).toEqual([1, 2]);
    expect(ends).toEqual(['complete']);
  });

  it('ends where its end stands among the entries, and once', async () => {
    const { calls, callId, pending, ends } = setUpStream();
    pending.accepted(callId);
    pending.ended(callId, wireError('connection-lost', 'gone', {}));
    expect(ends).toEqual(['connection-lost']);
    pending.ended(callId, null);
    await calls[0]?.answer(ok(undefined));
    expect(ends).toEqual(['connection-lost']);
  });

  it('that cannot be called tells its end only after start has returned', async () => {
    const { pending, owner, stay } = setUp();
    const api = {
      stream: () => {
        throw new DOMException('no clone', 'DataCloneError');
      },
    } as unknown as Remote<CoordinatorApi>;
    const ends: unknown[] = [];
    const onEnd = (error: Error | null): number => ends.push(error);
    pending.start(owner, HUB, outgoing({ kind: 'stream', onEnd }), { ...stay, api });
    expect(ends).toEqual([]);
    await settle();
    expect(ends).toMatchObject([{ code: 'option-invalid' }]);
  });

  it('ends after the items that came before its end', async () => {
    const { calls, callId, pending, dispatch, items, ends } = setUpStream();
    pending.accepted(callId);
    await calls[0]?.answer(ok(undefined, 4));
    pending.item(callId, 1);
    expect(ends).toEqual([]);
    await dispatch(4);
    expect(items).toEqual([1]);
    expect(ends).toEqual(['complete']);
  });

  it('that is cancelled is cancelled at the worker, and tells nothing more', async () => {
    const { calls, call, callId, pending, cancelled, items, ends } = setUpStream();
    pending.accepted(callId);
    call.cancel();
    call.cancel();
    expect(cancelled).toEqual([callId]);
    pending.item(callId, 1);
    await calls[0]?.answer(ok(undefined));
    expect(items).toEqual([]);
    expect(ends).toEqual([]);
  });

  it('that is cancelled before the worker has taken it is cancelled all the same', () => {
    const { call, callId, cancelled } = setUpStream();
    call.cancel();
    expect(cancelled).toEqual([callId]);
  });

  it('that is cancelled after its end is not', async () => {
    const { calls, call, cancelled } = setUpStream();
    await calls[0]?.answer(ok(undefined));
    call.cancel();
    expect(cancelled).toEqual([]);
  });

  it('that is cancelled after its worker died is not sent to the next one', async () => {
    const { call, pending, cancelled, ends } = setUpStream();
    pending.workerLost();
    call.cancel();
    const next = fakeStay();
    pending.resend(next.stay);
    await settle();
    expect(next.calls).toEqual([]);
    expect([...cancelled, ...next.cancelled, ...ends]).toEqual([]);
  });

  it('that the dead worker never took goes to the next one, whole', async () => {
    const { callId, pending, items, ends } = setUpStream();
    pending.workerLost();
    const next = fakeStay();
    pending.resend(next.stay);
    expect(next.calls[0]?.call.callId).toBe(callId);
    pending.item(callId, 1);
    await next.calls[0]?.answer(ok(undefined));
    expect(items).toEqual([1]);
    expect(ends).toEqual(['complete']);
  });

  it('that the dead worker had taken is of unknown outcome', async () => {
    const { callId, pending, ends } = setUpStream();
    pending.accepted(callId);
    pending.workerLost();
    await settle();
    expect(ends).toEqual(['outcome-unknown']);
  });

  it('whose last items were lost with the worker does not seem complete', async () => {
    const { calls, callId, pending, stay, ends } = setUpStream();
    pending.accepted(callId);
    await calls[0]?.answer(ok(undefined, 5));
    // What a client does when it notices the death.
    stay.events.close();
    pending.workerLost();
    await settle();
    expect(ends).toEqual(['outcome-unknown']);
  });

  it('ends with SignalR’s words at a stop, and the hub is told', async () => {
    const { calls, callId, pending, owner, cancelled, items, ends } = setUpStream();
    pending.accepted(callId);
    const endAll = pending.withdraw(owner);
    expect(cancelled).toEqual([callId]);
    // What the worker makes of the cancel.
    pending.item(callId, 1);
    pending.ended(callId, null);
    await calls[0]?.answer(ok(undefined));
    expect([...items, ...ends]).toEqual([]);
    endAll(stopped);
    expect(ends).toEqual(['stopped']);
  });

  it('that the worker does not take in time is cancelled, in case it takes it later', async () => {
    const { callId, cancelled, ends } = setUpStream();
    await vi.advanceTimersByTimeAsync(2 * CALL_ACCEPT_MS);
    expect(ends).toEqual(['call-timed-out']);
    expect(cancelled).toEqual([callId]);
  });
});

describe('streams among the arguments', () => {
  const stopped = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});
  const observers = (subject: Subject<number>): number =>
    (subject as unknown as { observers: unknown[] }).observers.length;

  function setUpUpload(kind: CallKind, stay?: null) {
    const worker = setUp();
    const subject = new Subject<number>();
    const wanted = outgoing({ kind, method: 'Sum', args: [], streams: [subject] });
    const call = worker.pending.start(worker.owner, HUB, wanted, stay === null ? null : worker.stay);
    call.outcome.catch(() => undefined);
    return { ...worker, subject, call };
  }

  it('are counted in the call, and their items follow when it was taken', () => {
    const { calls, pending, pieces, subject } = setUpUpload('invoke');
    const { call } = calls[0]!;
    expect(call).toMatchObject({ args: [], uploads: 1 });
    subject.next(1);
    expect(pieces).toEqual([]);
    pending.accepted(call.callId);
    expect(pieces).toEqual([{ hub: HUB, callId: call.callId, stream: 0, items: [1], end: null }]);
    pending.rejectAll(stopped);
  });

  it('are let go of when the call is over', async () => {
    const { calls, pending, pieces, subject, call } = setUpUpload('invoke');
    pending.accepted(calls[0]!.call.callId);
    await calls[0]?.answer(ok(0));
    await call.outcome;
    await settle();
    subject.next(1);
    expect(pieces).toEqual([]);
    expect(observers(subject)).toBe(0);
  });

  it('that have ended behind a piece in flight are sent to their end at a stop', async () => {
    const { calls, pending, pieces, subject, owner } = setUpUpload('send');
    pending.accepted(calls[0]!.call.callId);
    subject.next(1);
    subject.next(2);
    subject.complete();
    pending.withdraw(owner)(stopped);
    expect(pieces).toMatchObject([
      { items: [1], end: null },
      { items: [2], end: { error: null } },
    ]);
    await settle();
  });

  it('of a call that was not accepted yet end at a stop all the same', () => {
    const { pending, pieces, subject, owner } = setUpUpload('invoke');
    subject.next(1);
    pending.withdraw(owner)(stopped);
    expect(pieces).toMatchObject([{ items: [1], end: { error: stopped.message } }]);
  });

  it('of a stream that is cancelled go on to their end', async () => {
    const { calls, pending, pieces, subject, call } = setUpUpload('stream');
    pending.accepted(calls[0]!.call.callId);
    call.cancel();
    subject.next(1);
    await settle();
    subject.complete();
    await settle();
    expect(pieces).toMatchObject([
      { items: [1], end: null },
      { items: [], end: { error: null } },
    ]);
    expect(observers(subject)).toBe(0);
  });

  it('of a send go on after it', async () => {
    const { calls, pieces, subject, call } = setUpUpload('send');
    // The news that it was accepted comes on another port, and here later.
    await calls[0]?.answer(ok(undefined));
    await call.outcome;
    subject.next(1);
    expect(pieces).toMatchObject([{ items: [1], end: null }]);
    await settle();
    subject.complete();
    expect(pieces[1]).toMatchObject({ items: [], end: { error: null } });
    await settle();
    expect(observers(subject)).toBe(0);
  });

  it('of a send that failed do not', async () => {
    const { calls, pieces, subject } = setUpUpload('send');
    await calls[0]?.answer({ after: 0, reply: { ok: false, error: wireError('not-connected', 'gone', {}) } });
    subject.next(1);
    await settle();
    expect(pieces).toEqual([]);
    expect(observers(subject)).toBe(0);
  });

  it('go whole to the next worker with a call that was never taken', () => {
    const { pending, subject } = setUpUpload('invoke');
    subject.next(1);
    pending.workerLost();
    subject.next(2);
    const next = fakeStay();
    pending.resend(next.stay);
    pending.accepted(next.calls[0]!.call.callId);
    expect(next.calls[0]?.call.uploads).toBe(1);
    expect(next.pieces).toMatchObject([{ items: [1, 2] }]);
    pending.rejectAll(stopped);
  });

  it.each(['invoke', 'send'] as const)('end with the worker that had taken the call (%s)', async (kind) => {
    const { calls, pending, subject } = setUpUpload(kind);
    pending.accepted(calls[0]!.call.callId);
    if (kind === 'send') await calls[0]?.answer(ok(undefined));
    pending.workerLost();
    await settle();
    expect(observers(subject)).toBe(0);
  });

  it.each(['invoke', 'send'] as const)('end at a stop, and the hub is told (%s)', async (kind) => {
    const { calls, pending, pieces, owner, subject } = setUpUpload(kind);
    pending.accepted(calls[0]!.call.callId);
    if (kind === 'send') await calls[0]?.answer(ok(undefined));
    pending.withdraw({})(stopped);
    expect(pieces).toEqual([]);
    pending.withdraw(owner)(stopped);
    await settle();
    expect(pieces).toMatchObject([{ end: { error: stopped.message } }]);
    expect(observers(subject)).toBe(0);
  });

  it('are not subscribed to when the call cannot go out at all', () => {
    const { pending, stay, owner } = setUp();
    const subject = new Subject<number>();
    const api = {
      invoke: () => {
        throw new Error('closed');
      },
    } as unknown as Stay['api'];
    pending.start(owner, HUB, outgoing({ streams: [subject] }), { ...stay, api }).outcome.catch(() => undefined);
    expect(observers(subject)).toBe(0);
  });
});
