import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeHub, HubInvocation } from '../../worker/testing/fake-hub.js';
import { FakePage } from '../../worker/testing/fake-page.js';
import type { FakeTab } from '../../worker/testing/fake-tab.js';
import { PLAIN_SETTINGS } from '../../worker/testing/plain-wish.js';
import { quiet, until } from '../../worker/testing/settle.js';
import { CLAIM_WAIT_MS } from '../contract/timing.js';
import type { TopicDeclaration } from '../contract/topics.js';
import { SharedHubConnectionBuilder } from './builder.js';
import type { Resync } from './lifecycle.js';
import type { SharedHubConnection } from './shared-hub-connection.js';
import type { TopicDeclarations } from './topic-options.js';
import type { TopicSubscription } from './topics.js';

// A page in front of a real coordinator; only the sockets to the hubs are fakes.
let page: FakePage;

vi.mock('../../worker/hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<FakePage['hubs']['open']>) => page.hubs.open(...args),
}));

const OPS = 'https://app.test/hubs/ops';

const TOPICS: TopicDeclarations = {
  metric: { event: 'metric', join: 'JoinMetric', leave: 'LeaveMetric', key: 'name', retain: 'last' },
};

/** The same, as it crosses to the worker. */
const WIRE_TOPICS: Readonly<Record<string, TopicDeclaration>> = {
  metric: { event: 'metric', join: 'JoinMetric', leave: 'LeaveMetric', keyPath: [0, 'name'], retain: 'last' },
};

const AS_THE_PAGE = { settings: { ...PLAIN_SETTINGS, retryDelaysMs: [0] }, topics: WIRE_TOPICS };

let host: FakePage['host'];
let document: FakePage['document'];
let window: FakePage['window'];
let hub: FakeHub;

beforeEach(() => {
  page = new FakePage();
  ({ host, document, window } = page);
  hub = page.hubs.at(OPS);
});
afterEach(() => page.close());

function build(topics: TopicDeclarations = TOPICS): SharedHubConnection {
  return new SharedHubConnectionBuilder()
    .withUrl('/hubs/ops')
    .withWorker(page.factory)
    .withTopics(topics)
    .withAutomaticReconnect([0])
    .build();
}

async function started(): Promise<SharedHubConnection> {
  const connection = build();
  await connection.start();
  return connection;
}

async function otherTab(id = 'other'): Promise<FakeTab> {
  const tab = await page.otherTab(id);
  await tab.attach(OPS, AS_THE_PAGE);
  await tab.reaches(OPS, 'live');
  return tab;
}

function subscribe(connection: SharedHubConnection, key: string, seen: unknown[] = []): TopicSubscription {
  return connection.topic('metric', key).subscribe((_, { args, retained }) => {
    seen.push(retained ? { retained: args } : args);
  });
}

/** The next call of the hub that nobody has answered. */
const nextCall = (method: string): Promise<HubInvocation> =>
  until(() => hub.invocations.find((call) => call.method === method && call.open), method);

/** The hub lets the client join, as often as it asks. */
async function letIn(times = 1): Promise<void> {
  for (let count = 0; count < times; count += 1) await (await nextCall('JoinMetric')).answer();
}

const calls = (): string[] => hub.invocations.map(({ method, args }) => `${method} ${String(args[0])}`);

/** The state of a promise. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = 'pending';
  promise.then(
    (value) => (state = value ?? 'resolved'),
    (error: unknown) => (state = (error as { code: string }).code),
  );
  await quiet();
  return state;
}

describe('a topic', () => {
  it('is joined once for the tab, and gives its events to each subscription', async () => {
    const connection = await started();
    const [one, two, other] = [[], [], []] as [unknown[], unknown[], unknown[]];
    const subscriptions = [subscribe(connection, 'cpu', one), subscribe(connection, 'cpu', two)];
    void subscribe(connection, 'disk', other);
    await letIn(2);
    await Promise.all(subscriptions.map(({ joined }) => joined));
    await hub.emit('metric', { name: 'cpu', value: 1 });
    await until(() => two.length > 0);
    expect([one, two, other]).toEqual([[[{ name: 'cpu', value: 1 }]], [[{ name: 'cpu', value: 1 }]], []]);
    expect(calls()).toEqual(['JoinMetric cpu', 'JoinMetric disk']);
  });

  it('that is subscribed to before the start is joined by it', async () => {
    const connection = build();
    const subscription = subscribe(connection, 'cpu');
    expect(await stateOf(subscription.joined)).toBe('pending');
    await connection.start();
    await letIn();
    expect(await stateOf(subscription.joined)).toBe('resolved');
  });

  it('gives a tab that comes late the newest value before the join is told', async () => {
    const other = await otherTab();
    const joined = other.api.joinTopic(OPS, 'metric', 'cpu');
    await letIn();
    await joined;
    await hub.emit('metric', { name: 'cpu', value: 7 });
    const connection = await started();
    const seen: unknown[] = [];
    await subscribe(connection, 'cpu', seen).joined;
    expect(seen).toEqual([{ retained: [{ name: 'cpu', value: 7 }] }]);
    expect(calls()).toEqual(['JoinMetric cpu']);
  });

  it('that the hub refuses ends with its reason', async () => {
    const connection = await started();
    const errors: unknown[] = [];
    const { joined } = connection
      .topic('metric', 'cpu')
      .subscribe(() => undefined, { onerror: ({ code }) => errors.push(code) });
    const state = stateOf(joined);
    await (await nextCall('JoinMetric')).fail('Not for you.');
    expect(await state).toBe('topic-refused');
    expect(errors).toEqual(['topic-refused']);
  });

  it('that nobody has declared says so', async () => {
    const connection = build({});
    await connection.start();
    const { joined } = connection.topic('metric', 'cpu').subscribe(() => undefined);
    expect(await stateOf(joined)).toBe('topic-unknown');
  });

  it('is left a while after the last subscription has gone', async () => {
    const connection = await started();
    const subscription = subscribe(connection, 'cpu');
    await letIn();
    await subscription.joined;
    subscription.unsubscribe();
    await quiet();
    await host.clock.advanceBy(5_000);
    await (await nextCall('LeaveMetric')).answer();
    expect(calls()).toEqual(['JoinMetric cpu', 'LeaveMetric cpu']);
  });

  it('goes to plain handlers as well, each told once', async () => {
    const connection = await started();
    const seen: string[] = [];
    connection.on('metric', () => seen.push('on'));
    const { joined } = connection.topic('metric', 'cpu').subscribe(() => seen.push('topic'));
    await letIn();
    await joined;
    await hub.emit('metric', { name: 'cpu' });
    await hub.emit('metric', { name: 'disk' });
    await until(() => seen.length === 3);
    expect(seen).toEqual(['on', 'topic', 'on']);
  });

  it('that a second connection of the page declares is joined by it, not before', async () => {
    const first = build({});
    await first.start();
    const second = build();
    const { joined } = subscribe(second, 'cpu');
    await second.start();
    await letIn();
    expect(await stateOf(joined)).toBe('resolved');
  });

  it('that a second connection of the page declares otherwise is told as a warning', async () => {
    await started();
    const second = build({ metric: { ...TOPICS['metric']!, join: 'JoinOther' } });
    const warned: unknown[] = [];
    second.onwarning((warning) => warned.push(...warning.wire.settings));
    await second.start();
    expect(warned).toEqual(['topics.metric']);
  });
});

describe('stop', () => {
  it('lets the keys of this connection go, and the next start joins them again', async () => {
    const connection = await started();
    const [kept, ended] = [subscribe(connection, 'cpu'), subscribe(connection, 'disk')];
    await letIn(2);
    await Promise.all([kept.joined, ended.joined]);
    await connection.stop();
    ended.unsubscribe();
    const before = hub.invocations.length;
    const seen: unknown[] = [];
    const late = subscribe(connection, 'mem', seen);
    await connection.start();
    await letIn(2);
    await late.joined;
    expect(
      calls()
        .slice(before)
        .filter((call) => call.startsWith('Join'))
        .sort(),
    ).toEqual(['JoinMetric cpu', 'JoinMetric mem']);
  });

  it('of one connection leaves the keys of another one of the page', async () => {
    const [one, two] = [await started(), await started()];
    const seen: unknown[] = [];
    void subscribe(one, 'cpu');
    const { joined } = subscribe(two, 'cpu', seen);
    await letIn();
    await joined;
    await one.stop();
    await host.clock.advanceBy(60_000);
    await hub.emit('metric', { name: 'cpu' });
    await until(() => seen.length > 0);
    expect(calls()).toEqual(['JoinMetric cpu']);
  });
});

describe('a sign-out elsewhere while the hub is at rest', () => {
  it('has the next start say the keys anew, with no old value and no settled claim', async () => {
    const connection = await started();
    const other = await otherTab();
    const { joined } = subscribe(connection, 'cpu');
    await letIn();
    await joined;
    await hub.emit('metric', { name: 'cpu', value: 1 });
    host.clock.jumpBy(CLAIM_WAIT_MS);
    expect(await connection.claim('incident-1')).toBe(true);
    hub.acceptsAtOnce = false;
    await hub.cut();
    await host.clock.advanceBy(0);
    await until(() => hub.starts.length === 2);
    await hub.refuse();
    await until(() => connection.state === 'Disconnected');
    await other.api.signOut();
    await until(() => page.origin.held.every((name) => !name.startsWith(`hubshare:tab:${connection.tabId}`)));
    hub.acceptsAtOnce = true;
    await connection.start();
    const seen: unknown[] = [];
    const late = subscribe(connection, 'cpu', seen);
    await letIn();
    await late.joined;
    expect(seen).toEqual([]);
    expect(calls()).toEqual(['JoinMetric cpu', 'JoinMetric cpu']);
    host.clock.jumpBy(CLAIM_WAIT_MS);
    expect(await connection.claim('incident-1')).toBe(true);
  });
});

describe('a worker that dies', () => {
  it('is followed by one that joins the keys again, once', async () => {
    const connection = await started();
    const seen: unknown[] = [];
    const resyncs: Resync[] = [];
    connection.onresync((resync) => resyncs.push(resync));
    const { joined } = subscribe(connection, 'cpu', seen);
    await letIn();
    await joined;
    page.killWorker();
    await (await until(() => hub.invocations.find((call) => call.socket === 2))).answer();
    await hub.emit('metric', { name: 'cpu' });
    await until(() => seen.length > 0);
    expect(calls()).toEqual(['JoinMetric cpu', 'JoinMetric cpu']);
    expect(resyncs).toEqual([
      { reason: 'worker-replaced', missed: 'unknown', dropped: null, lastedMs: expect.any(Number) as number },
    ]);
    expect(connection.lastReconnect).toEqual({
      endedAtMs: expect.any(Number) as number,
      lastedMs: resyncs[0]!.lastedMs,
      missed: 'unknown',
    });
  });
});

describe('a reconnect', () => {
  it('tells how long it lasted, and that events may be missing', async () => {
    const connection = await started();
    expect(connection.lastReconnect).toBeNull();
    const resyncs: Resync[] = [];
    connection.onresync((resync) => resyncs.push(resync));
    hub.acceptsAtOnce = false;
    await hub.cut();
    await host.clock.advanceBy(0);
    await until(() => hub.starts.length === 2);
    await host.clock.advanceBy(300);
    await hub.accept();
    await until(() => resyncs.length > 0);
    expect(resyncs).toEqual([{ reason: 'reconnected', missed: 'unknown', dropped: null, lastedMs: 300 }]);
    expect(connection.lastReconnect).toEqual({ endedAtMs: host.clock.now(), lastedMs: 300, missed: 'unknown' });
  });

  it('that has brought all is no reason to fetch anew', async () => {
    const connection = await started();
    const resync = vi.fn();
    connection.onresync(resync);
    await hub.resume(40);
    await until(() => connection.lastReconnect);
    expect(connection.lastReconnect).toMatchObject({ lastedMs: 40, missed: 'no' });
    await quiet();
    expect(resync).not.toHaveBeenCalled();
  });
});

describe('a page that was parked', () => {
  it('is told that nothing was missed, then what waited', async () => {
    const connection = await started();
    const seen: unknown[] = [];
    connection.onresync(({ reason, missed, dropped }) => seen.push([reason, missed, dropped]));
    connection.on('incident', (id) => seen.push(id));
    await until(() => hub.socket.listened.has('incident'));
    window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    await quiet();
    await hub.emit('incident', 1);
    await quiet();
    expect(seen).toEqual([]);
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await until(() => seen.length === 2);
    expect(seen).toEqual([['page-restored', 'no', 0], 1]);
  });
});

describe('a page that is hidden for long', () => {
  let hidden: SharedHubConnection | null = null;

  afterEach(async () => {
    // Its page goes on otherwise, and parks itself again.
    await hidden?.stop();
    hidden = null;
  });

  /** Beside another tab, which is visible and so the primary one. */
  async function hiddenPage(): Promise<{ connection: SharedHubConnection; isParked: () => Promise<boolean> }> {
    const other = await otherTab();
    const connection = new SharedHubConnectionBuilder()
      .withUrl('/hubs/ops')
      .withWorker(page.factory)
      .withAutomaticReconnect([0])
      .withHiddenParking(1)
      .build();
    hidden = connection;
    await connection.start();
    const isParked = async (): Promise<boolean> => {
      const report = await other.api.nextReport(0, 0);
      return report.ok && report.value.tabs.some(({ id, parked }) => id === connection.tabId && parked);
    };
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    for (;;) {
      await quiet();
      if (await isParked()) break;
    }
    return { connection, isParked };
  }

  it('parks itself, and hears what waited when it is shown', async () => {
    const { connection, isParked } = await hiddenPage();
    const seen: unknown[] = [];
    connection.onresync(({ reason, missed }) => seen.push([reason, missed]));
    connection.on('incident', (id) => seen.push(id));
    await until(() => hub.socket.listened.has('incident'));
    await hub.emit('incident', 1);
    await quiet();
    expect(seen).toEqual([]);
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => seen.length === 2);
    expect(seen).toEqual([['page-restored', 'no'], 1]);
    expect(await isParked()).toBe(false);
  });

  it('comes back for a call that the app makes', async () => {
    const { connection, isParked } = await hiddenPage();
    const call = connection.invoke('Add', 1, 2);
    await until(() => hub.invocations.length === 1);
    expect(await isParked()).toBe(false);
    await hub.invocations[0]!.answer(3);
    expect(await call).toBe(3);
  });

  it('comes back when it is the only one left that is awake', async () => {
    const { connection } = await hiddenPage();
    const seen: unknown[] = [];
    connection.onresync(({ reason }) => seen.push(reason));
    void page.others[0]!.api.leave();
    await until(() => connection.isPrimary);
    expect(seen).toEqual(['page-restored']);
  });
});

describe('a claim', () => {
  it('is won by one call of the tab that is visible', async () => {
    const other = await otherTab();
    await other.api.setVisibility('hidden');
    const connection = await started();
    host.clock.jumpBy(CLAIM_WAIT_MS);
    const theirs = other.api.claim(OPS, 'incident-1');
    expect(await Promise.all([connection.claim('incident-1'), connection.claim('incident-1')])).toEqual([true, false]);
    expect(await theirs).toEqual({ ok: true, value: 'lost' });
    expect(await connection.claim('incident-1')).toBe(false);
    expect(host.clock.pending).toBe(0);
  });

  it('is lost to a tab that was quicker', async () => {
    const other = await otherTab();
    host.clock.jumpBy(CLAIM_WAIT_MS);
    expect(await other.api.claim(OPS, 'incident-1')).toEqual({ ok: true, value: 'offered' });
    await other.api.confirmClaim(OPS, 'incident-1');
    const connection = await started();
    expect(await connection.claim('incident-1')).toBe(false);
  });

  it('that waits for another tab ends with the stop', async () => {
    const other = await otherTab();
    host.clock.jumpBy(CLAIM_WAIT_MS);
    await other.api.claim(OPS, 'incident-1');
    const connection = await started();
    const claim = stateOf(connection.claim('incident-1'));
    await connection.stop();
    expect(await claim).toBe('stopped');
  });

  it('that is settled is not asked of a new worker again', async () => {
    const connection = await started();
    host.clock.jumpBy(CLAIM_WAIT_MS);
    expect(await connection.claim('incident-1')).toBe(true);
    page.killWorker();
    await until(() => connection.state === 'Connected' && hub.sockets.length === 2);
    const other = await otherTab();
    expect(await other.api.claim(OPS, 'incident-1')).toEqual({ ok: true, value: 'lost' });
  });

  it('without a connection is refused', async () => {
    await expect(build().claim('incident-1')).rejects.toMatchObject({ code: 'not-connected' });
  });

  it.each(['', undefined, 5])('needs an id (%j)', async (id) => {
    const connection = await started();
    host.clock.jumpBy(CLAIM_WAIT_MS);
    await expect(connection.claim(id as string)).rejects.toMatchObject({ code: 'option-invalid' });
  });
});
