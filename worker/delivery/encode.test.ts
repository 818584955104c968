import { expect, it } from 'vitest';
import { ConnectionStatus } from '../../src/contract/connection.js';
import type { HubStatus } from '../../src/contract/frames.js';
import { encodeEvent, encodeHub, encodeStatus } from './encode.js';

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
});
