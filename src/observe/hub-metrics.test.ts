import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FakeHub } from '../../worker/testing/fake-hub.js';
import { FakePage } from '../../worker/testing/fake-page.js';
import { quiet, until } from '../../worker/testing/settle.js';
import { SharedHubConnectionBuilder } from '../connection/builder.js';
import type { SharedHubConnection } from '../connection/shared-hub-connection.js';
import type { Alert } from '../contract/metrics.js';
import { CLOCK_GRAIN_MS } from './alert-feed.js';

// A page in front of a real coordinator; only the sockets to the hubs are fakes.
let page: FakePage;

vi.mock('../../worker/hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakePage['hubs']['open']>) => page.hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';

let origin: FakePage['origin'];
let host: FakePage['host'];
let hub: FakeHub;

beforeEach(() => {
  page = new FakePage();
  ({ origin, host } = page);
  hub = page.hubs.at(OPS);
  // The page's clock is the worker's.
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(host.clock.now());
});
afterEach(async () => {
  await page.close();
  vi.useRealTimers();
});

function build(url = '/hubs/ops'): SharedHubConnection {
  return new SharedHubConnectionBuilder().withUrl(url).withWorker(page.factory).withAutomaticReconnect([0]).build();
}

async function started(url?: string): Promise<SharedHubConnection> {
  const connection = build(url);
  await connection.start();
  return connection;
}

/** The page holds nothing any more. */
const hasLeft = (): boolean => origin.held.every((name) => name.startsWith('hubshare:worker:'));

function listenTo(connection: SharedHubConnection) {
  const told: Alert[] = [];
  return { told, end: connection.onalert((alert) => told.push(alert)) };
}

/** The connection is lost and comes back. */
async function lose(connection: SharedHubConnection, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const before = hub.starts.length;
    await hub.cut();
    await host.clock.advanceBy(0);
    await until(() => hub.starts.length > before && connection.state === 'Connected');
  }
}

it('gives the figures of the hub, counted by the worker for all tabs (T5-6)', async () => {
  const connection = await started();
  connection.on('note', () => undefined);
  await quiet();
  await hub.emit('note', 1);
  await lose(connection, 1);
  const metrics = await connection.metrics();
  expect(metrics).toMatchObject({
    hub: OPS,
    tabs: 1,
    events: 1,
    connection: { isConnected: true, connects: 2, disconnects: 1, reconnects: { count: 1 } },
    alerts: [],
  });
  expect(metrics.startedAtMs).toBeLessThanOrEqual(metrics.atMs);
});

it('gives zeros before the connection is started, and leaves the worker again', async () => {
  const connection = build();
  await expect(connection.metrics()).resolves.toMatchObject({ hub: OPS, tabs: 0, connection: { connects: 0 } });
  await until(hasLeft);
});

it('tells every listener of an alert, once, and keeps it among the figures', async () => {
  const connection = await started();
  const [first, second] = [listenTo(connection), listenTo(connection)];
  await lose(connection, 2);
  await quiet();
  expect(first.told).toEqual([]);

  await lose(connection, 2);
  await until(() => first.told.length > 0);
  await quiet();

  expect(first.told).toMatchObject([{ id: 1, kind: 'frequent-disconnects', hub: OPS, count: 3 }]);
  expect(second.told).toEqual(first.told);
  expect((await connection.metrics()).alerts).toMatchObject([{ id: 1, count: 4 }]);
});

it('tells nothing of an alert of before: it stands among the figures', async () => {
  const connection = await started();
  await lose(connection, 3);
  vi.setSystemTime(Date.now() + CLOCK_GRAIN_MS + 1);
  const { told } = listenTo(connection);
  await quiet();
  expect(told).toEqual([]);
  expect((await connection.metrics()).alerts).toHaveLength(1);
});

it('tells nothing of another hub', async () => {
  const connection = await started();
  const chat = listenTo(build('/hubs/chat'));
  const { told } = listenTo(connection);
  await lose(connection, 3);
  await until(() => told.length > 0);
  await quiet();
  expect(chat.told).toEqual([]);
  chat.end();
});

it('ends with the callback: nothing is told, and the page leaves the worker', async () => {
  const connection = await started();
  const { told, end } = listenTo(connection);
  await lose(connection, 2);
  end();
  end();
  await lose(connection, 1);
  await quiet();
  expect(told).toEqual([]);
  await connection.stop();
  await until(hasLeft);
});

it('listens again after it has ended, with one question', async () => {
  const connection = await started();
  listenTo(connection).end();
  const { told } = listenTo(connection);
  await lose(connection, 3);
  await until(() => told.length > 0);
  await quiet();
  expect(told).toHaveLength(1);
});

it('lets one listener throw without the others missing anything', async () => {
  const connection = await started();
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  connection.onalert(() => {
    throw new Error('broken');
  });
  const { told } = listenTo(connection);
  await lose(connection, 3);
  await until(() => told.length > 0);
  expect(log).toHaveBeenCalledWith(expect.stringContaining('broken'));
  log.mockRestore();
});

it('goes on with the next worker, whose alerts begin at 1 again', async () => {
  const connection = await started();
  const { told, end } = listenTo(connection);
  await lose(connection, 3);
  await until(() => told.length === 1);

  page.killWorker();
  await until(() => connection.state === 'Connected' && connection.connectionId !== null);
  await until(() => hub.starts.length > 4);
  await lose(connection, 3);
  await until(() => told.length === 2);

  expect(told.map(({ id }) => id)).toEqual([1, 1]);
  end();
});

it('refuses a callback that is none', () => {
  expect(() => build().onalert('tell me' as never)).toThrow(
    expect.objectContaining({ code: 'option-invalid' }) as Error,
  );
});
