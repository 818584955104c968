import { describe, expect, it } from 'vitest';
import type { UploadPiece } from '../../src/contract/rpc.js';
import { PartTab } from '../testing/fake-tab.js';
import { createUploads } from './uploads.js';
import type { UploadSource } from './hub-socket.js';

const HUB = 'https://h.test/hubs/ops';
const call = (uploads: number, callId = 'id-1') => ({ hub: HUB, callId, method: 'Sum', args: [], uploads });
const piece = (stream: number, items: unknown[], end: UploadPiece['end'] = null, callId = 'id-1'): UploadPiece => ({
  hub: HUB,
  callId,
  stream,
  items,
  end,
});

/** What an observer was told: items, `done`, `error: …`. */
function watch(source: UploadSource | undefined): { told: unknown[]; dispose: () => void } {
  const told: unknown[] = [];
  if (source === undefined) throw new Error('There is no such stream.');
  const { dispose } = source.subscribe({
    next: (item) => told.push(item),
    // As SignalR writes it into the completion.
    error: (error) => told.push(`error: ${error instanceof Error ? error.message : String(error)}`),
    complete: () => told.push('done'),
  });
  return { told, dispose };
}

function setUp(count: number) {
  const uploads = createUploads();
  const a = new PartTab('a');
  const sources = uploads.open(a.tab, call(count)) ?? [];
  return { uploads, a, sources };
}

it('a call without streams has no sources', () => {
  expect(createUploads().open(new PartTab('a').tab, call(0))).toBeUndefined();
});

it('each source tells its own items, in order, and its end', () => {
  const { uploads, a, sources } = setUp(2);
  const [first, second] = sources.map(watch);
  uploads.feed(a.tab, piece(0, [1, 2]));
  uploads.feed(a.tab, piece(1, ['x'], { error: 'broken' }));
  uploads.feed(a.tab, piece(0, [3], { error: null }));
  expect(first?.told).toEqual([1, 2, 3, 'done']);
  expect(second?.told).toEqual(['x', 'error: broken']);
});

it('an error without words stays one without words', () => {
  const { uploads, a, sources } = setUp(1);
  const { told } = watch(sources[0]);
  uploads.feed(a.tab, piece(0, [], { error: '' }));
  expect(told).toEqual(['error: ']);
});

it('keeps what comes before the connection subscribes', () => {
  const { uploads, a, sources } = setUp(1);
  uploads.feed(a.tab, piece(0, [1], { error: null }));
  expect(watch(sources[0]).told).toEqual([1, 'done']);
});

it('tells nothing to a connection that has let go', () => {
  const { uploads, a, sources } = setUp(1);
  const { told, dispose } = watch(sources[0]);
  dispose();
  uploads.feed(a.tab, piece(0, [1], { error: null }));
  expect(told).toEqual([]);
});

describe('a piece', () => {
  it.each([
    ['of a stream that the call does not have', 1],
    ['of a stream that has ended', 0],
  ])('%s is refused', (_, stream) => {
    const { uploads, a, sources } = setUp(1);
    const { told } = watch(sources[0]);
    uploads.feed(a.tab, piece(0, [], { error: null }));
    expect(() => uploads.feed(a.tab, piece(stream, [1]))).toThrow(
      expect.objectContaining({ code: 'message-invalid' }) as Error,
    );
    expect(told).toEqual(['done']);
  });

  it('of a call that is over, or of another tab, is ignored', () => {
    const { uploads, a, sources } = setUp(1);
    const { told } = watch(sources[0]);
    uploads.feed(new PartTab('b').tab, piece(0, [1]));
    uploads.forget(a.tab, 'id-1');
    uploads.feed(a.tab, piece(0, [2]));
    expect(told).toEqual([]);
  });
});

describe('a tab that lets the hub go', () => {
  it('ends what is open with an error, once, and leaves what has ended as it is', () => {
    const { uploads, a, sources } = setUp(2);
    const [first, second] = sources.map(watch);
    uploads.feed(a.tab, piece(0, [1], { error: null }));
    uploads.drop(a.tab);
    uploads.drop(a.tab);
    uploads.feed(a.tab, piece(1, [2]));
    expect(first?.told).toEqual([1, 'done']);
    expect(second?.told).toEqual(['error: The tab that sent this stream has gone.']);
  });

  it('ends the streams of no other tab', () => {
    const { uploads, a } = setUp(1);
    const b = new PartTab('b');
    const { told } = watch(uploads.open(b.tab, call(1))?.[0]);
    uploads.drop(a.tab);
    uploads.feed(b.tab, piece(0, [1]));
    expect(told).toEqual([1]);
  });

  it('also ends those that outlived their call', () => {
    const { uploads, a, sources } = setUp(1);
    const { told } = watch(sources[0]);
    uploads.outlive(a.tab, 'id-1');
    uploads.drop(a.tab);
    expect(told).toEqual(['error: The tab that sent this stream has gone.']);
  });
});

it('a connection that has ended is told nothing, and every call is forgotten', () => {
  const { uploads, a, sources } = setUp(1);
  const { told } = watch(sources[0]);
  uploads.clear();
  uploads.feed(a.tab, piece(0, [1]));
  uploads.drop(a.tab);
  expect(told).toEqual([]);
});

it('a call whose streams have all ended before it was over is forgotten when it is', () => {
  const { uploads, a, sources } = setUp(1);
  watch(sources[0]);
  uploads.feed(a.tab, piece(0, [], { error: null }));
  uploads.outlive(a.tab, 'id-1');
  expect(() => uploads.feed(a.tab, piece(0, [1]))).not.toThrow();
});
