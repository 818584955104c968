import { expect, it } from 'vitest';
import { ConnectionStatus } from '../../src/contract/connection.js';
import type { HubStatus } from '../../src/contract/frames.js';
import { encodeEvent, encodeHub, encodeItem, encodeLog, encoderFor, encodeStatus } from './encode.js';

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
};

it('writes entries as the contract has them', () => {
  expect(encodeHub(2, 'https://h.test/ops')).toEqual({ kind: 'hub', hub: 2, text: '[0,2,"https://h.test/ops"]' });
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

it('keeps values for a hub that speaks MessagePack, with bytes that are free of their frame', () => {
  const encoder = encoderFor('values');
  const frame = new Uint8Array(1_000);
  const at = new Date(5);
  expect(encoder.event(2, 'metric', [frame.subarray(0, 3), at])).toEqual({
    kind: 'event',
    hub: 2,
    entry: [1, 2, 'metric', [new Uint8Array(3), at]],
    size: expect.any(Number) as number,
  });
  const item = encoder.item(2, 'id-1', frame.subarray(0, 3));
  expect(item).toMatchObject({ kind: 'item', hub: 2, entry: [4, 2, 'id-1', new Uint8Array(3)] });
  const bytes = item.text === undefined && (item.entry[3] as Uint8Array);
  expect(bytes && bytes.buffer.byteLength).toBe(3);
});
