import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeHubs, type FakeHub } from '../../worker/testing/fake-hub.js';
import { FakeLocks, type FakeLockClient } from '../../worker/testing/fake-locks.js';
import { FakeErrorEvent, FakeSharedWorker, FakeWorkerHost } from '../../worker/testing/fake-shared-worker.js';
import { FakeTab, PLAIN_SETTINGS } from '../../worker/testing/fake-tab.js';
import { quiet, until } from '../../worker/testing/settle.js';
import { TokenRejectedError, wireError } from '../contract/errors.js';
import { SharedHubConnectionBuilder } from './builder.js';
import type { SharedHubConnection } from './shared-hub-connection.js';

// A page in front of a real coordinator with a source of tokens; only the sockets to the hub are fakes.
let hubs = new FakeHubs();

vi.mock('../../worker/hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakeHubs['open']>) => hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';

let origin: FakeLocks;
let page: FakeLockClient;
let host: FakeWorkerHost;
let hub: FakeHub;
let isSignedIn: boolean;
let fetches: number;
let others: FakeTab[];
let factory: () => SharedWorker;

const rejected = (): TokenRejectedError =>
  new TokenRejectedError(wireError('token-rejected', 'Sign in.', { httpStatus: 401 }));

beforeEach(() => {
  origin = new FakeLocks();
  page = origin.client('page');
  host = new FakeWorkerHost(origin);
  hubs = new FakeHubs();
  hub = hubs.at(OPS);
  others = [];
  isSignedIn = true;
  fetches = 0;
  const accessToken: FakeWorkerHost['options']['accessToken'] = {
    kind: 'endpoint',
    fetch: async () => {
      fetches += 1;
      if (!isSignedIn) throw rejected();
      return { token: `token-${fetches}`, expiresInSeconds: 300 };
    },
  };
  host.options = { accessToken };
  factory = () => new FakeSharedWorker(host);
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('window', new EventTarget());
  vi.stubGlobal('location', { href: 'https://app.test/page' });
  vi.stubGlobal('navigator', { locks: page });
  vi.stubGlobal('SharedWorker', FakeSharedWorker);
  vi.stubGlobal('ErrorEvent', FakeErrorEvent);
});

afterEach(async () => {
  for (const tab of others) tab.closePorts();
  page.die();
  host.kill();
  await quiet();
  vi.unstubAllGlobals();
});

function build() {
  const connection = new SharedHubConnectionBuilder()
    .withUrl('/hubs/ops')
    .withWorker(factory)
    .withAutomaticReconnect([0])
    .build();
  const told: string[] = [];
  const end = connection.onauthenticationrequired(({ error, isPrimary }) =>
    told.push(`${error.code}${isPrimary ? ' primary' : ''} ${connection.state}`),
  );
  connection.onreconnected(() => told.push('reconnected'));
  return { connection, told, end };
}

async function otherTab(): Promise<FakeTab> {
  const tab = new FakeTab(host.coordinator, origin, 'other');
  others.push(tab);
  await tab.join();
  await tab.attach(OPS, { settings: { ...PLAIN_SETTINGS, retryDelaysMs: [0] } });
  return tab;
}

/** The hub ends the connection and takes neither the token nor the one after it. */
async function refuseLiveConnection(): Promise<void> {
  hub.acceptsAtOnce = false;
  const starts = hub.starts.length;
  await hub.cut();
  await host.clock.advanceBy(0);
  await until(() => hub.starts.length > starts);
  await hub.refuse(rejected());
}

describe('refused tokens (SEC-7 E-003)', () => {
  it('are told once in every tab, with its role, when start() can be called', async () => {
    const { connection, told } = build();
    await connection.start();
    const other = await otherTab();
    await refuseLiveConnection();
    await until(() => told.length > 0);
    expect(told).toEqual(['token-rejected primary Disconnected']);
    expect(await other.reaches(OPS, 'resting')).toMatchObject({
      authenticationRequired: true,
      error: { code: 'token-rejected' },
      snapshot: { primaryTabId: connection.tabId },
    });

    // A change that is none of that: a tab goes.
    other.die();
    await quiet();
    expect(connection.snapshot.subscribedTabs).toHaveLength(1);
    expect(told).toHaveLength(1);
    expect(host.clock.pending).toBe(0);
  });

  it('are no reason for an attempt when the network is back or a tab is shown', async () => {
    const { connection, told } = build();
    await connection.start();
    await refuseLiveConnection();
    await until(() => told.length > 0);
    const starts = hub.starts.length;
    window.dispatchEvent(new Event('online'));
    await quiet();
    expect(hub.starts).toHaveLength(starts);
  });

  it('are over when one tab calls start() after the sign-in: it brings all others back', async () => {
    const { connection, told } = build();
    await connection.start();
    const other = await otherTab();
    await refuseLiveConnection();
    await other.reaches(OPS, 'resting');
    hub.acceptsAtOnce = true;
    await other.attach(OPS, { settings: { ...PLAIN_SETTINGS, retryDelaysMs: [0] } });
    expect(await other.reaches(OPS, 'live')).toMatchObject({ authenticationRequired: false });
    await until(() => connection.state === 'Connected');
    expect(told).toEqual(['token-rejected primary Disconnected', 'reconnected']);
  });

  it('are told again the next time, and not after the end of listening', async () => {
    const { connection, told, end } = build();
    await connection.start();
    for (const times of [1, 2]) {
      await refuseLiveConnection();
      await until(() => told.filter((what) => what.startsWith('token-rejected')).length === times);
      hub.acceptsAtOnce = true;
      await connection.start();
    }
    end();
    await refuseLiveConnection();
    await until(() => connection.state === 'Disconnected');
    await quiet();
    expect(told.filter((what) => what.startsWith('token-rejected'))).toHaveLength(2);
  });

  it('may be answered by start() from within the callback', async () => {
    const { connection } = build();
    await connection.start();
    const restarts: Promise<void>[] = [];
    connection.onauthenticationrequired(() => {
      hub.acceptsAtOnce = true;
      restarts.push(connection.start());
    });
    await refuseLiveConnection();
    await until(() => restarts.length > 0);
    await Promise.all(restarts);
    expect(connection.state).toBe('Connected');
  });
});

describe('without a sign-in (SR-3)', () => {
  it('the hub is not asked, the app is told, and start() connects when there is a token', async () => {
    isSignedIn = false;
    const { connection, told } = build();
    await expect(connection.start()).rejects.toMatchObject({ code: 'token-rejected' });
    expect(told).toEqual(['token-rejected primary Disconnected']);
    expect(hub.starts).toHaveLength(0);
    await quiet();
    expect(host.clock.pending).toBe(0);
    // Once more, still signed out: another time.
    await expect(connection.start()).rejects.toMatchObject({ code: 'token-rejected' });
    expect(told).toHaveLength(2);

    isSignedIn = true;
    await connection.start();
    expect(connection.state).toBe('Connected');
    expect(told).toHaveLength(2);
  });

  it('the hub is disconnected by signOut(), and nobody is asked to sign in because of it', async () => {
    const { connection, told } = build();
    await connection.start();
    await connection.signOut();
    expect(connection.state).toBe('Disconnected');
    expect(hub.held).toBe(0);
    await quiet();
    expect(told).toEqual([]);
    expect(fetches).toBe(1);
  });
});

it('needs a function', () => {
  const { connection } = build();
  const wrong = 'show' as unknown as Parameters<SharedHubConnection['onauthenticationrequired']>[0];
  expect(() => connection.onauthenticationrequired(wrong)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
});
