import { describe, expect, it } from 'vitest';
import type { HubCall } from '../../src/contract/rpc.js';
import { encodeEvent, encoderFor, type Format } from '../delivery/encode.js';
import type { OutboxLimits } from '../delivery/outbox.js';
import type { HubStream } from '../testing/fake-hub.js';
import { PartTab } from '../testing/fake-tab.js';
import { liveHub } from '../testing/linked-hub.js';
import { createCallRuns } from './call-runs.js';
import { createStreams } from './streams.js';
import { createUploads } from './uploads.js';

const HUB = 'https://h.test/hubs/ops';
const call = (callId: string, method = 'Counter', uploads = 0): HubCall => ({
  hub: HUB,
  callId,
  method,
  args: [3, 0],
  uploads,
});

async function setUp({ format = 'text', limits = {} }: { format?: Format; limits?: Partial<OutboxLimits> } = {}) {
  const { clock, hub, link } = await liveHub(HUB);
  const counters = { calls: 0, callsFailed: 0 };
  const uploads = createUploads();
  const runs = createCallRuns({ link, uploads, counters, onChange: () => undefined });
  const streams = createStreams({ link, runs, encoder: encoderFor(format), hub: 1, url: HUB });
  const [a, b] = ['a', 'b'].map((id) => new PartTab(id, { limits })) as [PartTab, PartTab];
  const streamAt = (at: number): HubStream => {
    const stream = hub.streams[at];
    if (stream === undefined) throw new Error(`The hub has seen no stream number ${at}.`);
    return stream;
  };
  return { clock, hub, link, streams, uploads, counters, a, b, streamAt };
}

describe('a stream', () => {
  it('brings its items to the caller only, then its end', async () => {
    const { streams, hub, streamAt, a, b, counters } = await setUp();
    const outcome = streams.stream(a.tab, call('id-1'));
    expect(a.accepted).toEqual(['id-1']);
    expect(hub.streams).toMatchObject([{ method: 'Counter', args: [3, 0] }]);
    await streamAt(0).emit(0, 1, 2);
    await streamAt(0).complete();
    // The name of the hub is an entry too, and so is the end.
    await expect(outcome).resolves.toEqual({ after: 5, reply: { ok: true, value: undefined } });
    expect(a.items('id-1')).toEqual([0, 1, 2]);
    expect(a.told.at(-1)).toEqual({ kind: 'end', hub: HUB, callId: 'id-1', error: null });
    expect(b.frames).toEqual([]);
    expect(counters).toEqual({ calls: 1, callsFailed: 0 });
  });

  it('ends before what comes later in the same task', async () => {
    const { streams, streamAt, a } = await setUp();
    const outcome = streams.stream(a.tab, call('id-1'));
    void streamAt(0).emit(0);
    void streamAt(0).complete();
    a.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    expect((await outcome).after).toBe(3);
    expect(a.tab.outbox.lastNumber).toBe(4);
  });

  it('keeps its items in their place among the events', async () => {
    const { clock, streams, streamAt, a } = await setUp();
    void streams.stream(a.tab, call('id-1'));
    await streamAt(0).emit('first');
    a.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    await streamAt(0).emit('second');
    await clock.settle();
    expect(a.told.map((told) => (told.kind === 'item' ? told.item : told.kind))).toEqual(['first', 'event', 'second']);
  });

  it('that was called for twice under one id is one stream', async () => {
    const { streams, hub, streamAt, a } = await setUp();
    const first = streams.stream(a.tab, call('id-1'));
    const second = streams.stream(a.tab, call('id-1'));
    await streamAt(0).emit(0);
    await streamAt(0).complete();
    expect(await first).toEqual(await second);
    expect(hub.streams).toHaveLength(1);
    expect(a.items('id-1')).toEqual([0]);
    expect(a.accepted).toEqual(['id-1']);
  });

  it('of another tab under the same id is another stream', async () => {
    const { streams, streamAt, a, b } = await setUp();
    void streams.stream(a.tab, call('id-1'));
    void streams.stream(b.tab, call('id-1'));
    streams.cancel(a.tab, 'id-1');
    await streamAt(1).emit('for b');
    expect([a.items('id-1'), b.items('id-1')]).toEqual([[], ['for b']]);
    expect([streamAt(0).cancelled, streamAt(1).cancelled]).toEqual([true, false]);
  });

  it('of a hub that speaks MessagePack brings its items as they are', async () => {
    const { streams, streamAt, a } = await setUp({ format: 'values' });
    void streams.stream(a.tab, call('id-1'));
    await streamAt(0).emit(new Uint8Array([1, 2]));
    expect(a.items('id-1')).toEqual([new Uint8Array([1, 2])]);
    expect(a.frames.at(-1)?.kind).toBe('values');
  });

  it('sends streams of the tab with it, until it ends', async () => {
    const { streams, uploads, hub, streamAt, a } = await setUp();
    const outcome = streams.stream(a.tab, call('id-1', 'Double', 1));
    uploads.feed(a.tab, { hub: HUB, callId: 'id-1', stream: 0, items: [4], end: null });
    expect(hub.uploads).toMatchObject([{ method: 'Double', items: [4] }]);
    await streamAt(0).complete();
    await outcome;
    uploads.feed(a.tab, { hub: HUB, callId: 'id-1', stream: 0, items: [5], end: null });
    expect(hub.uploads[0]?.items).toEqual([4]);
  });
});

describe('a stream that fails', () => {
  it('keeps the hub’s message, after the items that came', async () => {
    const { streams, streamAt, a, counters } = await setUp();
    const outcome = streams.stream(a.tab, call('id-1'));
    await streamAt(0).emit(0, 1);
    await streamAt(0).fail('HubException: no');
    await expect(outcome).resolves.toEqual({
      after: 4,
      reply: { ok: false, error: { code: 'hub-error', message: 'HubException: no', method: 'Counter' } },
    });
    expect(counters).toEqual({ calls: 1, callsFailed: 1 });
  });

  it('because the connection was lost says so in SignalR’s words', async () => {
    const { streams, hub, a } = await setUp();
    const outcome = streams.stream(a.tab, call('id-1'));
    await hub.cut(new Error('WebSocket closed with status code: 1006 (no reason given).'));
    expect((await outcome).reply).toMatchObject({
      ok: false,
      error: { code: 'connection-lost', message: 'WebSocket closed with status code: 1006 (no reason given).' },
    });
  });

  it('because there is no connection was never accepted', async () => {
    const { streams, hub, a } = await setUp();
    await hub.cut();
    await expect(streams.stream(a.tab, call('id-1'))).resolves.toMatchObject({
      reply: { ok: false, error: { code: 'not-connected' } },
    });
    expect(a.accepted).toEqual([]);
    expect(hub.streams).toEqual([]);
  });
});

describe('cancel', () => {
  it('tells the hub, brings no more items, and ends with undefined', async () => {
    const { streams, streamAt, a, counters } = await setUp();
    const outcome = streams.stream(a.tab, call('id-1'));
    await streamAt(0).emit(0);
    streams.cancel(a.tab, 'id-1');
    expect(streamAt(0).cancelled).toBe(true);
    await streamAt(0).emit(1);
    await expect(outcome).resolves.toEqual({ after: 2, reply: { ok: true, value: undefined } });
    expect(a.items('id-1')).toEqual([0]);
    expect(counters.callsFailed).toBe(0);
  });

  it('of a stream that has ended, or never was, is no error and tells the hub nothing', async () => {
    const { streams, streamAt, a } = await setUp();
    const outcome = streams.stream(a.tab, call('id-1'));
    await streamAt(0).complete();
    await outcome;
    streams.cancel(a.tab, 'id-1');
    streams.cancel(a.tab, 'id-2');
    expect(streamAt(0).cancelled).toBe(false);
  });

  it('frees the id for another stream', async () => {
    const { streams, hub, streamAt, a } = await setUp();
    const first = streams.stream(a.tab, call('id-1'));
    streams.cancel(a.tab, 'id-1');
    await first;
    void streams.stream(a.tab, call('id-1'));
    expect(hub.streams).toHaveLength(2);
    expect(streamAt(1).open).toBe(true);
  });
});

describe('a tab that lets the hub go', () => {
  it('has all its streams cancelled on the hub, and no other tab has', async () => {
    const { streams, hub, streamAt, a, b } = await setUp();
    const outcomes = ['id-1', 'id-2'].map((id) => streams.stream(a.tab, call(id)));
    void streams.stream(b.tab, call('id-3'));
    streams.drop(a.tab);
    expect(hub.streams.map(({ cancelled }) => cancelled)).toEqual([true, true, false]);
    for (const outcome of outcomes) {
      expect((await outcome).reply).toMatchObject({
        ok: false,
        error: {
          code: 'connection-lost',
          message: 'Invocation canceled due to the underlying connection being closed.',
        },
      });
    }
    await streamAt(2).emit('for b');
    expect(b.items('id-3')).toEqual(['for b']);
  });
});

describe('a tab that does not read', () => {
  it('is given what waits, then an end with a code; the hub is told to stop', async () => {
    const { clock, streams, streamAt, a } = await setUp({ limits: { maxStreamItems: 3 } });
    a.tab.outbox.setParked(true);
    const outcome = streams.stream(a.tab, call('id-1'));
    await streamAt(0).emit(0, 1, 2);
    expect(streamAt(0).cancelled).toBe(false);
    await streamAt(0).emit(3, 4);
    expect(streamAt(0).cancelled).toBe(true);
    const { after, reply } = await outcome;
    expect(reply).toMatchObject({ ok: false, error: { code: 'stream-overrun', method: 'Counter' } });
    a.tab.outbox.setParked(false);
    await clock.settle();
    expect(a.items('id-1')).toEqual([0, 1, 2]);
    expect(a.batches.at(-1)?.last).toBe(after);
  });

  it('ends only the stream that overran: another one goes on when there is room again', async () => {
    const { clock, streams, streamAt, a } = await setUp({ limits: { maxStreamItems: 2 } });
    a.tab.outbox.setParked(true);
    void streams.stream(a.tab, call('id-1'));
    void streams.stream(a.tab, call('id-2'));
    await streamAt(1).emit('kept');
    await streamAt(0).emit(0, 1);
    expect([streamAt(0).cancelled, streamAt(1).cancelled]).toEqual([true, false]);
    a.tab.outbox.setParked(false);
    await clock.settle();
    await streamAt(1).emit('more');
    expect(a.items('id-2')).toEqual(['kept', 'more']);
  });
});
