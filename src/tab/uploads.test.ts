import { Subject } from '@microsoft/signalr';
import type { Remote } from 'comlink';
import { describe, expect, it, vi } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import type { CoordinatorApi, Reply, UploadPiece } from '../contract/rpc.js';
import type { Stay } from './tab-client.js';
import { startUploads, type StreamSource } from './uploads.js';

const CALL = { hub: 'https://h.test/hubs/ops', callId: 'id-1' };
const DONE: Reply<void> = { ok: true, value: undefined };

/** A worker that takes a piece when the test says so. */
function setUp(sources: readonly StreamSource[], form: (item: unknown) => unknown = (item) => item) {
  const pieces: UploadPiece[] = [];
  const waiting: ((reply: Reply<void>) => void)[] = [];
  const api = {
    upload: (piece: UploadPiece) => {
      pieces.push(piece);
      return new Promise<Reply<void>>((resolve) => waiting.push(resolve));
    },
  } as unknown as Remote<CoordinatorApi>;
  const stay = { api } as unknown as Stay;
  const onOver = vi.fn();
  const uploads = startUploads(CALL, sources, form, onOver);
  const take = (reply: Reply<void> = DONE): Promise<void> => (waiting.shift()?.(reply), quiet());
  return { pieces, waiting, stay, onOver, uploads, take };
}

const observers = (subject: Subject<unknown>): number =>
  (subject as unknown as { observers: unknown[] }).observers.length;
const piece = (items: unknown[], end: UploadPiece['end'] = null, stream = 0): UploadPiece => ({
  ...CALL,
  stream,
  items,
  end,
});

describe('items', () => {
  it('are kept until the worker has taken the call, and go in one piece', async () => {
    const subject = new Subject<number>();
    const { pieces, uploads, stay, take } = setUp([subject]);
    subject.next(1);
    subject.next(2);
    await quiet();
    expect(pieces).toEqual([]);
    expect(uploads.hasBegun).toBe(false);
    uploads.begin(stay);
    expect(pieces).toEqual([piece([1, 2])]);
    expect(uploads.hasBegun).toBe(true);
    await take();
    expect(pieces).toHaveLength(1);
  });

  it('that come while a piece is on its way go together in the next', async () => {
    const subject = new Subject<number>();
    const { pieces, uploads, stay, take } = setUp([subject]);
    uploads.begin(stay);
    for (const item of [1, 2, 3]) subject.next(item);
    await quiet();
    expect(pieces).toEqual([piece([1])]);
    await take();
    expect(pieces).toEqual([piece([1]), piece([2, 3])]);
    subject.next(4);
    subject.complete();
    await take();
    expect(pieces.at(-1)).toEqual(piece([4], { error: null }));
  });

  it('of several streams keep their streams apart, and each stream its order', async () => {
    const [a, b] = [new Subject<number>(), new Subject<string>()];
    const { pieces, uploads, stay, take } = setUp([a, b]);
    a.next(1);
    b.next('x');
    a.next(2);
    b.complete();
    uploads.begin(stay);
    await take();
    await take();
    expect(pieces).toEqual([piece([1, 2], null, 0), piece(['x'], { error: null }, 1)]);
  });

  it('are brought into the form of the hub when they come', () => {
    const subject = new Subject<{ n: number }>();
    const { pieces, uploads, stay } = setUp([subject], (item) => ({ ...(item as object) }));
    const item = { n: 1 };
    subject.next(item);
    item.n = 2;
    uploads.begin(stay);
    expect(pieces).toEqual([piece([{ n: 1 }])]);
  });

  it('that cannot be sent end their stream with the reason', async () => {
    const subject = new Subject<number>();
    const { pieces, uploads, stay, take, onOver } = setUp([subject], (item) => {
      if (item === 2) throw new Error('cannot be written');
      return item;
    });
    for (const item of [1, 2, 3]) subject.next(item);
    uploads.begin(stay);
    expect(pieces).toEqual([piece([1], { error: 'cannot be written' })]);
    await take();
    expect(onOver).toHaveBeenCalledTimes(1);
    expect(observers(subject)).toBe(0);
  });
});

describe('the end of a stream', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('no more'), 'no more'],
    ['a text', 'gone', 'gone'],
    ['a number', 5, '5'],
    ['nothing', undefined, 'Unknown error'],
    ['an empty text', '', ''],
  ])('by %s is put into SignalR’s words', (_, error, expected) => {
    const subject = new Subject<number>();
    const { pieces, uploads, stay } = setUp([subject]);
    uploads.begin(stay);
    subject.error(error);
    expect(pieces).toEqual([piece([], { error: expected === '' ? 'Unknown error' : expected })]);
  });

  it('that comes at once, inside subscribe, is sent when the call was taken', () => {
    const source: StreamSource = {
      subscribe(observer) {
        observer.next(1);
        observer.complete();
        return undefined;
      },
    };
    const { pieces, uploads, stay, onOver } = setUp([source]);
    expect(onOver).not.toHaveBeenCalled();
    uploads.begin(stay);
    expect(pieces).toEqual([piece([1], { error: null })]);
  });

  it('leaves no subscription, and what comes after it goes nowhere', async () => {
    const subject = new Subject<number>();
    const { pieces, uploads, stay, take, onOver } = setUp([subject]);
    uploads.begin(stay);
    subject.complete();
    subject.next(1);
    await take();
    expect(pieces).toEqual([piece([], { error: null })]);
    expect(observers(subject)).toBe(0);
    expect(onOver).toHaveBeenCalledTimes(1);
  });

  it('does not keep another observer of the app’s from its own', () => {
    const subject = new Subject<number>();
    setUp([subject]);
    const complete = vi.fn();
    subject.subscribe({ next: vi.fn(), error: vi.fn(), complete });
    subject.complete();
    expect(complete).toHaveBeenCalledTimes(1);
  });

  it('is that of a source which cannot be subscribed to', () => {
    const source: StreamSource = {
      subscribe: () => {
        throw new Error('closed');
      },
    };
    const { pieces, uploads, stay } = setUp([source]);
    uploads.begin(stay);
    expect(pieces).toEqual([piece([], { error: 'closed' })]);
  });
});

describe('a call that is over', () => {
  it('lets go of its streams, and sends no more', async () => {
    const subjects = [new Subject<number>(), new Subject<number>()];
    const { pieces, uploads, stay, onOver, take } = setUp(subjects);
    uploads.begin(stay);
    subjects[0]?.next(1);
    subjects[1]?.next(2);
    uploads.end();
    uploads.end();
    await take();
    expect(pieces).toEqual([piece([1])]);
    expect(subjects.map(observers)).toEqual([0, 0]);
    expect(onOver).toHaveBeenCalledTimes(1);
  });

  it('is over when the worker says so', async () => {
    const subject = new Subject<number>();
    const { pieces, uploads, stay, onOver, take } = setUp([subject]);
    uploads.begin(stay);
    subject.next(1);
    subject.next(2);
    await take({ ok: false, error: { code: 'not-connected', message: 'gone' } });
    expect(pieces).toHaveLength(1);
    expect(observers(subject)).toBe(0);
    expect(onOver).toHaveBeenCalledTimes(1);
  });

  it('tells the hub why, for each stream that had not ended', async () => {
    const subjects = [new Subject<number>(), new Subject<number>()];
    const { pieces, uploads, stay, take } = setUp(subjects);
    uploads.begin(stay);
    subjects[0]?.complete();
    await take();
    uploads.end('stopped');
    expect(pieces).toEqual([piece([], { error: null }), piece([], { error: 'stopped' }, 1)]);
  });

  it('tells the hub nothing that was never told of the call', () => {
    const { pieces, uploads } = setUp([new Subject<number>()]);
    uploads.end('stopped');
    expect(pieces).toEqual([]);
  });

  it('ends the subscription of a stream that is no Subject', async () => {
    const unsubscribe = vi.fn();
    const { uploads } = setUp([{ subscribe: () => ({ unsubscribe }) }]);
    uploads.end();
    await quiet();
    expect(unsubscribe).toHaveBeenCalledTimes(1);
  });
});
