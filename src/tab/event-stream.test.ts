import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionStatus } from '../contract/connection.js';
import { wireError } from '../contract/errors.js';
import type { Entry, HubStatus, WorkerFrame } from '../contract/frames.js';
import { readEvents, type EntrySink } from './event-stream.js';

const OPS = 'https://h.test/hubs/ops';
const CHAT = 'https://h.test/hubs/chat';

const status: HubStatus = {
  phase: 'live',
  snapshot: {
    connectionId: 'c-1',
    activeHubs: [OPS],
    lastConnected: 1,
    reconnectAttempts: 0,
    status: ConnectionStatus.CONNECTED,
    primaryTabId: 'a',
    subscribedTabs: ['a'],
  },
  connectionId: 'c-1',
  error: null,
  retryAtMs: null,
  transport: 'WebSockets',
  lastReconnect: null,
  authenticationRequired: false,
};

function setUp() {
  const seen: string[] = [];
  const posted: unknown[] = [];
  const close = vi.fn();
  const port = {
    onmessage: null as ((event: { data: WorkerFrame }) => void) | null,
    postMessage: (data: unknown) => posted.push(data),
    close,
  };
  const sinks = new Map<string, EntrySink>();
  const openings: string[] = [];
  const sinkFor = (hub: string): EntrySink => ({
    onOpening: (opening) => openings.push(`${hub} ${opening}`),
    onEvent: (method, args, topics) =>
      seen.push(`${hub} ${method} ${JSON.stringify(args)}${topics === undefined ? '' : ` of ${topics.join(' ')}`}`),
    onRetained: (topic, key, args, atMs) =>
      seen.push(`${hub} retained ${topic},${key} ${JSON.stringify(args)} ${atMs}`),
    onRefused: (topic, key, error) => seen.push(`${hub} refused ${topic},${key} ${error.code}`),
    onStatus: ({ phase }) => seen.push(`${hub} status ${phase}`),
    onGap: (dropped) => seen.push(`${hub} gap ${dropped}`),
    onItem: (callId, item) => seen.push(`${hub} item of ${callId} ${JSON.stringify(item)}`),
    onStreamEnd: (callId, error) => seen.push(`${hub} end of ${callId} ${error?.code ?? 'complete'}`),
    onLog: (level, text) => seen.push(`${hub} log ${level} ${text}`),
  });
  for (const hub of [OPS, CHAT]) sinks.set(hub, sinkFor(hub));
  const onAccepted = vi.fn();
  const onWake = vi.fn();
  const stream = readEvents(port as unknown as MessagePort, { sinkOf: (hub) => sinks.get(hub), onAccepted, onWake });
  const deliver = (last: number, ...entries: Entry[]): void =>
    port.onmessage?.({ data: { kind: 'batch', last, wantsAck: true, text: JSON.stringify(entries) } });
  const frame = (data: WorkerFrame): void => port.onmessage?.({ data });
  return { seen, openings, posted, close, port, sinks, onAccepted, onWake, stream, deliver, frame };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('tells a hub of each opening in its place', () => {
  const { deliver, openings } = setUp();
  deliver(3, [0, 1, OPS, 1, 4], [0, 2, CHAT, 1, 5], [0, 1, OPS, 1, 6]);
  expect(openings).toEqual([`${OPS} 4`, `${CHAT} 5`, `${OPS} 6`]);
});

describe('a batch', () => {
  it('is dispatched in order, each entry to its hub', () => {
    const { deliver, seen } = setUp();
    deliver(
      6,
      [0, 1, OPS, 1, 1],
      [1, 1, 'metric', [1]],
      [0, 2, CHAT, 1, 1],
      [2, 2, status],
      [3, 1, 7],
      [1, 1, 'metric', [9]],
    );
    expect(seen).toEqual([`${OPS} metric [1]`, `${CHAT} status live`, `${OPS} gap 7`, `${OPS} metric [9]`]);
  });

  it('gives items of streams and lines of the log their place among the events', () => {
    const { deliver, seen } = setUp();
    deliver(4, [0, 1, OPS, 1, 1], [4, 1, 'id-1', { n: 1 }], [1, 1, 'metric', []], [5, 1, 2, 'a line']);
    expect(seen).toEqual([`${OPS} item of id-1 {"n":1}`, `${OPS} metric []`, `${OPS} log 2 a line`]);
  });

  it('gives topics their place too', () => {
    const { deliver, seen } = setUp();
    const error = wireError('topic-refused', 'No.', { topic: 'metric', key: 'disk' });
    deliver(
      4,
      [0, 1, OPS, 1, 1],
      [7, 1, 'metric', 'cpu', [1], 1_000],
      [
        1,
        1,
        'metric',
        [2],
        [
          ['metric', 'cpu'],
          ['host', 'a'],
        ],
      ],
      [8, 1, 'metric', 'disk', error],
    );
    expect(seen).toEqual([
      `${OPS} retained metric,cpu [1] 1000`,
      `${OPS} metric [2] of metric,cpu host,a`,
      `${OPS} refused metric,disk topic-refused`,
    ]);
  });

  it('of values is read like one of text, and acknowledged', () => {
    const { frame, seen, posted, sinks } = setUp();
    const items: unknown[] = [];
    sinks.set(OPS, { ...sinks.get(OPS)!, onItem: (_, item) => items.push(item) });
    const bytes = new Uint8Array([1, 2]);
    frame({
      kind: 'values',
      last: 3,
      wantsAck: true,
      entries: [[0, 1, OPS, 1, 1], [1, 1, 'metric', [1]], '[1,1,"metric",[2]]', [4, 1, 'id-1', bytes]],
    });
    expect(seen).toEqual([`${OPS} metric [1]`, `${OPS} metric [2]`]);
    expect(items).toEqual([bytes]);
    expect(posted).toEqual([{ kind: 'ack', last: 3 }]);
  });

  it('is acknowledged after it was dispatched, once', () => {
    const { deliver, posted, seen, sinks } = setUp();
    const sink = sinks.get(OPS)!;
    sinks.set(OPS, { ...sink, onEvent: () => expect(posted).toEqual([]) });
    deliver(2, [0, 1, OPS, 1, 1], [1, 1, 'metric', [1]]);
    expect(posted).toEqual([{ kind: 'ack', last: 2 }]);
    expect(seen).toEqual([]);
  });

  it('is read and not acknowledged when the worker does not ask for it', () => {
    const { frame, posted, seen } = setUp();
    frame({
      kind: 'batch',
      last: 2,
      text: JSON.stringify([
        [0, 1, OPS, 1, 1],
        [1, 1, 'metric', [1]],
      ]),
    });
    expect(seen).toEqual([`${OPS} metric [1]`]);
    expect(posted).toEqual([]);
  });

  it('may name a hub that this tab no longer uses', () => {
    const { deliver, posted, sinks, seen } = setUp();
    sinks.clear();
    deliver(2, [0, 1, OPS, 1, 1], [1, 1, 'metric', [1]]);
    expect(seen).toEqual([]);
    expect(posted).toHaveLength(1);
  });

  it('remembers a hub’s name from one batch to the next', () => {
    const { deliver, seen } = setUp();
    deliver(1, [0, 1, OPS, 1, 1]);
    deliver(2, [1, 1, 'metric', [1]]);
    expect(seen).toEqual([`${OPS} metric [1]`]);
  });

  it('is acknowledged also when it cannot be dispatched, so that the worker does not wait for ever', () => {
    const { frame, posted } = setUp();
    expect(() => frame({ kind: 'batch', last: 4, wantsAck: true, text: 'no JSON' })).toThrow(SyntaxError);
    expect(posted).toEqual([{ kind: 'ack', last: 4 }]);
  });
});

it('passes on which calls are accepted, and acknowledges nothing for that', () => {
  const { frame, onAccepted, posted } = setUp();
  frame({ kind: 'accepted', callId: 'id-1' });
  expect(onAccepted).toHaveBeenCalledWith('id-1');
  expect(posted).toEqual([]);
});

describe('reached', () => {
  it('waits for nothing when there is nothing to wait for', () => {
    const { deliver, stream } = setUp();
    expect(stream.reached(0)).toBeUndefined();
    deliver(3, [0, 1, OPS, 1, 1]);
    expect(stream.reached(3)).toBeUndefined();
    expect(stream.reached(4)).toBeInstanceOf(Promise);
  });

  it('resolves when the entry was dispatched, not one before', async () => {
    const { deliver, stream, seen } = setUp();
    void stream.reached(4)?.then(() => seen.push('reached'));
    deliver(3, [0, 1, OPS, 1, 1]);
    await settle();
    expect(seen).toEqual([]);
    deliver(4, [1, 1, 'metric', [1]]);
    await settle();
    expect(seen).toEqual([`${OPS} metric [1]`, 'reached']);
  });

  it('resolves all that are due, and no others', async () => {
    const { deliver, stream, seen } = setUp();
    for (const number of [5, 2, 4, 6]) void stream.reached(number)?.then(() => seen.push(`${number}`));
    deliver(5, [0, 1, OPS, 1, 1]);
    await settle();
    expect(seen.sort()).toEqual(['2', '4', '5']);
  });

  it('resolves when the stream ends, for nothing more can come', async () => {
    const { stream, seen } = setUp();
    void stream.reached(9)?.then(() => seen.push('reached'));
    stream.close();
    await settle();
    expect(seen).toEqual(['reached']);
  });
});

it('closes its port, and hears nothing any more', () => {
  const { stream, close, port } = setUp();
  stream.close();
  expect(close).toHaveBeenCalledTimes(1);
  expect(port.onmessage).toBeNull();
});

it('tells when the tab is needed', () => {
  const { frame, onWake, posted } = setUp();
  frame({ kind: 'wake' });
  expect(onWake).toHaveBeenCalledTimes(1);
  expect(posted).toEqual([]);
});

describe('what is held back', () => {
  it('is dispatched and acknowledged in order when it is released, and what comes later at once', () => {
    const { stream, deliver, seen, posted } = setUp();
    stream.hold();
    deliver(2, [0, 1, OPS, 1, 1], [1, 1, 'metric', [1]]);
    deliver(3, [1, 1, 'metric', [2]]);
    expect([seen, posted]).toEqual([[], []]);
    stream.release();
    deliver(4, [1, 1, 'metric', [3]]);
    expect(seen).toEqual([1, 2, 3].map((n) => `${OPS} metric [${n}]`));
    expect(posted).toEqual([2, 3, 4].map((last) => ({ kind: 'ack', last })));
  });

  it('is not lost when it is held twice', () => {
    const { stream, deliver, seen } = setUp();
    stream.hold();
    deliver(2, [0, 1, OPS, 1, 1], [1, 1, 'metric', [1]]);
    stream.hold();
    stream.release();
    expect(seen).toEqual([`${OPS} metric [1]`]);
  });

  it('keeps neither the word of an accepted call waiting nor that the tab is needed', () => {
    const { stream, frame, onAccepted, onWake } = setUp();
    stream.hold();
    frame({ kind: 'accepted', callId: 'id-1' });
    frame({ kind: 'wake' });
    expect(onAccepted).toHaveBeenCalledWith('id-1');
    expect(onWake).toHaveBeenCalledTimes(1);
  });

  it('is for nobody when the worker has died: only that one knew whether its user is still signed in', async () => {
    const { stream, deliver, seen, posted } = setUp();
    stream.hold();
    deliver(2, [0, 1, OPS, 1, 1], [1, 1, 'metric', [1]]);
    const turn = stream.reached(2);
    stream.drain(vi.fn(), 0);
    expect([seen, posted]).toEqual([[], []]);
    expect(await turn).toBe(false);
  });

  it('lets no outcome pass before it, not even one whose turn has come', async () => {
    const { stream, deliver, seen } = setUp();
    deliver(1, [0, 1, OPS, 1, 1]);
    stream.hold();
    void stream.reached(1)?.then((reached) => seen.push(`reached ${reached}`));
    await settle();
    expect(seen).toEqual([]);
    stream.release();
    await settle();
    expect(seen).toEqual(['reached true']);
  });

  it('is dropped when the worker is left', () => {
    const { stream, deliver, seen, posted } = setUp();
    stream.hold();
    deliver(2, [0, 1, OPS, 1, 1], [1, 1, 'metric', [1]]);
    stream.close();
    stream.release();
    expect([seen, posted]).toEqual([[], []]);
  });
});

describe('drain', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('still hears which calls were accepted, as late words', () => {
    const { stream, frame, onAccepted } = setUp();
    const onLate = vi.fn();
    stream.drain(onLate, 100);
    frame({ kind: 'accepted', callId: 'id-1' });
    expect(onLate.mock.calls).toEqual([['id-1']]);
    expect(onAccepted).not.toHaveBeenCalled();
  });

  it('neither dispatches nor acknowledges a batch', () => {
    const { stream, deliver, seen, posted } = setUp();
    deliver(1, [0, 1, OPS, 1, 1]);
    stream.drain(vi.fn(), 100);
    deliver(2, [1, 1, 'metric', [1]]);
    expect(seen).toEqual([]);
    expect(posted).toEqual([{ kind: 'ack', last: 1 }]);
  });

  it('closes the port after the time, and not 1 ms before', () => {
    const { stream, close, port } = setUp();
    stream.drain(vi.fn(), 100);
    vi.advanceTimersByTime(99);
    expect(close).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(close).toHaveBeenCalledTimes(1);
    expect(port.onmessage).toBeNull();
  });

  it('lets go of what waited for an event, for none can come', async () => {
    const { stream, seen } = setUp();
    void stream.reached(9)?.then(() => seen.push('reached'));
    stream.drain(vi.fn(), 100);
    await settle();
    expect(seen).toEqual(['reached']);
  });
});

it('gives each entry with the attachment that it is of', () => {
  const attachments: number[] = [];
  const port = { onmessage: null as ((event: { data: unknown }) => void) | null, postMessage: vi.fn(), close: vi.fn() };
  readEvents(port as unknown as MessagePort, {
    sinkOf: (_hub, attachment) => void attachments.push(attachment),
    onAccepted: vi.fn(),
    onWake: vi.fn(),
  });
  const entries = [
    [0, 1, OPS, 1, 1],
    [1, 1, 'metric', []],
    [0, 1, OPS, 2, 2],
    [1, 1, 'metric', []],
  ];
  port.onmessage?.({ data: { kind: 'batch', last: 4, text: JSON.stringify(entries) } });
  // Each name of the hub is given too.
  expect(attachments).toEqual([1, 1, 2, 2]);
});
