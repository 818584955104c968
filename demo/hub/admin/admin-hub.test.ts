/** STD-1 to STD-3: the hub for administrators, who gets into it, and what belongs to one user only. */
import { HttpTransportType, type HubConnection } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import type { DemoHub, HubOptions, SecurityEvent } from '../index.js';
import { TRANSPORTS } from '../testing/client.js';
import { DOORS } from '../testing/doors.js';
import { adminGet, clientFor, closed, counts, hubFor, next, post, signIn } from '../testing/fixture.js';
import { eventually } from '../testing/eventually.js';
import { forge } from '../testing/forge.js';

const { WebSockets } = HttpTransportType;
const ADMIN = '/hubs/admin';

async function setUp(options: HubOptions = {}): Promise<{ hub: DemoHub; ann: HubConnection; root: HubConnection }> {
  const hub = await hubFor(options);
  const ann = clientFor(hub, await signIn(hub), WebSockets);
  const root = clientFor(hub, await signIn(hub, 'admin'), WebSockets, { path: ADMIN });
  await ann.start();
  await root.start();
  return { hub, ann, root };
}

function textOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => (error as Error).message,
  );
}

describe('STD-1 the hub for administrators', () => {
  it.each(DOORS)('cannot be opened by others: %s', async (name, ask) => {
    const hub = await hubFor();
    const { token } = await signIn(hub);
    const answer = await ask(hub, { token }, ADMIN);
    expect(answer).toMatchObject(
      name === 'a WebSocket without negotiate'
        ? { closed: 1008, code: 'FORBIDDEN' }
        : { status: 403, code: 'FORBIDDEN' },
    );
    expect(answer.heard).toEqual([]);
    expect((await adminGet(hub, 'alerts'))['warnings']).toMatchObject([
      { type: 'access-denied', code: 'FORBIDDEN', hub: ADMIN, address: '127.0.0.1' },
    ]);
    expect(await counts(hub)).toMatchObject({ connectionsTotal: 0, handshakes: 0, webSocketUpgrades: 0 });
  });

  it.each<[string, Record<string, unknown>]>([
    ['a role of another name', { role: 'Admin' }],
    ['a list of roles', { role: ['admin'] }],
    ['roles', { roles: 'admin' }],
    ['the name only', { name: 'admin' }],
  ])('takes %s for no administrator', async (_, claims) => {
    const hub = await hubFor();
    const token = await forge(hub.signingKey, claims);
    for (const [, ask] of DOORS.slice(0, 1)) expect((await ask(hub, { token }, ADMIN)).status).toBe(403);
  });

  it.each(DOORS)('wants a token like every hub: %s', async (name, ask) => {
    const hub = await hubFor();
    const answer = await ask(hub, { token: null }, ADMIN);
    expect(answer.code).toBe('MISSING_TOKEN');
    expect(name === 'a WebSocket without negotiate' ? answer.closed : answer.status).toBe(
      name === 'a WebSocket without negotiate' ? 1008 : 401,
    );
  });

  it.each(TRANSPORTS)('is open to administrators over %s', async (_name, transport) => {
    const hub = await hubFor();
    const root = clientFor(hub, await signIn(hub, 'admin'), transport, { path: ADMIN });
    const greeted = next(root, 'connection.authorized');
    await root.start();
    expect(await greeted).toMatchObject([{ userId: 'admin', sessionId: root.connectionId }]);
    expect(await root.invoke('GetConnectionStats')).toEqual({
      connections: 0,
      users: 0,
      connectionsByUser: {},
      waiting: 0,
    });
  });

  it('is left when the role is: a newer token without it is refused', async () => {
    const { hub, root } = await setUp();
    const demoted = await forge(hub.signingKey, { sub: 'admin', userId: 'admin', name: 'admin' });
    expect(await textOf(root.invoke('connection.reauth', demoted))).toContain('HubException: FORBIDDEN: ');
    expect(await textOf(root.invoke('connection.reauth', (await signIn(hub, 'admin')).token))).toBe('ok');
  });

  it('has connections of its own, which the other hub does not serve', async () => {
    const hub = await hubFor();
    const { token } = await signIn(hub, 'admin');
    const headers = { authorization: `Bearer ${token}` };
    const { json } = await post(hub, `${ADMIN}/negotiate?negotiateVersion=1`, undefined, headers);
    const id = json['connectionToken'] as string;
    const answer = await fetch(`${hub.url}/hubs/ops?id=${id}`, { headers });
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('UNKNOWN_CONNECTION')]);
  });
});

describe('STD-1 what administrators can do', () => {
  it('read who is connected, and speak to one user or to all', async () => {
    const { ann, root } = await setUp();
    const heardByRoot = vi.fn();
    root.on('note', heardByRoot);
    expect(await root.invoke('GetConnectionStats')).toEqual({
      connections: 1,
      users: 1,
      connectionsByUser: { ann: 1 },
      waiting: 0,
    });
    const [one, all] = [next(ann, 'note'), next(ann, 'news')];
    expect(await root.invoke('EmitToUser', 'ann', 'note', [1, { a: 2 }])).toBe(1);
    expect(await root.invoke('EmitToUser', 'nobody', 'note', [])).toBe(0);
    expect(await root.invoke('EmitToAll', 'news', ['x'])).toBe(1);
    expect([await one, await all]).toEqual([[1, { a: 2 }], ['x']]);
    expect(heardByRoot).not.toHaveBeenCalled();
  });

  it.each(['connection.authorized', 'Token.Expiring', 'rate.warning', '', 'x'.repeat(201)])(
    'send %j in the name of the hub: no',
    async (event) => {
      const { root } = await setUp();
      expect(await textOf(root.invoke('EmitToAll', event, []))).toContain('HubException: ');
      expect(await textOf(root.invoke('EmitToUser', 'ann', event, []))).toContain('HubException: ');
    },
  );

  it('are not offered to users of the other hub', async () => {
    const { ann } = await setUp();
    for (const [method, ...args] of [
      ['GetAlerts'],
      ['EmitToAll', 'x', []],
      ['BlockUser', 'bob'],
      ['GetConnectionStats'],
    ]) {
      expect(await textOf(ann.invoke(method as string, ...args))).toContain('Method does not exist');
    }
  });

  it('block a user: connections end, tokens and cookies are refused, until it is taken back', async () => {
    const { hub, ann, root } = await setUp();
    const { token, cookie } = await signIn(hub);
    const over = closed(ann);
    expect(await root.invoke('BlockUser', 'ann')).toBe(1);
    expect((await over)?.message).toContain('AUTH_FAILED: This user is blocked.');
    const refused = { status: 401, json: { code: 'AUTH_FAILED' } };
    const headers = { authorization: `Bearer ${token}` };
    expect(await post(hub, '/hubs/ops/negotiate', undefined, headers)).toMatchObject(refused);
    expect(await post(hub, '/auth/refresh', undefined, { cookie })).toMatchObject(refused);
    expect(await post(hub, '/auth/sign-in', { user: 'ann' })).toMatchObject(refused);
    expect(hub.alerts()).toMatchObject([{ type: 'user-blocked', userId: 'ann', by: 'admin' }]);

    await root.invoke('UnblockUser', 'ann');
    expect((await post(hub, '/hubs/ops/negotiate', undefined, headers)).status).toBe(200);
    expect((await post(hub, '/auth/refresh', undefined, { cookie })).status).toBe(200);
    expect(await textOf(root.invoke('BlockUser', 'admin'))).toContain('You cannot block yourself.');
  });

  it('read the alerts', async () => {
    const { root } = await setUp();
    await root.invoke('BlockUser', 'zoe');
    expect(await root.invoke('GetAlerts')).toMatchObject({
      alerts: [{ type: 'user-blocked', userId: 'zoe' }],
      warnings: [],
    });
  });
});

describe('STD-2 the report of a user', () => {
  it('is for that user and for administrators', async () => {
    const { hub, ann } = await setUp();
    const bob = clientFor(hub, await signIn(hub, 'bob'), WebSockets);
    const admin = clientFor(hub, await signIn(hub, 'admin'), WebSockets);
    await Promise.all([bob.start(), admin.start()]);
    const { id } = await ann.invoke<{ id: string }>('CreateIncident', 'Feed is late', 'info');
    await bob.invoke('AcknowledgeIncident', id);
    await ann.invoke('CloseIncident', id);

    const report = { userId: 'ann', connections: 1, incidentsRaised: 1, incidentsAcknowledged: 0, incidentsClosed: 1 };
    expect(await ann.invoke('GetUserReport', 'ann')).toEqual(report);
    expect(await admin.invoke('GetUserReport', 'ann')).toEqual(report);
    for (const userId of ['ann', 'nobody', 'ANN']) {
      expect(await textOf(bob.invoke('GetUserReport', userId))).toContain(
        'HubException: FORBIDDEN: You may read your own report only.',
      );
    }
    expect((await adminGet(hub, 'alerts'))['warnings']).toMatchObject(
      [1, 2, 3].map(() => ({ type: 'access-denied', code: 'FORBIDDEN', userId: 'bob', method: 'GetUserReport' })),
    );
  });
});

describe('STD-3 the three steps', () => {
  it('connect, call, disconnect are noted with user and connection, each failure with its reason, and no token', async () => {
    const events: SecurityEvent[] = [];
    const hub = await hubFor({ onSecurityEvent: (event) => events.push(event) });
    const ann = await signIn(hub);
    const client = clientFor(hub, ann, WebSockets);
    await client.start();
    const connectionId = client.connectionId;
    await textOf(client.invoke('connection.reauth', (await signIn(hub, 'bob')).token));
    await client.stop();
    await post(hub, '/hubs/ops/negotiate', undefined, { authorization: 'Bearer nonsense' });
    await eventually(() => expect(events).toHaveLength(4));
    const who = { hub: '/hubs/ops', userId: 'ann', connectionId, address: '127.0.0.1' };
    expect(events).toEqual([
      { atMs: expect.any(Number) as number, level: 'info', type: 'connected', ...who },
      {
        atMs: expect.any(Number) as number,
        level: 'warning',
        type: 'authentication-failed',
        code: 'AUTH_FAILED',
        method: 'connection.reauth',
        ...who,
      },
      { atMs: expect.any(Number) as number, level: 'info', type: 'disconnected', ...who },
      {
        atMs: expect.any(Number) as number,
        level: 'warning',
        type: 'authentication-failed',
        code: 'INVALID_TOKEN',
        hub: '/hubs/ops',
        address: '127.0.0.1',
      },
    ]);
    for (const part of ann.token.split('.')) expect(JSON.stringify(events)).not.toContain(part);
  });
});
