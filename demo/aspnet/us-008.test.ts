/** US8-7: the 19 cases of US-008 under their names, against the hub on ASP.NET Core. Skipped where there is no .NET SDK. */
import { HttpTransportType, type HubConnection } from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knock } from '../hub/testing/doors.js';
import { eventually } from '../hub/testing/eventually.js';
import { adminGet, clientFor, counts, next, signIn } from '../hub/testing/fixture.js';
import { forge } from '../hub/testing/forge.js';
import { openRawSocket, type TokenPlace } from '../hub/testing/raw-socket.js';
import { buildServer, hasDotnet } from './testing/dotnet-server.js';
import { enter, notesOf, startSecured, textOf, type SecuredHub } from './testing/secured-hub.js';

const { WebSockets } = HttpTransportType;
const HUB = '/hubs/ops';

describe.skipIf(!hasDotnet())('US-008: JWT WebSocket Authentication', () => {
  let hub: SecuredHub;
  /** For legacy clients, and with US-008's limit on failed attempts; the others here must not run into it. */
  let strict: SecuredHub;

  beforeAll(async () => {
    buildServer();
    hub = await startSecured();
    strict = await startSecured(['--allow-query-token', '--failed-attempts', '5', '--clock-tolerance', '10']);
  }, 240_000);

  afterAll(() => Promise.all([hub, strict].map((one) => one.server.stop())));

  async function connected(user = 'ann'): Promise<HubConnection> {
    const client = clientFor(hub, await signIn(hub, user), WebSockets);
    await enter(client);
    return client;
  }

  /** A WebSocket that brings its token in the way under test. @returns Whom it was let in as. */
  async function letIn(to: SecuredHub, token: string, how: TokenPlace, query?: string): Promise<unknown> {
    const socket = await openRawSocket(to, { token }, how, query);
    await eventually(() => expect(socket.greeting).not.toBeNull());
    socket.terminate();
    return (socket.greeting as { readonly userId: unknown }).userId;
  }

  describe('Valid Token Authentication', () => {
    // The parameter is the one that stock SignalR clients use, and only where the hub was told to allow it.
    it('Query parameter token (?token=...)', async () => {
      expect(await letIn(strict, (await signIn(strict)).token, 'query')).toBe('ann');
    });

    // SignalR's handshake carries no token: the subprotocol of the WebSocket is where a browser can put one.
    it('Auth object token (auth: { token: ... })', async () => {
      expect(await letIn(hub, (await signIn(hub)).token, 'subprotocol')).toBe('ann');
    });

    it('Message handling after authorization', async () => {
      const client = await connected();
      expect(await client.invoke('Echo', 'hello')).toBe('hello');
    });
  });

  describe('Token Expiration', () => {
    it("Expired token rejection (expiresIn: '-1h')", async () => {
      const token = await forge(hub.signingKey, { exp: Date.now() / 1000 - 3600 });
      expect(await knock(hub, HUB, { token })).toMatchObject({ closed: 1008, code: 'TOKEN_EXPIRED', heard: [] });
    });

    it('Past expiry timestamp rejection', async () => {
      const pastTolerance = await forge(strict.signingKey, { exp: Date.now() / 1000 - 10.5 });
      expect(await knock(strict, HUB, { token: pastTolerance })).toMatchObject({ closed: 1008, code: 'TOKEN_EXPIRED' });
      const withinTolerance = await forge(strict.signingKey, { exp: Date.now() / 1000 - 1 });
      expect(await letIn(strict, withinTolerance, 'subprotocol')).toBe('ann');
    });
  });

  describe('Missing or Invalid Token', () => {
    it('Missing token rejection', async () => {
      expect(await knock(hub, HUB, { token: null })).toMatchObject({ closed: 1008, code: 'MISSING_TOKEN', heard: [] });
    });

    it.each<[string, () => Promise<string>]>([
      ['Invalid JWT signature rejection', () => forge(new Uint8Array(32))],
      ['Malformed JWT token rejection', () => Promise.resolve('not.a.token')],
      ['Missing userId claim rejection', () => forge(hub.signingKey, { userId: undefined })],
      ['Missing type claim rejection', () => forge(hub.signingKey, { type: undefined })],
    ])('%s', async (_, make) => {
      const { connectionsTotal } = await counts(hub);
      expect(await knock(hub, HUB, { token: await make() })).toMatchObject({
        closed: 1008,
        code: 'INVALID_TOKEN',
        heard: [],
      });
      expect((await counts(hub)).connectionsTotal).toBe(connectionsTotal);
    });
  });

  describe('Token Refresh (Reauth) Flow', () => {
    it('Token refresh via connection.reauth event', async () => {
      const client = await connected();
      const { connectionsTotal } = await counts(hub);
      const exp = Math.round(Date.now() / 1000) + 1000;
      const newer = await forge(hub.signingKey, { exp });
      expect(await client.invoke('connection.reauth', newer)).toEqual({ expiresAt: exp * 1000 });
      expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann', connectionId: client.connectionId });
      expect((await counts(hub)).connectionsTotal).toBe(connectionsTotal);
    });

    it.each<[string, string, () => Promise<string>]>([
      ['Expired token rejection during reauth', 'TOKEN_EXPIRED', () => forge(hub.signingKey, { exp: 1 })],
      ['Invalid signature rejection during reauth', 'INVALID_TOKEN', () => forge(new Uint8Array(32))],
    ])('%s', async (_, code, make) => {
      const client = await connected();
      const { reauths } = await counts(hub);
      expect(await textOf(client.invoke('connection.reauth', await make()))).toContain(`HubException: ${code}: `);
      expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann' });
      expect((await counts(hub)).reauths).toBe(reauths);
    });
  });

  describe('Multi-Device Connections', () => {
    it('Same user with multiple sockets (different session IDs)', async () => {
      const mia = await signIn(hub, 'mia');
      const [phone, laptop] = [clientFor(hub, mia, WebSockets), clientFor(hub, mia, WebSockets)];
      const root = clientFor(hub, await signIn(hub, 'admin'), WebSockets, { path: '/hubs/admin' });
      const greeted = next<[{ sessionId: string }]>(laptop, 'connection.authorized');
      await Promise.all([phone, laptop, root].map(enter));
      expect((await greeted)[0].sessionId).toBe(laptop.connectionId);
      expect(laptop.connectionId).not.toBe(phone.connectionId);

      const heard = Promise.all([next(phone, 'note'), next(laptop, 'note')]);
      expect(await root.invoke('EmitToUser', 'mia', 'note', ['to all my devices'])).toBe(2);
      expect(await heard).toEqual([['to all my devices'], ['to all my devices']]);
    });

    it('Separate socket.data for different users', async () => {
      const [mia, bob] = [await connected('mia'), await connected('bob')];
      expect(await mia.invoke('WhoAmI')).toMatchObject({ userId: 'mia', connectionId: mia.connectionId });
      expect(await bob.invoke('WhoAmI')).toMatchObject({ userId: 'bob', connectionId: bob.connectionId });
      // The clients of the tests before may just be going.
      await eventually(async () =>
        expect(await adminGet(hub, 'stats')).toMatchObject({ connectionsByUser: { mia: 1, bob: 1 } }),
      );
    });
  });

  describe('Authorization Header Format', () => {
    it.each([
      ['Authorization: Bearer <token> header', 'header'],
      ['Lowercase "bearer" prefix', 'lowercase'],
    ] as const)('%s', async (_, how) => {
      expect(await letIn(hub, (await signIn(hub)).token, how)).toBe('ann');
    });

    it('Query parameter priority over header', async () => {
      const [ann, bob] = [await signIn(strict), await signIn(strict, 'bob')];
      expect(await letIn(strict, ann.token, 'header', `?access_token=${bob.token}`)).toBe('bob');
      const bad = await knock(strict, `${HUB}?access_token=not.a.token`, { token: ann.token, where: 'header' });
      expect(bad).toMatchObject({ closed: 1008, code: 'INVALID_TOKEN' });
    });
  });

  describe('Security Monitoring', () => {
    it('Failed authentication attempt tracking', async () => {
      const ann = await signIn(strict);
      // Whatever came before may have failed as well: this is about what is noted and when the address is turned away.
      const codes: (string | null)[] = [];
      while ((await notesOf(strict)).alerts.length === 0 && codes.length < 5) {
        codes.push((await knock(strict, HUB, { token: 'nonsense' })).code);
      }
      expect(new Set(codes)).toEqual(new Set(['INVALID_TOKEN']));
      const { alerts, warnings } = await notesOf(strict);
      expect(warnings.filter(({ type }) => type === 'authentication-failed')).toHaveLength(5);
      expect(alerts).toMatchObject([{ type: 'too-many-attempts', address: '127.0.0.1', level: 'alert' }]);
      const sixth = await knock(strict, HUB, { token: ann.token });
      expect(sixth).toMatchObject({ status: 429, code: 'TOO_MANY_ATTEMPTS', heard: [] });
      expect(Number(sixth.headers['retry-after'])).toBeGreaterThan(0);
    });
  });
});
