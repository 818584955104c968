import { describe, expect, it } from 'vitest';
import { ConnectionStatus } from '../../src/contract/connection.js';
import type { HubStatus } from '../../src/contract/frames.js';
import { encodeEvent, encodeHub, encodeItem, encodeLog, encodeRetained, encoderFor, encodeStatus } from './encode.js';
import { keepRawText } from './raw-text.js';

const status: HubStatus = {
  phase: 'live',
  snapshot: {
    connectionId: 'c-1',
    activeHubs: [],
    lastConnected: 5,
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

it('writes entries as the contract has them', () => {
  expect(encodeHub(2, 'https://h.test/ops', 3, 4)).toEqual({
    kind: 'hub',
    hub: 2,
    text: '[0,2,"https://h.test/ops",3,4]',
  });
  expect(encodeEvent(2, 'metric', [{ a: 1 }, null])).toEqual({
    kind: 'event',
    hub: 2,
    text: '[1,2,"metric",[{"a":1},null]]',
  });
  expect(encodeStatus(2, status)).toMatchObject({ kind: 'status', hub: 2 });
  expect(JSON.parse(encodeStatus(2, status).text)).toEqual([2, 2, status]);
  expect(encodeItem(2, 'id-1', { a: 1 })).toEqual({ kind: 'item', hub: 2, text: '[4,2,"id-1",{"a":1}]' });
  expect(encodeLog(2, 3, 'a line')).toEqual({ kind: 'log', hub: 2, text: '[5,2,3,"a line"]' });
});

it('writes text for a hub that speaks JSON', () => {
  const encoder = encoderFor('text');
  expect(encoder.event(2, 'metric', [1])).toEqual(encodeEvent(2, 'metric', [1]));
  expect(encoder.item(2, 'id-1', 1)).toEqual(encodeItem(2, 'id-1', 1));
});

it('goes on with the text that a payload came in as', () => {
  const args = [{ a: 1 }, -0, Infinity];
  keepRawText(args, '[{"a":1.0},-0,1e400]');
  expect(encodeEvent(2, 'metric', args).text).toBe('[1,2,"metric",[{"a":1.0},-0,1e400]]');
  expect(encodeEvent(2, 'metric', args, [['metric', 'cpu']]).text).toBe(
    '[1,2,"metric",[{"a":1.0},-0,1e400],[["metric","cpu"]]]',
  );
  expect(encodeRetained(2, 'metric', 'cpu', args, 5).text).toBe('[7,2,"metric","cpu",[{"a":1.0},-0,1e400],5]');
  const item = { a: 1 };
  keepRawText(item, '{"a":1.0}');
  expect(encodeItem(2, 'id-1', item).text).toBe('[4,2,"id-1",{"a":1.0}]');
});

it('writes names so that nothing in them ends the text', () => {
  const name = 'a"],\n\u2028\\';
  expect(JSON.parse(encodeEvent(2, name, [1]).text)).toEqual([1, 2, name, [1]]);
  expect(JSON.parse(encodeItem(2, name, 1).text)).toEqual([4, 2, name, 1]);
  expect(JSON.parse(encodeRetained(2, name, name, [], 5).text)).toEqual([7, 2, name, name, [], 5]);
  expect(encodeItem(2, 'id-1', undefined).text).toBe('[4,2,"id-1",null]');
});

describe('of a hub that speaks MessagePack', () => {
  const encoder = encoderFor('values');

  it('what JSON can hold is text', () => {
    expect(encoder.event(2, 'metric', [{ a: [1.5, 'x', null, true] }])).toEqual(
      encodeEvent(2, 'metric', [{ a: [1.5, 'x', null, true] }]),
    );
    expect(encoder.item(2, 'id-1', 5)).toEqual(encodeItem(2, 'id-1', 5));
    expect(encoder.retained(2, 'metric', 'cpu', [1], 5)).toEqual(encodeRetained(2, 'metric', 'cpu', [1], 5));
  });

  it('what JSON cannot hold stays a value, with bytes that are free of their frame', () => {
    const frame = new Uint8Array(1_000);
    const at = new Date(5);
    const size = expect.any(Number) as number;
    const args = (): unknown[] => [frame.subarray(0, 3), at];
    const own = [new Uint8Array(3), at];
    expect(encoder.event(2, 'metric', args())).toEqual({ kind: 'event', hub: 2, entry: [1, 2, 'metric', own], size });
    expect(encoder.event(2, 'metric', args(), [['metric', 'cpu']])).toMatchObject({
      entry: [1, 2, 'metric', own, [['metric', 'cpu']]],
    });
    expect(encoder.retained(2, 'metric', 'cpu', args(), 5)).toMatchObject({ entry: [7, 2, 'metric', 'cpu', own, 5] });
    const item = encoder.item(2, 'id-1', frame.subarray(0, 3));
    expect(item).toMatchObject({ kind: 'item', hub: 2, entry: [4, 2, 'id-1', new Uint8Array(3)] });
    const bytes = item.text === undefined && (item.entry[3] as Uint8Array);
    expect(bytes && bytes.buffer.byteLength).toBe(3);
  });

  it('what is nested deeper than can be written stays a value', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(encoder.item(2, 'id-1', deep).text).toBeUndefined();
  });
});
