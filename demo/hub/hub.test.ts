import { HttpTransportType, HubConnectionState, type HubConnection } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import { TRANSPORTS } from './testing/client.js';
import { admin, adminGet, clientFor, closed, counts, hubFor, next, signIn } from './testing/fixture.js';
import { eventually } from './testing/eventually.js';

async function connected(
  transport: HttpTransportType,
  options: Parameters<typeof hubFor>[0] = {},
  clientOptions: Parameters<typeof clientFor>[3] = {},
) {
  const hub = await hubFor(options);
  const ann = await signIn(hub);
  const client = clientFor(hub, ann, transport, clientOptions);
  await client.start();
  return { hub, ann, client };
}

function errorOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
}

describe.each(TRANSPORTS)('over %s', (_name, transport) => {
  it('answers calls with the values that the methods return', async () => {
    const { client } = await connected(transport);
    const value = { list: [1, 'zwei', null, { deep: true }], text: 'ü\n\u2028 "quoted"' };

    expect(await client.invoke('Echo', value)).toEqual(value);
    expect(await client.invoke('add', 2, 40)).toBe(42);
    expect(await client.invoke('WhoAmI')).toEqual({ userId: 'ann', name: 'ann', connectionId: client.connectionId });
    expect(await client.invoke('Slow', 1)).toBe('done');
  });

  it('words failures as ASP.NET Core does', async () => {
    const { client } = await connected(transport);

    expect(await errorOf(client.invoke('Nope'))).toBe(
      "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist.",
    );
    expect(await errorOf(client.invoke('Add', 'x', 1))).toBe("Failed to invoke 'Add' due to an error on the server.");
    expect(await errorOf(client.invoke('Add', 1))).toBe("Failed to invoke 'Add' due to an error on the server.");
    expect(await errorOf(client.invoke('Fail', 'No room'))).toBe(
      "An unexpected error occurred invoking 'Fail' on the server. HubException: No room",
    );
    expect(await errorOf(client.invoke('Crash'))).toBe("An unexpected error occurred invoking 'Crash' on the server.");
    expect(await errorOf(client.invoke('Counter', 1, 0))).toBe(
      "The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation.",
    );
    expect(client.state).toBe(HubConnectionState.Connected);
  });

  it('greets each connection with what it is authorized for', async () => {
    const hub = await hubFor({ tokenLifeSeconds: 100 });
    const ann = await signIn(hub);
    const client = clientFor(hub, ann, transport);
    const authorized = next<[{ expiresAt: number }]>(client, 'connection.authorized');
    await client.start();

    const [greeting] = await authorized;
    expect(greeting).toMatchObject({ userId: 'ann', sessionId: client.connectionId, reauth: 'call' });
    expect(greeting.expiresAt).toBeGreaterThan(Date.now());
    expect(greeting.expiresAt).toBeLessThanOrEqual(Date.now() + 100_000);
  });

  it('sends the event of SendMe before its completion, each time', async () => {
    const { client } = await connected(transport);
    const order: string[] = [];
    client.on('ping-back', (index: number) => order.push(`event ${index}`));

    const calls = Array.from({ length: 50 }, (_, index) =>
      client.invoke('SendMe', 'ping-back', index).then(() => order.push(`result ${index}`)),
    );
    await Promise.all(calls);

    // A completion settles a promise, so its note is taken a little later than the next event's.
    for (let index = 0; index < 50; index += 1) {
      expect(order.indexOf(`event ${index}`)).toBeLessThan(order.indexOf(`result ${index}`));
    }
    expect(order.filter((entry) => entry.startsWith('event'))).toEqual(
      Array.from({ length: 50 }, (_, index) => `event ${index}`),
    );
  });

  it('sends every number of a sequence once and in order', async () => {
    const { hub, client } = await connected(transport);
    const seen: number[] = [];
    client.on('sequence', (number: number) => seen.push(number));

    expect(await admin(hub, 'sequence', { count: 500, everyMs: 1, burst: 7, paddingBytes: 100 })).toEqual({
      from: 1,
      to: 500,
    });
    await eventually(() => expect(seen.at(-1)).toBe(500));
    expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(await adminGet(hub, 'sequence')).toEqual({ last: 500, running: false });
    expect(await admin(hub, 'sequence', { count: 1, everyMs: 0 })).toEqual({ from: 501, to: 501 });
  });

  it('keeps order and bytes of large payloads', async () => {
    const { client } = await connected(transport);
    const payloads = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(100_000));

    const seen: string[] = [];
    await Promise.all(
      payloads.map((payload) => client.invoke<string>('Echo', payload).then((echo) => seen.push(echo))),
    );
    expect(new Set(seen)).toEqual(new Set(payloads));
  });

  it('is cut off without a goodbye by abort, and the client reconnects as a new connection', async () => {
    const { hub, client } = await connected(transport, {}, { reconnectDelaysMs: [0, 10, 50] });
    const before = client.connectionId;
    const reconnecting = vi.fn();
    client.onreconnecting(reconnecting);
    const reconnected = new Promise<string | undefined>((resolve) => client.onreconnected(resolve));

    expect(await admin(hub, 'cut', { connectionId: before, how: 'abort' })).toEqual({ cut: 1 });

    expect(await reconnected).not.toBe(before);
    expect(reconnecting).toHaveBeenCalledTimes(1);
    expect((await counts(hub)).connectionsTotal).toBe(2);
  });

  it('is closed for good by close, with the error that was given', async () => {
    const { hub, client } = await connected(transport, {}, { reconnectDelaysMs: [0, 10, 50] });
    const over = closed(client);

    expect(await admin(hub, 'cut', { how: 'close', error: 'Maintenance' })).toEqual({ cut: 1 });

    expect((await over)?.message).toContain('Maintenance');
    expect(client.state).toBe(HubConnectionState.Disconnected);
    expect((await counts(hub)).connections).toBe(0);
  });

  it('is asked to come back by close-reconnect', async () => {
    const { hub, client } = await connected(transport, {}, { reconnectDelaysMs: [0, 10, 50] });
    const reconnected = new Promise<string | undefined>((resolve) => client.onreconnected(resolve));

    await admin(hub, 'cut', { how: 'close-reconnect' });

    await reconnected;
    expect(await client.invoke('Add', 1, 1)).toBe(2);
  });

  it('is closed at the expiry of its token, and asked to come back', async () => {
    const { hub, ann, client } = await connected(transport, {}, { reconnectDelaysMs: [0, 10, 50] });
    const fresh = ann.token;
    await admin(hub, 'token-life', { seconds: 2 });
    // Long polls bring a token each; from now on they bring the one that soon expires.
    ann.token = (await signIn(hub)).token;
    await client.invoke('connection.reauth', ann.token);
    const reconnecting = new Promise<Error | undefined>((resolve) =>
      client.onreconnecting((error) => {
        ann.token = fresh;
        resolve(error);
      }),
    );
    const reconnected = new Promise((resolve) => client.onreconnected(resolve));

    expect((await reconnecting)?.message).toContain('Authentication expired');
    await reconnected;
    expect((await counts(hub)).connectionsTotal).toBe(2);
  });

  it('goes on with a new token after connection.reauth', async () => {
    const { hub, client } = await connected(transport, { tokenLifeSeconds: 60 });
    await admin(hub, 'token-life', { seconds: 1000 });
    const { token } = await signIn(hub);

    const { expiresAt } = await client.invoke<{ expiresAt: number }>('connection.reauth', token);

    expect(expiresAt).toBeGreaterThan(Date.now() + 900_000);
    expect((await counts(hub)).reauths).toBe(1);
  });

  it('counts one connection, and none after stop', async () => {
    const { hub, client } = await connected(transport);
    await client.invoke('Echo', 1);
    expect(await counts(hub)).toMatchObject({
      connections: 1,
      connectionsByUser: { ann: 1 },
      connectionsTotal: 1,
      handshakes: 1,
      negotiates: 1,
      invocations: 1,
      invocationsPending: 0,
      tokensIssued: 1,
      authFailures: 0,
      connectionIds: [client.connectionId],
    });

    await client.stop();
    await eventually(async () => expect((await counts(hub)).connections).toBe(0));
  });

  it('streams items, and stops when the client has enough', async () => {
    const { hub, client } = await connected(transport);
    const items: number[] = [];
    await new Promise<void>((resolve, reject) => {
      client
        .stream<number>('Counter', 5, 0)
        .subscribe({ next: (item) => items.push(item), complete: resolve, error: reject });
    });
    expect(items).toEqual([0, 1, 2, 3, 4]);

    await new Promise<void>((resolve) => {
      const subscription = client.stream<number>('Counter', 1_000_000, 1).subscribe({
        next: () => {
          subscription.dispose();
          resolve();
        },
        complete: () => undefined,
        error: () => undefined,
      });
    });
    await eventually(async () => expect((await counts(hub)).invocationsPending).toBe(0));
  });

  it('leaves no token in the access log', async () => {
    const { hub, ann, client } = await connected(transport);
    await client.invoke('Echo', 1);
    const { text } = (await adminGet(hub, 'access-log')) as { text: string };

    expect(text).toContain('POST /hubs/ops/negotiate?negotiateVersion=1 200');
    expect(text).toMatch(/\[authorization|sec-websocket-protocol/);
    for (const part of [ann.token, ...ann.token.split('.')]) expect(text).not.toContain(part);
    expect((await counts(hub)).tokensInUrl).toBe(0);
  });

  it('tells its clients to come back when it closes, and serves them again after a restart on its port', async () => {
    const { hub, client } = await connected(
      transport,
      {},
      { reconnectDelaysMs: [0, 20, 50, 100, 200, 400, 1_000, 5_000] },
    );
    const reconnecting = new Promise((resolve) => client.onreconnecting(resolve));
    const reconnected = new Promise((resolve) => client.onreconnected(resolve));

    await hub.close();
    await reconnecting;
    await hubFor({ port: hub.port, signingKey: hub.signingKey, sessions: hub.sessions });
    await reconnected;

    expect(await client.invoke('Add', 1, 2)).toBe(3);
  });

  it('does not hold up other calls behind a slow one, and drops it with its connection', async () => {
    const { hub, client } = await connected(transport);
    const slow = errorOf(client.invoke('Slow', 60_000));
    expect(await client.invoke('Add', 1, 1)).toBe(2);
    expect((await counts(hub)).invocationsPending).toBe(1);

    await client.stop();
    await slow;
    await eventually(async () => expect((await counts(hub)).invocationsPending).toBe(0));
  });
});

describe('connection.reauth', () => {
  const { WebSockets } = HttpTransportType;

  it('outlives the expiry of the first token without a new connection', async () => {
    const hub = await hubFor({ tokenLifeSeconds: 4 });
    const client = clientFor(hub, await signIn(hub), WebSockets);
    const greeted = next<[{ expiresAt: number }]>(client, 'connection.authorized');
    await client.start();
    const [{ expiresAt }] = await greeted;
    await admin(hub, 'token-life', { seconds: 1000 });
    await client.invoke('connection.reauth', (await signIn(hub)).token);

    await eventually(() => expect(Date.now()).toBeGreaterThan(expiresAt + 50));
    expect(await client.invoke('Add', 1, 1)).toBe(2);
    expect((await counts(hub)).connectionsTotal).toBe(1);
  });

  it('is announced as due by token.expiring, once and before the expiry', async () => {
    const { client } = await connected(WebSockets, { tokenLifeSeconds: 5 });
    const notices: { expiresAt: number; atMs: number }[] = [];
    client.on('token.expiring', ({ expiresAt }: { expiresAt: number }) =>
      notices.push({ expiresAt, atMs: Date.now() }),
    );

    await closed(client);
    expect(notices).toHaveLength(1);
    expect(notices[0]?.atMs).toBeLessThan(notices[0]?.expiresAt ?? 0);
  });

  it('refuses the token of another user, an expired one and nonsense, and changes nothing', async () => {
    const { hub, client } = await connected(WebSockets);
    const bob = await signIn(hub, 'bob');
    await admin(hub, 'token-life', { seconds: 0.001 });
    const expired = await signIn(hub);
    await eventually(() => expect(Date.now()).toBeGreaterThan(expiryOf(expired.token) * 1000));
    const text = "An unexpected error occurred invoking 'connection.reauth' on the server. HubException: ";

    expect(await errorOf(client.invoke('connection.reauth', bob.token))).toBe(
      `${text}AUTH_FAILED: The token belongs to another user.`,
    );
    expect(await errorOf(client.invoke('connection.reauth', expired.token))).toContain(`${text}TOKEN_EXPIRED`);
    expect(await errorOf(client.invoke('connection.reauth', 'nonsense'))).toContain(`${text}INVALID_TOKEN`);
    expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann' });
    expect(await counts(hub)).toMatchObject({ reauths: 0, authFailures: 3 });
  });
});

describe('the incident list', () => {
  async function two(): Promise<{ ann: HubConnection; bob: HubConnection }> {
    const { hub, client: ann } = await connected(HttpTransportType.WebSockets);
    const bob = clientFor(hub, await signIn(hub, 'bob'), HttpTransportType.WebSockets);
    await bob.start();
    return { ann, bob };
  }

  it('shows each change to everyone and keeps who did what', async () => {
    const { ann, bob } = await two();
    const created = next<[{ id: string }]>(bob, 'incident');
    const incident = await ann.invoke<{ id: string }>('CreateIncident', ' Feed is late ', 'critical');
    expect((await created)[0]).toEqual(incident);
    expect(incident).toMatchObject({ title: 'Feed is late', severity: 'critical', state: 'open', raisedBy: 'ann' });

    const acknowledged = next(ann, 'incident');
    await bob.invoke('AcknowledgeIncident', incident.id);
    expect((await acknowledged)[0]).toMatchObject({ id: incident.id, state: 'acknowledged', acknowledgedBy: 'bob' });

    await ann.invoke('CloseIncident', incident.id);
    expect(await bob.invoke('ListIncidents')).toMatchObject([{ id: incident.id, state: 'closed', closedBy: 'ann' }]);
  });

  it('refuses bad ids, titles and severities with a message', async () => {
    const { ann } = await two();
    const { id } = await ann.invoke<{ id: string }>('CreateIncident', 'Feed is late', 'info');
    await ann.invoke('CloseIncident', id);

    expect(await errorOf(ann.invoke('AcknowledgeIncident', 'x'))).toContain('HubException: No incident with id x');
    expect(await errorOf(ann.invoke('CloseIncident', id))).toContain(`HubException: Incident ${id} is already closed`);
    expect(await errorOf(ann.invoke('CreateIncident', '  ', 'info'))).toContain('HubException: A title');
    expect(await errorOf(ann.invoke('CreateIncident', 'x', 'huge'))).toContain('HubException: A severity');
  });

  it('gets an incident from the hub itself when a limit is passed, one for each kind until it is closed', async () => {
    const { client } = await connected(HttpTransportType.WebSockets, {
      metricIntervalMs: 20,
      alarms: { memoryShare: 0, loopDelayMs: 1e9 },
    });
    const list = (): Promise<{ id: string; state: string }[]> => client.invoke('ListIncidents');
    await eventually(async () =>
      expect(await list()).toMatchObject([{ raisedBy: 'hub', severity: 'critical', state: 'open' }]),
    );
    await client.invoke('JoinMetric', 'memory.used');
    await next(client, 'metric');
    const [first, ...others] = await list();
    expect(others).toEqual([]);

    await client.invoke('CloseIncident', first?.id);
    await eventually(async () => expect((await list()).map(({ state }) => state)).toEqual(['open', 'closed']));
  });
});

describe('the metrics', () => {
  it('are pushed as real values and kept for latecomers', async () => {
    const { client } = await connected(HttpTransportType.WebSockets, { metricIntervalMs: 20 });
    const seen = new Map<string, { value: number; unit: string }>();
    client.on('metric', (metric: { name: string; value: number; unit: string }) => seen.set(metric.name, metric));
    const names = [
      'cpu.0',
      'memory.used',
      'memory.total',
      'load.1',
      'loop.delay.p99',
      'hub.connections',
      'hub.messages',
    ];
    for (const name of names) await client.invoke('JoinMetric', name);
    await eventually(() => expect([...seen.keys()].sort()).toEqual([...names].sort()));

    for (const name of names) expect(seen.get(name)?.value).toBeGreaterThanOrEqual(0);
    expect(seen.get('hub.connections')?.value).toBe(1);
    expect(seen.get('memory.used')?.value).toBeLessThan(seen.get('memory.total')?.value ?? 0);
    const history = await client.invoke<Record<string, { atMs: number; value: number }[]>>('GetHistory');
    expect(Object.keys(history)).toEqual(expect.arrayContaining(names));
    expect(history['cpu.0']?.length).toBeGreaterThan(0);
  });
});

describe('presence', () => {
  it('tells everyone who is left when somebody comes or goes', async () => {
    const { hub, client } = await connected(HttpTransportType.WebSockets);
    const seen: unknown[] = [];
    client.on('presence', (presence: unknown) => seen.push(presence));
    const bob = clientFor(hub, await signIn(hub, 'bob'), HttpTransportType.WebSockets);
    await bob.start();
    await eventually(() => expect(seen).toContainEqual({ connections: 2, users: 2 }));
    await bob.stop();
    await eventually(() => expect(seen.at(-1)).toEqual({ connections: 1, users: 1 }));
  });
});

describe('emit', () => {
  it('reaches one user only when one is named', async () => {
    const { hub, client } = await connected(HttpTransportType.WebSockets);
    const bob = clientFor(hub, await signIn(hub, 'bob'), HttpTransportType.WebSockets);
    await bob.start();
    const heard = next(bob, 'note');
    const unheard = vi.fn();
    client.on('note', unheard);

    expect(await admin(hub, 'emit', { event: 'note', args: ['hi', 2], user: 'bob' })).toEqual({ sent: 1 });
    expect(await heard).toEqual(['hi', 2]);
    await client.invoke('Echo', 1);
    expect(unheard).not.toHaveBeenCalled();
    expect(await admin(hub, 'emit', { event: 'note', args: [] })).toEqual({ sent: 2 });
  });
});

describe('a delay of calls', () => {
  it('holds every call until its client has gone', async () => {
    const { hub, client } = await connected(HttpTransportType.WebSockets);
    await admin(hub, 'delay', { what: 'calls', ms: 600_000 });
    const mark = vi.fn();
    client.on('mark', mark);
    const calls = [1, 2, 3].map((index) => errorOf(client.invoke('SendMe', 'mark', index)));
    await eventually(async () => expect((await counts(hub)).invocationsPending).toBe(3));
    await client.stop();
    await Promise.all(calls);
    await eventually(async () => expect((await counts(hub)).invocationsPending).toBe(0));
    expect(mark).not.toHaveBeenCalled();
  });

  it('keeps their order', async () => {
    const { hub, client } = await connected(HttpTransportType.WebSockets);
    await admin(hub, 'delay', { what: 'calls', ms: 20 });
    const order: number[] = [];
    client.on('mark', (mark: number) => order.push(mark));
    await Promise.all([1, 2, 3].map((mark) => client.invoke('SendMe', 'mark', mark)));
    expect(order).toEqual([1, 2, 3]);
  });
});

/** The token's `exp`, in seconds since the epoch. */
function expiryOf(token: string): number {
  return (JSON.parse(atob(token.split('.')[1] ?? '')) as { exp: number }).exp;
}
