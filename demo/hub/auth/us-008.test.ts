/** US8-7: the 19 cases of US-008 under their names, against this hub. What Socket.IO calls differently is said in each. */
import { HttpTransportType, type HubConnection } from '@microsoft/signalr';
import { describe, expect, it } from 'vitest';
import type { DemoHub, HubOptions } from '../index.js';
import { knock } from '../testing/doors.js';
import { admin, clientFor, counts, hubFor, next, signIn, type SignedIn } from '../testing/fixture.js';
import { forge } from '../testing/forge.js';
import { openRawSocket } from '../testing/raw-socket.js';
import { eventually } from '../testing/eventually.js';

const { WebSockets } = HttpTransportType;

async function connected(
  options: HubOptions = {},
  user = 'ann',
): Promise<{ hub: DemoHub; ann: SignedIn; client: HubConnection }> {
  const hub = await hubFor(options);
  const ann = await signIn(hub, user);
  const client = clientFor(hub, ann, WebSockets);
  await client.start();
  return { hub, ann, client };
}

/** A WebSocket that brings its token in the way under test and stays open if it is let in. */
async function letIn(
  hub: DemoHub,
  token: string,
  how: 'query' | 'header' | 'lowercase' | 'subprotocol',
): Promise<boolean> {
  const socket = await openRawSocket(hub, { token }, how);
  await eventually(() => expect(socket.greeting).not.toBeNull());
  const { userId } = socket.greeting as { userId: string };
  socket.terminate();
  return userId === 'ann';
}

describe('US-008: JWT WebSocket Authentication', () => {
  describe('Valid Token Authentication', () => {
    // The parameter is the one that stock SignalR clients use, and only where the hub was told to allow it.
    it('Query parameter token (?token=...)', async () => {
      const hub = await hubFor({ allowQueryToken: true });
      expect(await letIn(hub, (await signIn(hub)).token, 'query')).toBe(true);
    });

    // SignalR's handshake carries no token: the subprotocol of the WebSocket is where a browser can put one.
    it('Auth object token (auth: { token: ... })', async () => {
      const hub = await hubFor();
      expect(await letIn(hub, (await signIn(hub)).token, 'subprotocol')).toBe(true);
    });

    it('Message handling after authorization', async () => {
      const { client } = await connected();
      expect(await client.invoke('Echo', 'hello')).toBe('hello');
    });
  });

  describe('Token Expiration', () => {
    it("Expired token rejection (expiresIn: '-1h')", async () => {
      const hub = await hubFor({ clockToleranceSeconds: 10 });
      const token = await forge(hub.signingKey, { exp: Date.now() / 1000 - 3600 });
      expect(await knock(hub, '/hubs/ops', { token })).toMatchObject({
        closed: 1008,
        code: 'TOKEN_EXPIRED',
        heard: [],
      });
    });

    it('Past expiry timestamp rejection', async () => {
      const hub = await hubFor({ clockToleranceSeconds: 10 });
      const pastTolerance = await forge(hub.signingKey, { exp: Date.now() / 1000 - 10.5 });
      expect(await knock(hub, '/hubs/ops', { token: pastTolerance })).toMatchObject({
        closed: 1008,
        code: 'TOKEN_EXPIRED',
      });
      const withinTolerance = await forge(hub.signingKey, { exp: Date.now() / 1000 - 1 });
      expect(await letIn(hub, withinTolerance, 'subprotocol')).toBe(true);
    });
  });

  describe('Missing or Invalid Token', () => {
    it('Missing token rejection', async () => {
      const hub = await hubFor();
      expect(await knock(hub, '/hubs/ops', { token: null })).toMatchObject({
        closed: 1008,
        code: 'MISSING_TOKEN',
        heard: [],
      });
    });

    it.each<[string, (hub: DemoHub) => Promise<string>]>([
      ['Invalid JWT signature rejection', () => forge(new Uint8Array(32))],
      ['Malformed JWT token rejection', () => Promise.resolve('not.a.token')],
      ['Missing userId claim rejection', (hub) => forge(hub.signingKey, { userId: undefined })],
      ['Missing type claim rejection', (hub) => forge(hub.signingKey, { type: undefined })],
    ])('%s', async (_, make) => {
      const hub = await hubFor();
      const token = await make(hub);
      expect(await knock(hub, '/hubs/ops', { token })).toMatchObject({
        closed: 1008,
        code: 'INVALID_TOKEN',
        heard: [],
      });
      expect(hub.getConnectionStats()).toMatchObject({ connections: 0, waiting: 0 });
    });
  });

  describe('Token Refresh (Reauth) Flow', () => {
    it('Token refresh via connection.reauth event', async () => {
      const { hub, client } = await connected({ tokenLifeSeconds: 60 });
      const id = client.connectionId;
      await admin(hub, 'token-life', { seconds: 1000 });
      const { expiresAt } = await client.invoke<{ expiresAt: number }>('connection.reauth', (await signIn(hub)).token);
      expect(expiresAt).toBeGreaterThan(Date.now() + 900_000);
      expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann', connectionId: id });
      expect((await counts(hub)).connectionsTotal).toBe(1);
    });

    it.each<[string, string, (hub: DemoHub) => Promise<string>]>([
      ['Expired token rejection during reauth', 'TOKEN_EXPIRED', (hub) => forge(hub.signingKey, { exp: 1 })],
      ['Invalid signature rejection during reauth', 'INVALID_TOKEN', () => forge(new Uint8Array(32))],
    ])('%s', async (_, code, make) => {
      const { hub, client } = await connected();
      await expect(client.invoke('connection.reauth', await make(hub))).rejects.toThrow(`HubException: ${code}: `);
      expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann' });
      expect(await counts(hub)).toMatchObject({ reauths: 0, authFailures: 1, connections: 1 });
    });
  });

  describe('Multi-Device Connections', () => {
    it('Same user with multiple sockets (different session IDs)', async () => {
      const { hub, ann, client: phone } = await connected();
      const laptop = clientFor(hub, ann, WebSockets);
      const greeted = next<[{ sessionId: string }]>(laptop, 'connection.authorized');
      await laptop.start();
      expect((await greeted)[0].sessionId).toBe(laptop.connectionId);
      expect(laptop.connectionId).not.toBe(phone.connectionId);

      const heard = Promise.all([next(phone, 'note'), next(laptop, 'note')]);
      expect(hub.emitToUser('ann', 'note', 'to all my devices')).toBe(2);
      expect(await heard).toEqual([['to all my devices'], ['to all my devices']]);
    });

    it('Separate socket.data for different users', async () => {
      const { hub, client } = await connected();
      const bob = clientFor(hub, await signIn(hub, 'bob'), WebSockets);
      await bob.start();
      expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann', connectionId: client.connectionId });
      expect(await bob.invoke('WhoAmI')).toMatchObject({ userId: 'bob', connectionId: bob.connectionId });
      expect(hub.getConnectionStats()).toEqual({
        connections: 2,
        users: 2,
        connectionsByUser: { ann: 1, bob: 1 },
        waiting: 0,
      });
    });
  });

  describe('Authorization Header Format', () => {
    it.each([
      ['Authorization: Bearer <token> header', 'header'],
      ['Lowercase "bearer" prefix', 'lowercase'],
    ] as const)('%s', async (_, how) => {
      const hub = await hubFor();
      expect(await letIn(hub, (await signIn(hub)).token, how)).toBe(true);
    });

    it('Query parameter priority over header', async () => {
      const hub = await hubFor({ allowQueryToken: true });
      const [ann, bob] = [await signIn(hub), await signIn(hub, 'bob')];
      const socket = await openRawSocket(hub, ann, 'header', `?access_token=${bob.token}`);
      await eventually(() => expect(socket.greeting).toMatchObject({ userId: 'bob' }));
      const bad = await knock(hub, '/hubs/ops?access_token=not.a.token', { token: ann.token, where: 'header' });
      expect(bad).toMatchObject({ closed: 1008, code: 'INVALID_TOKEN' });
    });
  });

  describe('Security Monitoring', () => {
    it('Failed authentication attempt tracking', async () => {
      const hub = await hubFor({ failedAttempts: {} });
      const ann = await signIn(hub);
      for (let attempt = 1; attempt <= 4; attempt += 1) {
        expect((await knock(hub, '/hubs/ops', { token: 'nonsense' })).code).toBe('INVALID_TOKEN');
      }
      expect(hub.alerts()).toEqual([]);
      await knock(hub, '/hubs/ops', { token: 'nonsense' });
      expect(hub.alerts()).toMatchObject([{ type: 'too-many-attempts', address: '127.0.0.1', level: 'alert' }]);
      const sixth = await knock(hub, '/hubs/ops', { token: ann.token });
      expect(sixth).toMatchObject({ status: 429, code: 'TOO_MANY_ATTEMPTS', heard: [] });
      expect(Number(sixth.headers['retry-after'])).toBeGreaterThan(14 * 60);
    });
  });
});
