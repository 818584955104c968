/** US8-5 and STD-2 over real sockets: how often a user may call, how often an address may fail, and what is checked before each call. */
import { HttpTransportType, type HubConnection } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import { startHub, type DemoHub, type HubOptions } from '../index.js';
import { TRANSPORTS } from '../testing/client.js';
import { DOORS, knock } from '../testing/doors.js';
import { admin, adminGet, clientFor, closed, counts, hubFor, next, signIn, type SignedIn } from '../testing/fixture.js';
import { forge } from '../testing/forge.js';
import { eventually } from '../testing/eventually.js';

const { WebSockets } = HttpTransportType;

interface Setup {
  readonly hub: DemoHub;
  readonly ann: SignedIn;
  readonly client: HubConnection;
  readonly clock: { nowMs: number };
}

async function setUp(options: HubOptions, transport: HttpTransportType = WebSockets): Promise<Setup> {
  const clock = { nowMs: 1_000_000 };
  const hub = await hubFor({ now: () => clock.nowMs, ...options });
  const ann = await signIn(hub);
  const client = clientFor(hub, ann, transport);
  await client.start();
  return { hub, ann, client, clock };
}

function textOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => (error as Error).message,
  );
}

describe.each(TRANSPORTS)('US8-5 ten calls a second, over %s', (_name, transport) => {
  it('are granted; more are refused with when to come again, and warned of', async () => {
    const { hub, client, clock } = await setUp({ messagesPerSecond: 10 }, transport);
    const warned = next(client, 'rate.warning');
    for (let call = 0; call < 10; call += 1) expect(await client.invoke('Echo', call)).toBe(call);
    clock.nowMs += 400;
    const text = "An unexpected error occurred invoking 'Echo' on the server. HubException: RATE_LIMITED: ";
    expect(await textOf(client.invoke('Echo', 1))).toBe(`${text}More than 10 calls in a second. Try again in 600 ms.`);
    expect(await warned).toEqual([{ limit: 10, windowMs: 1000, retryAfterMs: 600 }]);
    expect((await adminGet(hub, 'alerts'))['warnings']).toMatchObject([{ type: 'rate-limited', userId: 'ann' }]);

    clock.nowMs += 600;
    expect(await client.invoke('Echo', 'again')).toBe('again');
  });
});

describe('US8-5 the limit on calls', () => {
  it('counts a user over all devices, and other users not at all', async () => {
    const { hub, ann, client } = await setUp({ messagesPerSecond: 2 });
    const laptop = clientFor(hub, ann, WebSockets);
    const bob = clientFor(hub, await signIn(hub, 'bob'), WebSockets);
    await Promise.all([laptop.start(), bob.start()]);
    expect(await textOf(client.invoke('Echo', 1))).toBe('ok');
    expect(await textOf(laptop.invoke('Echo', 1))).toBe('ok');
    expect(await textOf(laptop.invoke('Echo', 1))).toContain('RATE_LIMITED');
    expect(await textOf(client.invoke('Echo', 1))).toContain('RATE_LIMITED');
    expect(await textOf(bob.invoke('Echo', 1))).toBe('ok');
  });

  it('is not escaped by a new connection, by streams, by methods that do not exist, or by calls without an answer', async () => {
    const { hub, ann, client } = await setUp({ messagesPerSecond: 4 });
    await client.send('Echo', 1);
    expect(await textOf(client.invoke('Nope'))).toContain('Method does not exist');
    await new Promise((resolve) =>
      client
        .stream('Counter', 1, 0)
        .subscribe({ next: () => undefined, complete: () => resolve(null), error: resolve }),
    );
    const again = clientFor(hub, ann, WebSockets);
    await again.start();
    expect(await textOf(again.invoke('Echo', 1))).toBe('ok');
    expect(await textOf(again.invoke('Echo', 1))).toContain('RATE_LIMITED');
    const ended = await new Promise<unknown>((resolve) =>
      again.stream('Counter', 1, 0).subscribe({ next: () => undefined, complete: () => resolve(null), error: resolve }),
    );
    expect(String(ended)).toContain('RATE_LIMITED');
    expect(await counts(hub)).toMatchObject({ streamsOpen: 0, invocationsPending: 0, uploadsOpen: 0 });
  });

  it('does not run what it refuses, and warns once a second', async () => {
    const { client } = await setUp({ messagesPerSecond: 1 });
    const warned = vi.fn();
    const marked = vi.fn();
    client.on('rate.warning', warned);
    client.on('mark', marked);
    const calls = await Promise.all(Array.from({ length: 50 }, () => textOf(client.invoke('SendMe', 'mark'))));
    expect(calls.filter((text) => text === 'ok')).toHaveLength(1);
    expect(marked).toHaveBeenCalledTimes(1);
    expect(warned).toHaveBeenCalledTimes(1);
  });

  it('lets a user who calls too often stay signed in', async () => {
    const { hub, client } = await setUp({ messagesPerSecond: 1 });
    await client.invoke('Echo', 1);
    expect(await textOf(client.invoke('Echo', 1))).toContain('RATE_LIMITED');
    expect(await textOf(client.invoke('connection.reauth', (await signIn(hub)).token))).toBe('ok');
  });

  it('is off unless it is asked for', async () => {
    const { client } = await setUp({});
    const calls = await Promise.all(Array.from({ length: 300 }, (_, index) => client.invoke<number>('Echo', index)));
    expect(calls).toHaveLength(300);
  });

  it.each([
    [{ messagesPerSecond: 0 }],
    [{ messagesPerSecond: 1.5 }],
    [{ failedAttempts: { limit: 0 } }],
    [{ failedAttempts: { windowMs: 0 } }],
  ])('refuses to start with %j', async (options) => {
    await expect(startHub(options)).rejects.toThrow(RangeError);
  });
});

describe('US8-5 five failed attempts in fifteen minutes', () => {
  it('close every door to the address, also for good tokens, until the first is fifteen minutes old', async () => {
    const { hub, ann, clock } = await setUp({ failedAttempts: {} });
    for (const [, ask] of DOORS.slice(0, 5)) await ask(hub, { token: 'nonsense' });
    expect(hub.alerts()).toMatchObject([{ type: 'too-many-attempts', address: '127.0.0.1', atMs: 1_000_000 }]);
    for (const [, ask] of DOORS) {
      const answer = await ask(hub, { token: ann.token });
      expect(answer).toMatchObject({ status: 429, code: 'TOO_MANY_ATTEMPTS', heard: [] });
      expect(answer.headers['retry-after']).toBe('900');
    }
    clock.nowMs += 15 * 60_000 - 1;
    expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(429);
    clock.nowMs += 1;
    expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(404);
    expect(hub.alerts()).toHaveLength(1);
  });

  it.each(TRANSPORTS)('disturb no connection that is up: %s', async (_name, transport) => {
    const { hub, client } = await setUp({ failedAttempts: { limit: 1 } }, transport);
    await knock(hub, '/hubs/ops', { token: 'nonsense' });
    expect((await knock(hub, '/hubs/ops', { token: null })).status).toBe(429);
    for (let call = 0; call < 5; call += 1) expect(await client.invoke('Echo', call)).toBe(call);
  });

  it('are not made good by a success in between', async () => {
    const { hub, ann } = await setUp({ failedAttempts: {} });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await knock(hub, '/hubs/ops?id=x', { token: 'nonsense' });
      if (attempt < 4) expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(404);
    }
    expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(429);
  });

  it('do not count what the hub refuses on purpose', async () => {
    const { hub, ann } = await setUp({ failedAttempts: { limit: 1 } });
    await admin(hub, 'refuse-tokens', { on: true });
    expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(401);
    await admin(hub, 'refuse-tokens', { on: false });
    expect((await knock(hub, '/hubs/ops?id=x', { token: ann.token })).status).toBe(404);
  });

  it('by connection.reauth close the connection that makes them', async () => {
    const { client, hub } = await setUp({ failedAttempts: { limit: 3 } });
    const over = closed(client);
    expect(await textOf(client.invoke('connection.reauth', 'nonsense'))).toContain('INVALID_TOKEN');
    expect(await textOf(client.invoke('connection.reauth', 'nonsense'))).toContain('INVALID_TOKEN');
    await textOf(client.invoke('connection.reauth', 'nonsense'));
    await over;
    const { warnings } = (await adminGet(hub, 'alerts')) as { warnings: unknown[] };
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatchObject({
      type: 'authentication-failed',
      code: 'INVALID_TOKEN',
      userId: 'ann',
      method: 'connection.reauth',
    });
  });
});

describe('STD-2 before each call', () => {
  it('the token must still be good, where the connection outlives it; a newer one makes calls possible again', async () => {
    const { hub, ann, client } = await setUp({ closeOnExpiry: false });
    const shortLived = await forge(hub.signingKey, { exp: Date.now() / 1000 + 2 });
    await client.invoke('connection.reauth', shortLived);
    await eventually(async () => {
      expect(await textOf(client.invoke('Echo', 1))).toContain(
        'HubException: TOKEN_EXPIRED: The access token has expired.',
      );
    });
    // Events go on: the connection was kept.
    const heard = next(client, 'note');
    expect(hub.emitToUser('ann', 'note', 1)).toBe(1);
    expect(await heard).toEqual([1]);
    await client.invoke('connection.reauth', ann.token);
    expect(await client.invoke('Echo', 2)).toBe(2);
  });

  it('the user must not be blocked', async () => {
    const blocked = new Set<string>();
    const { hub, client } = await setUp({ isBlocked: (userId) => blocked.has(userId) });
    const bob = clientFor(hub, await signIn(hub, 'bob'), WebSockets);
    await bob.start();
    blocked.add('ann');
    expect(await textOf(client.invoke('Echo', 1))).toContain('HubException: AUTH_FAILED: This user is blocked.');
    expect(await textOf(bob.invoke('Echo', 1))).toBe('ok');
  });
});
