import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeHub } from '../../worker/testing/fake-hub.js';
import { FakePage } from '../../worker/testing/fake-page.js';
import type { FakeTab } from '../../worker/testing/fake-tab.js';
import { PLAIN_SETTINGS } from '../../worker/testing/plain-wish.js';
import { quiet, until } from '../../worker/testing/settle.js';
import { TokenRejectedError, wireError } from '../contract/errors.js';
import { SharedHubConnectionBuilder } from './builder.js';
import type { SharedHubConnection } from './shared-hub-connection.js';

// A page in front of a real coordinator with a source of tokens; only the sockets to the hub are fakes.
let page: FakePage;

vi.mock('../../worker/hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakePage['hubs']['open']>) => page.hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';

let host: FakePage['host'];
let hub: FakeHub;
let isSignedIn: boolean;
let fetches: number;

const rejected = (): TokenRejectedError =>
  new TokenRejectedError(wireError('token-rejected', 'Sign in.', { httpStatus: 401 }));

beforeEach(() => {
  page = new FakePage();
  host = page.host;
  hub = page.hubs.at(OPS);
  isSignedIn = true;
  fetches = 0;
  const fetch = async () => {
    fetches += 1;
    if (!isSignedIn) throw rejected();
    return { token: `token-${fetches}`, expiresInSeconds: 300 };
  };
  host.options = { accessToken: { kind: 'endpoint', fetch } };
});

afterEach(() => page.close());

function build() {
  const connection = new SharedHubConnectionBuilder()
    .withUrl('/hubs/ops')
    .withWorker(page.factory)
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
  const tab = await page.otherTab();
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
