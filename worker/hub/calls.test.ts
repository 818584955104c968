import { HttpError } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import { encodeEvent } from '../delivery/encode.js';
import type { HubCall, UploadPiece } from '../../src/contract/rpc.js';
import { PartTab } from '../testing/fake-tab.js';
import { liveHub } from '../testing/linked-hub.js';
import { createCallRuns } from './call-runs.js';
import { createCalls } from './calls.js';
import { createUploads } from './uploads.js';

const HUB = 'https://h.test/hubs/ops';
const call = (callId: string, method = 'Add', uploads = 0): HubCall => ({
  hub: HUB,
  callId,
  method,
  args: [1, 2],
  uploads,
});

async function setUp() {
  const { clock, hub, link } = await liveHub(HUB);
  const counters = { calls: 0, callsFailed: 0 };
  const onChange = vi.fn();
  const uploads = createUploads();
  const calls = createCalls({ link, runs: createCallRuns({ link, uploads, counters, onChange }) });
  return { clock, hub, link, calls, uploads, counters, onChange, a: new PartTab('a'), b: new PartTab('b') };
}

describe('a call', () => {
  it('brings its result to the caller only', async () => {
    const { calls, hub, a, b } = await setUp();
    const outcome = calls.invoke(a.tab, call('id-1'));
    await hub.invocations[0]?.answer(3);
    await expect(outcome).resolves.toEqual({ after: 0, reply: { ok: true, value: 3 } });
    expect(hub.invocations).toMatchObject([{ method: 'Add', args: [1, 2] }]);
    expect(b.frames).toEqual([]);
  });

  it('is accepted before the hub sees it', async () => {
    const { calls, hub, a } = await setUp();
    const seen: string[] = [];
    const accept = vi.spyOn(a.tab, 'accept').mockImplementation(() => seen.push('accepted'));
    const push = vi.spyOn(hub.invocations, 'push').mockImplementation(() => seen.push('seen by the hub'));
    void calls.invoke(a.tab, call('id-1'));
    await vi.waitUntil(() => seen.length === 2);
    expect(seen).toEqual(['accepted', 'seen by the hub']);
    expect(accept).toHaveBeenCalledWith('id-1');
    push.mockRestore();
  });

  it('twice under one id is one call with one outcome', async () => {
    const { calls, hub, a, counters } = await setUp();
    const first = calls.invoke(a.tab, call('id-1'));
    const second = calls.invoke(a.tab, call('id-1'));
    await hub.invocations[0]?.answer('once');
    expect(await first).toEqual(await second);
    expect(hub.invocations).toHaveLength(1);
    expect(a.accepted).toEqual(['id-1']);
    expect(counters).toEqual({ calls: 1, callsFailed: 0 });
  });

  it('of another tab under the same id is another call', async () => {
    const { calls, hub, a, b } = await setUp();
    const first = calls.invoke(a.tab, call('id-1'));
    const second = calls.invoke(b.tab, call('id-1'));
    await hub.invocations[0]?.answer('for a');
    await hub.invocations[1]?.answer('for b');
    expect([(await first).reply, (await second).reply]).toEqual([
      { ok: true, value: 'for a' },
      { ok: true, value: 'for b' },
    ]);
  });

  it('belongs after the newest entry that this tab was or will be given', async () => {
    const { calls, hub, a } = await setUp();
    const outcome = calls.invoke(a.tab, call('id-1'));
    a.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    a.tab.deliver(encodeEvent(1, 'metric', [2]), HUB);
    await hub.invocations[0]?.answer(3);
    const { after } = await outcome;
    // The name of the hub is an entry too.
    expect(after).toBe(3);
    expect(a.batches.at(-1)?.last).toBe(3);
  });
});

describe('a call that fails', () => {
  it('keeps the hub’s message', async () => {
    const { calls, hub, a, counters } = await setUp();
    const message = "An unexpected error occurred invoking 'Fail' on the server. HubException: no";
    const outcome = calls.invoke(a.tab, call('id-1', 'Fail'));
    await hub.invocations[0]?.fail(message);
    expect((await outcome).reply).toEqual({ ok: false, error: { code: 'hub-error', message, method: 'Fail' } });
    expect(counters).toEqual({ calls: 1, callsFailed: 1 });
  });

  it('because the connection was lost is no error of the hub method', async () => {
    const { calls, hub, a } = await setUp();
    const outcome = calls.invoke(a.tab, call('id-1'));
    await hub.cut(new Error('WebSocket closed with status code: 1006 (no reason given).'));
    expect((await outcome).reply).toMatchObject({
      ok: false,
      error: { code: 'connection-lost', message: 'WebSocket closed with status code: 1006 (no reason given).' },
    });
  });

  it('because the hub was closed on purpose says so in SignalR’s words', async () => {
    const { calls, link, a } = await setUp();
    const outcome = calls.invoke(a.tab, call('id-1'));
    await link.close();
    expect((await outcome).reply).toMatchObject({
      error: { code: 'connection-lost', message: 'Invocation canceled due to the underlying connection being closed.' },
    });
  });

  it('because the connection was replaced meanwhile is no error of the hub method', async () => {
    const { calls, link, hub, clock, a } = await setUp();
    hub.hangsOnStop = true;
    const outcome = calls.invoke(a.tab, call('id-1'));
    link.reconnect();
    await hub.finishStop();
    await clock.settle();
    expect((await outcome).reply).toMatchObject({ error: { code: 'connection-lost' } });
  });
});

describe('a call that fails while the connection is up', () => {
  it.each([
    ['a request that met no network', new TypeError('Failed to fetch')],
    ['a request that was answered with a status', new HttpError('Bad Gateway', 502)],
  ])('failed on its way, not in the hub: %s', async (_, error) => {
    const { calls, hub, a, link } = await setUp();
    vi.spyOn(hub.socket, 'invoke').mockRejectedValue(error);
    vi.spyOn(hub.socket, 'send').mockRejectedValue(error);
    const failed = { ok: false, error: { code: 'call-failed', message: error.message, method: 'Add' } };
    expect((await calls.invoke(a.tab, call('id-1'))).reply).toEqual(failed);
    expect((await calls.send(a.tab, call('id-2'))).reply).toEqual(failed);
    expect(link.state.kind).toBe('live');
  });

  it('with a plain Error was failed by the hub', async () => {
    const { calls, hub, a } = await setUp();
    vi.spyOn(hub.socket, 'invoke').mockRejectedValue(new Error('HubException: no'));
    expect((await calls.invoke(a.tab, call('id-1'))).reply).toEqual({
      ok: false,
      error: { code: 'hub-error', message: 'HubException: no', method: 'Add' },
    });
  });
});

describe('a call while there is no connection', () => {
  it.each(['invoke', 'send'] as const)('fails at once and is never accepted (%s)', async (kind) => {
    const { calls, hub, a } = await setUp();
    await hub.cut();
    await expect(calls[kind](a.tab, call('id-1'))).resolves.toMatchObject({
      reply: { ok: false, error: { code: 'not-connected' } },
    });
    expect(a.accepted).toEqual([]);
    expect(hub.invocations).toEqual([]);
  });

  it('may be made again under the same id when there is one', async () => {
    const { calls, hub, clock, a } = await setUp();
    await hub.cut();
    await calls.invoke(a.tab, call('id-1'));
    await clock.advanceBy(1_000);
    await hub.accept();
    const outcome = calls.invoke(a.tab, call('id-1'));
    await clock.settle();
    await hub.invocations[0]?.answer(3);
    expect((await outcome).reply).toEqual({ ok: true, value: 3 });
    expect(a.accepted).toEqual(['id-1']);
  });
});

describe('send', () => {
  it('settles when it is written, without a result', async () => {
    const { calls, hub, a, onChange } = await setUp();
    await expect(calls.send(a.tab, call('id-1', 'Log'))).resolves.toEqual({
      after: 0,
      reply: { ok: true, value: undefined },
    });
    expect(hub.sent).toEqual([{ method: 'Log', args: [1, 2] }]);
    expect(a.accepted).toEqual(['id-1']);
    expect(onChange).toHaveBeenCalled();
  });
});

describe('streams that go with a call', () => {
  const piece = (callId: string, stream: number, items: unknown[], end: UploadPiece['end'] = null): UploadPiece => ({
    hub: HUB,
    callId,
    stream,
    items,
    end,
  });

  it('reach the hub in their order, each with its own items and end', async () => {
    const { calls, uploads, hub, a } = await setUp();
    const outcome = calls.invoke(a.tab, call('id-1', 'SumTwo', 2));
    expect(a.accepted).toEqual(['id-1']);
    uploads.feed(a.tab, piece('id-1', 0, [1, 2]));
    uploads.feed(a.tab, piece('id-1', 1, ['x'], { error: null }));
    uploads.feed(a.tab, piece('id-1', 0, [3], { error: 'broken' }));
    expect(hub.uploads).toMatchObject([
      { method: 'SumTwo', items: [1, 2, 3], end: { error: 'broken' } },
      { method: 'SumTwo', items: ['x'], end: { error: null } },
    ]);
    await hub.invocations[0]?.answer([6, 0]);
    expect((await outcome).reply).toEqual({ ok: true, value: [6, 0] });
  });

  it('are forgotten with the outcome of an invoke: what comes later is ignored', async () => {
    const { calls, uploads, hub, a } = await setUp();
    const outcome = calls.invoke(a.tab, call('id-1', 'Sum', 1));
    await hub.invocations[0]?.answer(0);
    await outcome;
    expect(() => uploads.feed(a.tab, piece('id-1', 0, [1]))).not.toThrow();
    expect(hub.uploads[0]?.items).toEqual([]);
  });

  it('are forgotten when the hub method fails', async () => {
    const { calls, uploads, hub, a } = await setUp();
    const outcome = calls.invoke(a.tab, call('id-1', 'Sum', 1));
    await hub.invocations[0]?.fail('no');
    await outcome;
    uploads.feed(a.tab, piece('id-1', 0, [1]));
    expect(hub.uploads[0]?.items).toEqual([]);
  });

  it('go on after a send was written, until each has ended', async () => {
    const { calls, uploads, hub, a } = await setUp();
    await calls.send(a.tab, call('id-1', 'Swallow', 2));
    uploads.feed(a.tab, piece('id-1', 0, [1], { error: null }));
    uploads.feed(a.tab, piece('id-1', 1, [2]));
    expect(hub.uploads.map(({ items }) => items)).toEqual([[1], [2]]);
    // One still runs, so a piece for the other is still known to be wrong.
    expect(() => uploads.feed(a.tab, piece('id-1', 0, [9]))).toThrow();
    uploads.feed(a.tab, piece('id-1', 1, [], { error: null }));
    expect(hub.streamsOpen).toBe(0);
    uploads.feed(a.tab, piece('id-1', 1, [9]));
    expect(hub.uploads[1]?.items).toEqual([2]);
  });

  it('are forgotten when a send fails', async () => {
    const { calls, uploads, hub, a } = await setUp();
    await hub.cut();
    await calls.send(a.tab, call('id-1', 'Swallow', 1));
    // A stream that is still known would refuse a piece of number 5.
    expect(() => uploads.feed(a.tab, piece('id-1', 5, [1]))).not.toThrow();
  });
});
