/**
 * The secured hub on ASP.NET Core over real sockets: nobody in the pool without a good token (SR-1, SR-2), the hub for administrators
 * and the filters (STD-1 to STD-3), rooms, newer tokens and limits (US8-2 to US8-5). The same cases as the Node hub has. Skipped where
 * there is no .NET SDK.
 */
import { HttpTransportType, type HubConnection } from '@microsoft/signalr';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TRANSPORTS } from '../hub/testing/client.js';
import { DOORS, knock } from '../hub/testing/doors.js';
import { eventually } from '../hub/testing/eventually.js';
import { admin, adminGet, clientFor, counts, next, post, signIn } from '../hub/testing/fixture.js';
import { forge } from '../hub/testing/forge.js';
import { openRawSocket } from '../hub/testing/raw-socket.js';
import { buildServer, hasDotnet } from './testing/dotnet-server.js';
import {
  emitToAll,
  ended,
  enter,
  notesOf,
  setClock,
  startSecured,
  textOf,
  type SecuredHub,
} from './testing/secured-hub.js';

const { WebSockets, ServerSentEvents } = HttpTransportType;
const ADMIN = '/hubs/admin';
const SKIPPING = 'a WebSocket without negotiate';
const NOBODY = { connections: 0, users: 0, connectionsByUser: {} };
const part = (text: string): string => Buffer.from(text).toString('base64url');

const BAD: readonly [name: string, code: string, make: (hub: SecuredHub) => Promise<string | null>][] = [
  ['no token', 'MISSING_TOKEN', () => Promise.resolve(null)],
  ['an empty token', 'MISSING_TOKEN', () => Promise.resolve('')],
  ['null', 'INVALID_TOKEN', () => Promise.resolve('null')],
  ['a malformed token', 'INVALID_TOKEN', () => Promise.resolve('a.b.c')],
  [
    'an unsigned token',
    'INVALID_TOKEN',
    () => Promise.resolve(`${part('{"alg":"none"}')}.${part('{"userId":"ann","type":"access"}')}.`),
  ],
  ['a forged token', 'INVALID_TOKEN', () => forge(new Uint8Array(32))],
  ['an expired token', 'TOKEN_EXPIRED', (hub) => forge(hub.signingKey, { exp: Date.now() / 1000 - 60 })],
];

describe.skipIf(!hasDotnet())('the secured hub on ASP.NET Core', () => {
  const running: SecuredHub[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'hubshare-secured-'));
  let plain: SecuredHub;

  async function start(...args: readonly string[]): Promise<SecuredHub> {
    const hub = await startSecured(args);
    running.push(hub);
    return hub;
  }

  /** For one test only, because it fills what cannot be emptied from outside. */
  async function using(args: readonly string[], act: (hub: SecuredHub) => Promise<void>): Promise<void> {
    const hub = await startSecured(args);
    try {
      await act(hub);
    } finally {
      await hub.server.stop();
    }
  }

  beforeAll(async () => {
    buildServer();
    plain = await start();
  }, 240_000);

  afterEach(async () => {
    for (const hub of running) await eventually(async () => expect(await adminGet(hub, 'stats')).toEqual(NOBODY));
  });

  afterAll(async () => {
    await Promise.all(running.map((hub) => hub.server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(DOORS)('SR-1 %s', (door, ask) => {
    it.each(BAD)('with %s is refused as %s, and there is nobody in the pool', async (_, code, make) => {
      const before = await counts(plain);
      const answer = await ask(plain, { token: await make(plain) });
      // What is sent to everyone now must find nobody.
      expect(await emitToAll(plain, 'secret', 'of the others')).toBe(0);

      // Only a WebSocket without negotiate has no other way to learn why.
      expect(answer).toMatchObject(
        door === SKIPPING ? { status: 101, closed: 1008, code } : { status: 401, closed: null, code },
      );
      if (door !== SKIPPING) expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.heard).toEqual([]);
      const { connectionsTotal, handshakes, messagesSent, messagesReceived, webSocketUpgrades, negotiates } = before;
      expect(await counts(plain)).toMatchObject({
        ...{ connectionsTotal, handshakes, messagesSent, messagesReceived, webSocketUpgrades, negotiates },
        authFailures: before.authFailures + 1,
      });
      const { warnings } = await notesOf(plain);
      expect(warnings.at(-1)).toMatchObject({ type: 'authentication-failed', code, hub: '/hubs/ops' });
    });
  });

  it('SR-1 a good token opens the same doors, so it is the token that was missing', async () => {
    const { token } = await signIn(plain);
    const statuses = [];
    for (const [name, ask] of DOORS) if (name !== SKIPPING) statuses.push((await ask(plain, { token })).status);
    // The connection that these name does not exist: past the token, they are told so.
    expect(statuses).toEqual([200, 404, 404, 404, 404]);
  });

  it('SR-1 a socket that was accepted to be closed carries a close frame and nothing else, and is given up without an answer', async () => {
    const socket = connect(Number(new URL(plain.url).port), '127.0.0.1');
    const pieces: Buffer[] = [];
    socket.on('data', (piece) => pieces.push(piece));
    socket.on('error', () => undefined);
    const over = new Promise((resolve) => socket.once('close', resolve));
    const key = Buffer.alloc(16).toString('base64');
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
    ];
    socket.write(`GET /hubs/ops HTTP/1.1\r\nHost: localhost\r\n${upgrade.join('\r\n')}\r\n\r\n`);
    // The close frame is never answered.
    await over;
    const [head = '', frames = ''] = Buffer.concat(pieces).toString('latin1').split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    const reason = 'MISSING_TOKEN: This request needs an access token.';
    expect(frames).toBe(`\x88${String.fromCharCode(2 + reason.length)}\x03\xf0${reason}`);
    const log = (await adminGet(plain, 'access-log'))['text'] as string;
    // What became of the request, not the 101.
    expect(log.trimEnd().split('\n')).toContainEqual(expect.stringMatching(/ GET \/hubs\/ops 401 \d+ms 0B \[\]$/));
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another type', { type: 'refresh' }],
    ['without a type', { type: undefined }],
    ['without a user', { userId: undefined }],
    ['of an empty user', { sub: '', userId: '' }],
    ['with a user in a list', { userId: ['ann'] }],
    ['whose subject is another', { sub: 'bob' }],
    ['without an id', { jti: undefined }],
    ["with a claim in this server's own name", { 'hubshare:role': 'admin' }],
  ])('US8-1 refuses a token %s', async (_, claims) => {
    const token = await forge(plain.signingKey, claims);
    expect(await knock(plain, '/hubs/ops', { token })).toMatchObject({ closed: 1008, code: 'INVALID_TOKEN' });
  });

  describe('SR-2 a check that throws', () => {
    let broken: SecuredHub;
    beforeAll(async () => {
      broken = await start('--blocked-users', join(folder, 'blocked.txt'), '--failed-attempts', '1');
    }, 90_000);
    beforeEach(() => rmSync(join(folder, 'blocked.txt'), { force: true }));

    it.each(DOORS)('refuses %s as AUTH_FAILED and says nothing of the error', async (door, ask) => {
      const answer = await ask(broken, { token: await forge(broken.signingKey) });
      expect(answer).toMatchObject({ code: 'AUTH_FAILED', heard: [] });
      expect(door === SKIPPING ? answer.closed : answer.status).toBe(door === SKIPPING ? 1008 : 401);
      const { alerts, warnings } = await notesOf(broken);
      expect(warnings.at(-1)).toMatchObject({ type: 'authentication-failed', code: 'AUTH_FAILED' });
      expect(JSON.stringify(warnings)).not.toContain('blocked.txt');
      // It is the hub that has failed, not the client: nobody is turned away for it.
      expect(alerts).toEqual([]);
    });

    it('refuses calls, too, of those who were in before, and lets them go on when it works again', async () => {
      writeFileSync(join(folder, 'blocked.txt'), 'zoe\n');
      const client = clientFor(broken, await signIn(broken), WebSockets);
      const greeted = next(client, 'connection.authorized');
      await client.start();
      // Until then the filter may still have to look at the connection itself.
      await greeted;
      rmSync(join(folder, 'blocked.txt'));
      expect(await textOf(client.invoke('Echo', 1))).toBe(
        "An unexpected error occurred invoking 'Echo' on the server.",
      );
      writeFileSync(join(folder, 'blocked.txt'), 'ann\n');
      expect(await textOf(client.invoke('Echo', 1))).toContain('HubException: AUTH_FAILED: This user is blocked.');
      writeFileSync(join(folder, 'blocked.txt'), '');
      expect(await textOf(client.invoke('Echo', 1))).toBe('ok');
      await client.stop();
    });
  });

  describe('SR-4 a token in the URL', () => {
    let legacy: SecuredHub;
    beforeAll(async () => {
      legacy = await start('--allow-query-token');
    }, 90_000);

    it.each(DOORS)('is refused at %s unless the hub was told to allow it', async (_, ask) => {
      const { token } = await signIn(plain);
      expect(await ask(plain, { token, where: 'query' })).toMatchObject({
        status: 400,
        code: 'TOKEN_IN_URL',
        heard: [],
      });
      expect((await notesOf(plain)).warnings.at(-1)).toMatchObject({ type: 'token-in-url', hub: '/hubs/ops' });
    });

    it.each(DOORS)('is looked at only where a browser can set no header: %s', async (name, ask) => {
      const answer = await ask(legacy, { token: 'not.a.token', where: 'query' });
      const allowed = name === 'an event stream' || name.startsWith('a WebSocket');
      expect(answer.code).toBe(allowed ? 'INVALID_TOKEN' : 'TOKEN_IN_URL');
    });

    it.each(['Access_Token', 'token'])('is not looked at under the name %s', async (name) => {
      const { token } = await signIn(legacy);
      const answer = await knock(legacy, `/hubs/ops?${name}=${token}`, { token: null });
      expect(answer).toMatchObject({ status: 400, code: 'TOKEN_IN_URL' });
    });

    it('that is allowed is a warning without the token, and no part of it is in the access log (US8-2)', async () => {
      const { token } = await signIn(legacy);
      await knock(legacy, `/hubs/ops?id=none&access_token=${token}&jwt=${token}&plain=%20x`, { token: null });
      await knock(legacy, `/hubs/ops?id=none&access_token=${token}`, { token: null });
      const { warnings } = await notesOf(legacy);
      expect(warnings.slice(-3)).toMatchObject([
        { type: 'query-token-used', hub: '/hubs/ops' },
        { type: 'token-in-url' },
        { type: 'query-token-used' },
      ]);
      const log = (await adminGet(legacy, 'access-log'))['text'] as string;
      expect(log).toContain('?id=none&access_token=REDACTED&jwt=REDACTED&plain=%20x 400 ');
      for (const secret of token.split('.')) {
        for (const text of [log, JSON.stringify(warnings), legacy.server.output()]) expect(text).not.toContain(secret);
      }
    });

    it('goes before the header', async () => {
      const [ann, bob] = [await signIn(legacy), await signIn(legacy, 'bob')];
      const socket = await openRawSocket(legacy, ann, 'header', `?access_token=${bob.token}`);
      await eventually(() => expect(socket.greeting).toMatchObject({ userId: 'bob' }));
      socket.terminate();
    });
  });

  describe('STD-1 the hub for administrators', () => {
    it.each(DOORS)('cannot be opened by others: %s', async (name, ask) => {
      const { token } = await signIn(plain);
      const before = await counts(plain);
      const answer = await ask(plain, { token }, ADMIN);
      expect(answer).toMatchObject(
        name === SKIPPING ? { closed: 1008, code: 'FORBIDDEN' } : { status: 403, code: 'FORBIDDEN' },
      );
      expect(answer.heard).toEqual([]);
      const { warnings } = await notesOf(plain);
      expect(warnings.at(-1)).toMatchObject({ type: 'access-denied', code: 'FORBIDDEN', hub: ADMIN });
      const { connectionsTotal, handshakes, webSocketUpgrades } = before;
      expect(await counts(plain)).toMatchObject({ connectionsTotal, handshakes, webSocketUpgrades });
    });

    it.each<[string, Record<string, unknown>]>([
      ['a role of another name', { role: 'Admin' }],
      ['a list of roles', { role: ['admin'] }],
      ['roles', { roles: 'admin' }],
      ['the name only', { name: 'admin' }],
    ])('takes %s for no administrator', async (_, claims) => {
      const token = await forge(plain.signingKey, claims);
      expect(await knock(plain, ADMIN, { token })).toMatchObject({ closed: 1008, code: 'FORBIDDEN' });
    });

    it.each(TRANSPORTS)('is open to administrators over %s', async (_, transport) => {
      const root = clientFor(plain, await signIn(plain, 'admin'), transport, { path: ADMIN });
      const greeted = next(root, 'connection.authorized');
      await root.start();
      expect(await greeted).toMatchObject([{ userId: 'admin', sessionId: root.connectionId }]);
      expect(await root.invoke('GetConnectionStats')).toEqual(NOBODY);
      await root.stop();
    });

    it('is left when the role is: a newer token without it is refused', async () => {
      const root = clientFor(plain, await signIn(plain, 'admin'), WebSockets, { path: ADMIN });
      await root.start();
      const demoted = await forge(plain.signingKey, { sub: 'admin', userId: 'admin', name: 'admin' });
      expect(await textOf(root.invoke('connection.reauth', demoted))).toContain('HubException: FORBIDDEN: ');
      expect(await textOf(root.invoke('connection.reauth', (await signIn(plain, 'admin')).token))).toBe('ok');
      await root.stop();
    });

    // ASP.NET Core serves a connection at the address of every hub: without this, a user who is no administrator any more could go on.
    it('has connections of its own, which the other hub does not serve', async () => {
      const box = await signIn(plain, 'admin');
      const root = clientFor(plain, box, ServerSentEvents, { path: ADMIN });
      await root.start();
      const log = (await adminGet(plain, 'access-log'))['text'] as string;
      const id = [...log.matchAll(/ GET \/hubs\/admin\?id=(\S+) 200 /g)].at(-1)?.[1] ?? '?';
      const demoted = await forge(plain.signingKey, { sub: 'admin', userId: 'admin', name: 'admin' });
      for (const [path, status] of [
        [`/hubs/ops?id=${id}`, 404],
        [`/hubs/stock?id=${id}`, 404],
        [`${ADMIN}?id=${id}`, 403],
      ] as const) {
        const call = `{"type":1,"target":"EmitToAll","arguments":["x",[]]}\u001e`;
        const headers = { authorization: `Bearer ${demoted}` };
        expect((await fetch(plain.url + path, { method: 'POST', headers, body: call })).status).toBe(status);
      }
      expect(await root.invoke('GetConnectionStats')).toEqual(NOBODY);
      await root.stop();
    });
  });

  describe('STD-1 what administrators can do', () => {
    let ann: HubConnection;
    let root: HubConnection;

    beforeEach(async () => {
      ann = clientFor(plain, await signIn(plain), WebSockets);
      root = clientFor(plain, await signIn(plain, 'admin'), WebSockets, { path: ADMIN });
      await enter(ann);
      await enter(root);
    });
    afterEach(() => Promise.all([ann.stop(), root.stop()]));

    it('read who is connected, and speak to one user or to all', async () => {
      const heardByRoot = vi.fn();
      root.on('note', heardByRoot);
      const stats = { connections: 1, users: 1, connectionsByUser: { ann: 1 } };
      expect(await root.invoke('GetConnectionStats')).toEqual(stats);
      expect(await adminGet(plain, 'stats')).toEqual(stats);
      const [one, all] = [next(ann, 'note'), next(ann, 'news')];
      expect(await root.invoke('EmitToUser', 'ann', 'note', [1, { a: 2 }])).toBe(1);
      expect(await root.invoke('EmitToUser', 'nobody', 'note', [])).toBe(0);
      expect(await root.invoke('EmitToAll', 'news', ['x'])).toBe(1);
      expect([await one, await all]).toEqual([[1, { a: 2 }], ['x']]);
      expect(heardByRoot).not.toHaveBeenCalled();
    });

    it.each([
      ['connection.authorized', 'Only the hub itself sends connection.authorized.'],
      ['Token.Expiring', 'Only the hub itself sends Token.Expiring.'],
      ['rate.warning', 'Only the hub itself sends rate.warning.'],
      ['', 'An event name has 1 to 200 characters.'],
      ['x'.repeat(201), 'An event name has 1 to 200 characters.'],
    ])('send %j in the name of the hub: no', async (event, text) => {
      expect(await textOf(root.invoke('EmitToAll', event, []))).toContain(`HubException: ${text}`);
      expect(await textOf(root.invoke('EmitToUser', 'ann', event, []))).toContain(`HubException: ${text}`);
    });

    it('are not offered to users of the other hub', async () => {
      const calls = [['GetAlerts'], ['EmitToAll', 'x', []], ['BlockUser', 'bob'], ['GetConnectionStats']] as const;
      for (const [method, ...args] of calls) {
        expect(await textOf(ann.invoke(method, ...args))).toContain('Method does not exist');
      }
    });

    it('block a user: connections end, tokens and cookies are refused, until it is taken back', async () => {
      const { token, cookie } = await signIn(plain);
      const over = ended(ann);
      expect(await root.invoke('BlockUser', 'ann')).toBe(1);
      expect((await over)?.message).toContain('AUTH_FAILED: This user is blocked.');
      const refused = { status: 401, json: { code: 'AUTH_FAILED', message: 'This user is blocked.' } };
      const headers = { authorization: `Bearer ${token}` };
      expect(await post(plain, '/hubs/ops/negotiate', undefined, headers)).toMatchObject(refused);
      expect(await post(plain, '/auth/refresh', undefined, { cookie })).toMatchObject(refused);
      expect(await post(plain, '/auth/sign-in', { user: 'ann' })).toMatchObject(refused);
      const { alerts } = await root.invoke<{ alerts: unknown[] }>('GetAlerts');
      expect(alerts.at(-1)).toMatchObject({ type: 'user-blocked', level: 'alert', userId: 'ann', by: 'admin' });

      await root.invoke('UnblockUser', 'ann');
      expect((await post(plain, '/hubs/ops/negotiate', undefined, headers)).status).toBe(200);
      expect((await post(plain, '/auth/refresh', undefined, { cookie })).status).toBe(200);
      expect(await textOf(root.invoke('BlockUser', 'admin'))).toContain('You cannot block yourself.');
    });
  });

  describe('STD-2', () => {
    it('the report of a user is for that user and for administrators', async () => {
      const clients = await Promise.all(
        ['rita', 'bob', 'admin'].map(async (user) => clientFor(plain, await signIn(plain, user), WebSockets)),
      );
      await Promise.all(clients.map((client) => client.start()));
      const [rita, bob, root] = clients as [HubConnection, HubConnection, HubConnection];
      const { id } = await rita.invoke<{ id: string }>('CreateIncident', 'Feed is late', 'info');
      await bob.invoke('AcknowledgeIncident', id);
      await rita.invoke('CloseIncident', id);

      const report = {
        ...{ userId: 'rita', connections: 1 },
        ...{ incidentsRaised: 1, incidentsAcknowledged: 0, incidentsClosed: 1 },
      };
      expect(await rita.invoke('GetUserReport', 'rita')).toEqual(report);
      expect(await root.invoke('GetUserReport', 'rita')).toEqual(report);
      for (const userId of ['rita', 'nobody', 'BOB']) {
        expect(await textOf(bob.invoke('GetUserReport', userId))).toContain(
          'HubException: FORBIDDEN: You may read your own report only.',
        );
      }
      const denied = { type: 'access-denied', code: 'FORBIDDEN', userId: 'bob', method: 'GetUserReport' };
      expect((await notesOf(plain)).warnings.slice(-3)).toMatchObject([denied, denied, denied]);
      await Promise.all(clients.map((client) => client.stop()));
    });
  });

  it('STD-3 notes each failure with its reason, on standard error too, and no token', async () => {
    const ann = await signIn(plain);
    const client = clientFor(plain, ann, WebSockets);
    await client.start();
    const { connectionId } = client;
    const bob = await signIn(plain, 'bob');
    expect(await textOf(client.invoke('connection.reauth', bob.token))).toContain(
      'HubException: AUTH_FAILED: The token belongs to another user.',
    );
    await client.stop();
    const note = { type: 'authentication-failed', code: 'AUTH_FAILED', method: 'connection.reauth', userId: 'ann' };
    const { warnings } = await notesOf(plain);
    expect(warnings.at(-1)).toMatchObject({ ...note, hub: '/hubs/ops', connectionId, address: '127.0.0.1' });
    const line = JSON.stringify(warnings.at(-1));
    await eventually(() => expect(plain.server.output().split('\n')).toContain(line));
    for (const secret of [...ann.token.split('.'), ...bob.token.split('.')]) {
      expect(plain.server.output()).not.toContain(secret);
    }
  });

  describe('US8-3 a newer token by connection.reauth', () => {
    it('keeps the connection beyond the end of the first one', async () => {
      const longer = await signIn(plain);
      const now = Date.now() / 1000;
      // Past four fifths of its life, so that the hub warns at once.
      const first = await forge(plain.signingKey, { iat: now - 60, exp: now + 4 });
      const endsAtMs = Math.round((now + 4) * 1000);
      const client = clientFor(plain, { token: first }, WebSockets);
      const over = vi.fn();
      client.onclose(over);
      const expiring = next<[{ expiresAt: number }]>(client, 'token.expiring');
      await client.start();
      // A second connection with the same token shows when the first token has ended.
      const other = clientFor(plain, { token: first }, WebSockets);
      const otherOver = ended(other);
      await other.start();
      expect((await expiring)[0].expiresAt).toBe(endsAtMs);

      const { expiresAt } = await client.invoke<{ expiresAt: number }>('connection.reauth', longer.token);
      expect(expiresAt).toBeGreaterThan(Date.now() + 200_000);
      await otherOver;
      expect(Date.now()).toBeGreaterThanOrEqual(endsAtMs);
      expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann', connectionId: client.connectionId });
      expect(over).not.toHaveBeenCalled();
      await client.stop();
    });

    it.each<[string, string, () => Promise<string | null>]>([
      ['an expired one', 'TOKEN_EXPIRED: The access token has expired.', () => forge(plain.signingKey, { exp: 1 })],
      ['a forged one', 'INVALID_TOKEN: The access token is not valid.', () => forge(new Uint8Array(32))],
      ['an empty one', 'MISSING_TOKEN: This request needs an access token.', () => Promise.resolve('')],
      ['none', 'MISSING_TOKEN: This request needs an access token.', () => Promise.resolve(null)],
    ])('refuses %s and goes on with the old one', async (_, text, make) => {
      const client = clientFor(plain, await signIn(plain), WebSockets);
      await client.start();
      const before = await counts(plain);
      expect(await textOf(client.invoke('connection.reauth', await make()))).toContain(`HubException: ${text}`);
      expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann' });
      const after = await counts(plain);
      expect([after.reauths, after.authFailures]).toEqual([before.reauths, before.authFailures + 1]);
      await client.stop();
    });

    it('that ends sooner makes the connection end sooner, on long polling too', async () => {
      const client = clientFor(plain, await signIn(plain), HttpTransportType.LongPolling);
      const over = ended(client);
      await client.start();
      const exp = Date.now() / 1000 + 3;
      await client.invoke('connection.reauth', await forge(plain.signingKey, { exp }));
      await over;
      expect(Date.now()).toBeGreaterThanOrEqual(Math.round(exp * 1000));
    });
  });

  it('US8-4 reaches all devices of a user on every transport, and nobody else', async () => {
    const ann = await signIn(plain);
    const bob = clientFor(plain, await signIn(plain, 'bob'), WebSockets);
    const root = clientFor(plain, await signIn(plain, 'admin'), WebSockets, { path: ADMIN });
    const unheard = vi.fn();
    bob.on('note', unheard);
    const devices = TRANSPORTS.map(([, transport]) => clientFor(plain, ann, transport));
    for (const client of [...devices, bob, root]) await enter(client);
    const stats = { connections: 4, users: 2, connectionsByUser: { ann: 3, bob: 1 } };
    expect(await root.invoke('GetConnectionStats')).toEqual(stats);
    // Rooms of users are no topics.
    expect((await counts(plain)).topicMembers).toBe(0);

    const heard = devices.map((client) => next(client, 'note'));
    expect(await root.invoke('EmitToUser', 'ann', 'note', ['a', 1])).toBe(3);
    expect(await Promise.all(heard)).toEqual(devices.map(() => ['a', 1]));
    await bob.invoke('Echo', 1);
    expect(unheard).not.toHaveBeenCalled();

    await devices[0]?.stop();
    await eventually(async () => expect(await root.invoke('EmitToUser', 'ann', 'note', [])).toBe(2));
    await Promise.all([...devices, bob, root].map((client) => client.stop()));
  });

  describe('US8-5 ten calls a second', () => {
    let limited: SecuredHub;
    beforeAll(async () => {
      limited = await start('--messages-per-second', '10');
    }, 90_000);
    // Far apart, so that no test sees the calls of the one before.
    let nowMs = 1_000_000;
    beforeEach(() => setClock(limited, (nowMs += 60_000)));

    it.each(TRANSPORTS)('are granted over %s; more are refused with when to come again', async (_, transport) => {
      const client = clientFor(limited, await signIn(limited), transport);
      await client.start();
      const warned = next(client, 'rate.warning');
      for (let call = 0; call < 10; call += 1) expect(await client.invoke('Echo', call)).toBe(call);
      await setClock(limited, nowMs + 400);
      const text = "An unexpected error occurred invoking 'Echo' on the server. HubException: RATE_LIMITED: ";
      expect(await textOf(client.invoke('Echo', 1))).toBe(
        `${text}More than 10 calls in a second. Try again in 600 ms.`,
      );
      expect(await warned).toEqual([{ limit: 10, windowMs: 1000, retryAfterMs: 600 }]);
      expect((await notesOf(limited)).warnings.at(-1)).toMatchObject({ type: 'rate-limited', userId: 'ann' });
      await setClock(limited, nowMs + 1000);
      expect(await client.invoke('Echo', 'again')).toBe('again');
      await client.stop();
    });

    it('count a user over all devices, streams too, and other users and newer tokens not at all', async () => {
      const ann = await signIn(limited);
      const [phone, laptop] = [clientFor(limited, ann, WebSockets), clientFor(limited, ann, WebSockets)];
      const bob = clientFor(limited, await signIn(limited, 'bob'), WebSockets);
      const warnings = vi.fn();
      for (const client of [phone, laptop]) client.on('rate.warning', warnings);
      await Promise.all([phone, laptop, bob].map((client) => client.start()));
      for (let call = 0; call < 5; call += 1) {
        expect(await textOf(phone.invoke('Echo', 1))).toBe('ok');
        expect(await textOf(laptop.invoke('Echo', 1))).toBe('ok');
      }
      expect(await textOf(laptop.invoke('Echo', 1))).toContain('RATE_LIMITED');
      const streamed = await new Promise<string>((resolve) =>
        phone.stream('Counter', 1, 0).subscribe({
          next: () => undefined,
          complete: () => resolve('ok'),
          error: (error: Error) => resolve(error.message),
        }),
      );
      expect(streamed).toContain('RATE_LIMITED');
      expect(await textOf(phone.invoke('connection.reauth', ann.token))).toBe('ok');
      expect(await textOf(bob.invoke('Echo', 1))).toBe('ok');
      // One warning in a second, to the first that was refused.
      expect(warnings).toHaveBeenCalledTimes(1);
      await Promise.all([phone, laptop, bob].map((client) => client.stop()));
    });
  });

  describe('US8-5 five failed attempts in fifteen minutes', () => {
    it('close every door to the address, also for good tokens, until the first is fifteen minutes old', async () => {
      await using(['--failed-attempts', '5'], async (hub) => {
        const ann = await signIn(hub);
        const client = clientFor(hub, ann, WebSockets);
        const polling = clientFor(hub, ann, HttpTransportType.LongPolling);
        await client.start();
        await polling.start();
        await setClock(hub, 1_000_000);
        for (const [index, [, ask]] of DOORS.slice(0, 5).entries()) {
          await ask(hub, { token: 'nonsense' });
          // A success in between makes nothing good.
          if (index < 4) expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(404);
        }
        const alert = { type: 'too-many-attempts', address: '127.0.0.1', atMs: 1_000_000 };
        expect((await notesOf(hub)).alerts).toMatchObject([alert]);
        for (const [, ask] of DOORS) {
          const answer = await ask(hub, { token: ann.token });
          expect(answer).toMatchObject({ status: 429, code: 'TOO_MANY_ATTEMPTS', heard: [] });
          expect(answer.headers).toMatchObject({ 'retry-after': '900', 'cache-control': 'no-store' });
          expect(answer.headers['www-authenticate']).toBeUndefined();
        }
        // Who is in stays in.
        for (const one of [client, polling]) expect(await one.invoke('Echo', 1)).toBe(1);

        await setClock(hub, 1_000_000 + 15 * 60_000 - 1);
        expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(429);
        await setClock(hub, 1_000_000 + 15 * 60_000);
        expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(404);
        expect((await notesOf(hub)).alerts).toHaveLength(1);
        await Promise.all([client.stop(), polling.stop()]);
      });
    });

    it('do not count what the hub refuses on purpose, nor a denied access', async () => {
      await using(['--failed-attempts', '1'], async (hub) => {
        const ann = await signIn(hub);
        await admin(hub, 'refuse-tokens', { on: true });
        expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(401);
        await admin(hub, 'refuse-tokens', { on: false });
        expect((await knock(hub, `${ADMIN}?id=x`, { token: ann.token })).status).toBe(403);
        expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token, where: 'query' })).status).toBe(400);
        expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(404);
      });
    });

    it('by connection.reauth close the connection that makes them', async () => {
      await using(['--failed-attempts', '3'], async (hub) => {
        const client = clientFor(hub, await signIn(hub), WebSockets);
        const over = ended(client);
        await client.start();
        for (let attempt = 0; attempt < 2; attempt += 1) {
          expect(await textOf(client.invoke('connection.reauth', 'nonsense'))).toContain('INVALID_TOKEN');
        }
        await textOf(client.invoke('connection.reauth', 'nonsense'));
        expect((await over)?.message).toContain('Connection closed with an error.');
        expect((await notesOf(hub)).warnings).toHaveLength(3);
      });
    });
  });
});
