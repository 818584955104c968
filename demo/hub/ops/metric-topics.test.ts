/** Metrics as topics: who has joined one gets its values and nobody else, on every transport. */
import { HttpTransportType } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import { TRANSPORTS } from '../testing/client.js';
import { admin, clientFor, counts, hubFor, next, post, signIn } from '../testing/fixture.js';
import { eventually } from '../testing/eventually.js';

async function twoClients(transport: HttpTransportType) {
  const hub = await hubFor();
  const clients = [];
  for (const user of ['ann', 'bob']) {
    const client = clientFor(hub, await signIn(hub, user), transport);
    await client.start();
    clients.push(client);
  }
  const [ann, bob] = clients;
  if (ann === undefined || bob === undefined) throw new Error('two clients were asked for');
  return { hub, ann, bob };
}

function emit(hub: Parameters<typeof admin>[0], metric: string, value: number) {
  return admin(hub, 'emit', { event: 'metric', args: [{ name: metric, value }], metric });
}

describe.each(TRANSPORTS)('over %s', (_name, transport) => {
  it('gives the values of a metric to those who have joined it, until they leave it', async () => {
    const { hub, ann, bob } = await twoClients(transport);
    const ofAnn: unknown[] = [];
    const ofBob: unknown[] = [];
    ann.on('metric', (metric: { value: number }) => ofAnn.push(metric.value));
    bob.on('metric', (metric: { value: number }) => ofBob.push(metric.value));

    expect(await ann.invoke('JoinMetric', 'test.a')).toBeNull();
    await ann.invoke('JoinMetric', 'test.a');
    await ann.invoke('JoinMetric', 'test.b');
    await bob.invoke('JoinMetric', 'test.a');
    expect(await counts(hub)).toMatchObject({ topicJoins: 4, topicLeaves: 0, topicMembers: 3 });
    expect(await emit(hub, 'test.a', 1)).toEqual({ sent: 2 });
    expect(await emit(hub, 'test.b', 2)).toEqual({ sent: 1 });
    await bob.invoke('LeaveMetric', 'test.a');
    expect(await emit(hub, 'test.a', 3)).toEqual({ sent: 1 });
    await Promise.all([ann.invoke('Echo', 0), bob.invoke('Echo', 0)]);

    expect(ofAnn).toEqual([1, 2, 3]);
    expect(ofBob).toEqual([1]);
    expect(await counts(hub)).toMatchObject({ topicJoins: 4, topicLeaves: 1, topicMembers: 2 });
    // Leaving twice is no mistake, as with SignalR's groups.
    await bob.invoke('LeaveMetric', 'test.a');
    expect(await counts(hub)).toMatchObject({ topicLeaves: 2, topicMembers: 2 });
  });
});

it('forgets the members of a connection that is over, however it ends', async () => {
  const { hub, ann, bob } = await twoClients(HttpTransportType.WebSockets);
  for (const client of [ann, bob]) await client.invoke('JoinMetric', 'test.a');
  await ann.stop();
  await eventually(async () => expect(await counts(hub)).toMatchObject({ topicMembers: 1, topicLeaves: 0 }));
  await admin(hub, 'cut', { how: 'abort' });
  await eventually(async () => expect(await counts(hub)).toMatchObject({ topicMembers: 0 }));
  expect(await emit(hub, 'test.a', 1)).toEqual({ sent: 0 });
});

it.each(['denied', 'denied.test', 'nothing', '', 'CPU.0', 'cpu.9999', 'constructor', `test.${'x'.repeat(200)}`])(
  'lets nobody join %j',
  async (name) => {
    const { hub, ann } = await twoClients(HttpTransportType.WebSockets);
    for (const method of ['JoinMetric', 'LeaveMetric']) {
      await expect(ann.invoke(method, name)).rejects.toThrow(/HubException: (You may not join|No) .*metric/);
    }
    expect(await counts(hub)).toMatchObject({ topicJoins: 0, topicLeaves: 0, topicMembers: 0 });
  },
);

it('lists the metrics that it measures, and lets a client join each of them', async () => {
  const { hub, ann } = await twoClients(HttpTransportType.WebSockets);
  const names = await ann.invoke<string[]>('ListMetrics');
  expect(names).toEqual(expect.arrayContaining(['cpu.0', 'memory.used', 'hub.connections']));
  for (const name of names) await ann.invoke('JoinMetric', name);
  expect(await counts(hub)).toMatchObject({ topicMembers: names.length });
});

it('pushes what it measures to those who have joined only', async () => {
  const hub = await hubFor({ metricIntervalMs: 10 });
  const client = clientFor(hub, await signIn(hub), HttpTransportType.WebSockets);
  await client.start();
  const names = new Set<string>();
  client.on('metric', ({ name }: { name: string }) => names.add(name));
  await client.invoke('JoinMetric', 'memory.used');
  await next(client, 'metric');
  await next(client, 'metric');
  expect([...names]).toEqual(['memory.used']);
});

it('sends a sequence as values of metrics in turn, each number to the members of its metric', async () => {
  const { hub, ann, bob } = await twoClients(HttpTransportType.WebSockets);
  const ofAnn: unknown[] = [];
  ann.on('metric', (metric: unknown) => ofAnn.push(metric));
  const heard = vi.fn();
  bob.on('metric', heard);
  await ann.invoke('JoinMetric', 'test.a');

  const order = { count: 6, everyMs: 0, burst: 6, paddingBytes: 3, metrics: ['test.a', 'test.b'] };
  expect(await admin(hub, 'sequence', order)).toEqual({ from: 1, to: 6 });
  await eventually(() => expect(ofAnn).toHaveLength(3));
  expect(ofAnn).toMatchObject(
    [1, 3, 5].map((value) => ({ name: 'test.a', value, unit: 'count', padding: 'xxx', atMs: expect.any(Number) })),
  );
  await bob.invoke('Echo', 0);
  expect(heard).not.toHaveBeenCalled();
});

it.each([
  ['emit', { event: 'metric', args: [], metric: 'nothing' }],
  ['sequence', { count: 1, everyMs: 0, metrics: ['test.a', 'denied'] }],
  ['sequence', { count: 1, everyMs: 0, metrics: 'test.a' }],
  ['unavailable', { retryAfterSeconds: -1 }],
  ['unavailable', { retryAfterSeconds: 1.5 }],
  ['unavailable', {}],
])('turns away the admin call %s with %j', async (path, body) => {
  const hub = await hubFor();
  expect(await post(hub, `/admin/${path}`, body, { 'x-demo-admin': '1' })).toMatchObject({
    status: 400,
    json: { code: 'INVALID_BODY' },
  });
});

it('answers negotiate with 503 and Retry-After while it is unavailable, and keeps who is connected', async () => {
  const { hub, ann } = await twoClients(HttpTransportType.WebSockets);
  const { token } = await signIn(hub);
  const { negotiates } = await counts(hub);
  expect(await admin(hub, 'unavailable', { retryAfterSeconds: 7 })).toEqual({ retryAfterSeconds: 7 });

  for (const path of ['/hubs/ops', '/hubs/redirected', '/hubs/service']) {
    const refused = await post(hub, `${path}/negotiate?negotiateVersion=1`, undefined, {
      authorization: `Bearer ${token}`,
    });
    expect(refused).toMatchObject({ status: 503, json: { code: 'UNAVAILABLE' } });
    expect(refused.headers.get('retry-after')).toBe('7');
  }
  expect(await ann.invoke('Echo', 'still here')).toBe('still here');
  expect(await counts(hub)).toMatchObject({ negotiates, negotiatesRefused: 3, redirects: 0, connections: 2 });

  await admin(hub, 'unavailable', { retryAfterSeconds: null });
  const late = clientFor(hub, await signIn(hub), HttpTransportType.WebSockets);
  await late.start();
  expect(await counts(hub)).toMatchObject({ negotiatesRefused: 3, connections: 3 });
});
