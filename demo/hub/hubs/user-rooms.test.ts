/** US8-3 and US8-4: what a connection is told of itself, what cannot be changed about it, and the room of each user. */
import { HttpTransportType } from '@microsoft/signalr';
import { expect, it, vi } from 'vitest';
import { createServiceTokens } from '../auth/service-tokens.js';
import { createTokens, type Principal } from '../auth/tokens.js';
import { createConnection } from '../connections/connection.js';
import { createCounters } from '../counters.js';
import { limitsOf } from '../options.js';
import { TRANSPORTS } from '../testing/client.js';
import { adminGet, clientFor, counts, hubFor, next, signIn } from '../testing/fixture.js';
import { eventually } from '../testing/eventually.js';

const { WebSockets } = HttpTransportType;

it('US8-4 reaches all devices of a user on every transport, and nobody else', async () => {
  const hub = await hubFor();
  const ann = await signIn(hub);
  const bob = clientFor(hub, await signIn(hub, 'bob'), WebSockets);
  const unheard = vi.fn();
  bob.on('note', unheard);
  const devices = TRANSPORTS.map(([, transport]) => clientFor(hub, ann, transport));
  for (const client of [...devices, bob]) await client.start();
  expect(hub.getConnectionStats()).toEqual({
    connections: 4,
    users: 2,
    connectionsByUser: { ann: 3, bob: 1 },
    waiting: 0,
  });
  expect(await adminGet(hub, 'stats')).toEqual(hub.getConnectionStats());

  const heard = devices.map((client) => next(client, 'note'));
  expect(hub.emitToUser('ann', 'note', 'a', 1)).toBe(3);
  expect(await Promise.all(heard)).toEqual([
    ['a', 1],
    ['a', 1],
    ['a', 1],
  ]);
  await bob.invoke('Echo', 1);
  expect(unheard).not.toHaveBeenCalled();

  const all = [...devices, bob].map((client) => next(client, 'news'));
  expect(hub.emitToAll('news', 'x')).toBe(4);
  await Promise.all(all);
});

it('US8-4 forgets a device that has gone, and the room with the last one', async () => {
  const hub = await hubFor();
  const ann = await signIn(hub);
  const devices = [clientFor(hub, ann, WebSockets), clientFor(hub, ann, WebSockets)];
  for (const client of devices) await client.start();
  await devices[0]?.stop();
  await eventually(() => expect(hub.emitToUser('ann', 'note')).toBe(1));
  await devices[1]?.stop();
  await eventually(() =>
    expect(hub.getConnectionStats()).toEqual({ connections: 0, users: 0, connectionsByUser: {}, waiting: 0 }),
  );
  expect(hub.emitToUser('ann', 'note')).toBe(0);
  expect(hub.emitToUser('constructor', 'note')).toBe(0);
});

it('US8-4 rooms are none of the metrics that tests count', async () => {
  const hub = await hubFor();
  const client = clientFor(hub, await signIn(hub), WebSockets);
  await client.start();
  expect(await counts(hub)).toMatchObject({ topicMembers: 0, topicJoins: 0 });
});

it('US8-3 tells who it is for and until when, and announces the end of the token before it comes', async () => {
  const hub = await hubFor({ tokenLifeSeconds: 5 });
  const client = clientFor(hub, await signIn(hub), WebSockets);
  const greeted = next<[{ userId: string; sessionId: string; expiresAt: number }]>(client, 'connection.authorized');
  const expiring = next<[{ expiresAt: number }]>(client, 'token.expiring');
  await client.start();
  const [{ userId, sessionId, expiresAt }] = await greeted;
  expect([userId, sessionId]).toEqual(['ann', client.connectionId]);
  expect((await expiring)[0]).toEqual({ expiresAt });
  expect(Date.now()).toBeLessThan(expiresAt);
});

it('US8-3 says so five minutes ahead for a long-lived token, a fifth of its life ahead for a short one', () => {
  vi.useFakeTimers();
  try {
    for (const [lifeMs, aheadMs] of [
      [2 * 3_600_000, 300_000],
      [100_000, 20_000],
    ] as const) {
      const { sent } = liveConnection({ lifeMs });
      const expiring = (): number => sent.filter((text) => text.includes('token.expiring')).length;
      vi.advanceTimersByTime(lifeMs - aheadMs - 1);
      expect(expiring()).toBe(0);
      vi.advanceTimersByTime(1);
      expect(expiring()).toBe(1);
    }
  } finally {
    vi.useRealTimers();
  }
});

it('US8-3 keeps what a connection is, whatever a caller tries', async () => {
  const { connection, principal } = liveConnection({ lifeMs: 60_000 });
  expect(() => ((connection.principal as { userId: string }).userId = 'admin')).toThrow(TypeError);
  expect(() => ((connection as { principal: Principal }).principal = { ...principal, role: 'admin' })).toThrow(
    TypeError,
  );
  expect(() => connection.adopt({ ...principal, userId: 'bob' })).toThrow('stays with its user');
  expect(connection.principal).toBe(principal);
  connection.abort();

  const hub = await hubFor();
  const client = clientFor(hub, await signIn(hub), WebSockets);
  await client.start();
  expect(await client.invoke('WhoAmI')).toEqual({ userId: 'ann', name: 'ann', connectionId: client.connectionId });
});

it('US8-3 what a token says is frozen before anyone gets it', async () => {
  const hub = await hubFor();
  const signer = { signingKey: hub.signingKey, clockToleranceMs: 0, lifeSeconds: () => 60, refusing: () => false };
  const tokens = createTokens({ ...signer, onIssued: () => undefined });
  const { accessToken } = await tokens.issue('ann');
  const principal = await tokens.verify(accessToken);
  expect(Object.isFrozen(principal)).toBe(true);
  const services = createServiceTokens(signer);
  expect(Object.isFrozen(await services.verify(await services.issue(principal)))).toBe(true);
});

/** A connection on a transport that only takes notes. */
function liveConnection({ lifeMs }: { readonly lifeMs: number }) {
  const sent: string[] = [];
  const now = Date.now();
  const principal: Principal = Object.freeze({
    userId: 'ann',
    name: 'ann',
    role: 'user' as const,
    issuedAtMs: now,
    expiresAtMs: now + lifeMs,
  });
  const nothing = (): void => undefined;
  const connection = createConnection(
    { id: 'public', token: 'secret', principal, address: '127.0.0.1' },
    {
      limits: limitsOf({ clientTimeoutMs: 1e9, keepAliveMs: 1e9 }),
      counters: createCounters(),
      clockToleranceMs: 0,
      closeOnExpiry: false,
      onLive: nothing,
      onMessage: nothing,
      onOver: nothing,
      onForgotten: nothing,
    },
  );
  connection.attach(() => ({
    name: 'WebSockets',
    noticesLoss: true,
    send: (payload) => void sent.push(String(payload)),
    end: nothing,
    abort: nothing,
    done: Promise.resolve(),
  }));
  connection.receive(Buffer.from('{"protocol":"json","version":1}\u001e'));
  return { connection, principal, sent };
}
