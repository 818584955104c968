/** Story 25.17: nobody who has not shown a good token is in the pool or is sent anything, at any door (SR-1); failures refuse (SR-2). */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { DemoHub } from '../index.js';
import { DOORS, knock } from '../testing/doors.js';
import { adminGet, counts, hubFor, signIn } from '../testing/fixture.js';
import { forge } from '../testing/forge.js';
import { openRawSocket } from '../testing/raw-socket.js';
import { eventually } from '../testing/eventually.js';

/** Any 16 bytes. */
const KEY = Buffer.alloc(16).toString('base64');
const part = (text: string): string => Buffer.from(text).toString('base64url');
const unsigned = `${part('{"alg":"none"}')}.${part('{"userId":"ann","type":"access"}')}.`;

const BAD: readonly [name: string, code: string, make: (hub: DemoHub) => Promise<string | null>][] = [
  ['no token', 'MISSING_TOKEN', () => Promise.resolve(null)],
  ['an empty token', 'MISSING_TOKEN', () => Promise.resolve('')],
  ['null', 'INVALID_TOKEN', () => Promise.resolve('null')],
  ['a malformed token', 'INVALID_TOKEN', () => Promise.resolve('a.b.c')],
  ['an unsigned token', 'INVALID_TOKEN', () => Promise.resolve(unsigned)],
  ['a forged token', 'INVALID_TOKEN', () => forge(new Uint8Array(32))],
  ['an expired token', 'TOKEN_EXPIRED', (hub) => forge(hub.signingKey, { exp: Date.now() / 1000 - 60 })],
];

describe.each(DOORS)('SR-1 %s', (door, ask) => {
  it.each(BAD)('with %s is refused as %s, and there is nobody in the pool', async (_, code, make) => {
    const hub = await hubFor();
    const answer = await ask(hub, { token: await make(hub) });
    // What is sent to everyone now must find nobody.
    expect(hub.emitToAll('secret', 'of the others')).toBe(0);

    // Only a WebSocket without negotiate has no other way to learn why.
    expect(answer).toMatchObject(
      door === 'a WebSocket without negotiate'
        ? { status: 101, closed: 1008, code }
        : { status: 401, closed: null, code },
    );
    expect(answer.heard).toEqual([]);
    expect(hub.getConnectionStats()).toEqual({ connections: 0, users: 0, connectionsByUser: {}, waiting: 0 });
    expect(await counts(hub)).toMatchObject({
      connectionsTotal: 0,
      handshakes: 0,
      messagesSent: 0,
      messagesReceived: 0,
      webSocketUpgrades: 0,
      authFailures: 1,
    });
  });
});

it('SR-1 a good token opens the same doors, so it is the token that was missing', async () => {
  const hub = await hubFor();
  const { token } = await signIn(hub);
  const statuses = [];
  for (const [name, ask] of DOORS) {
    if (name !== 'a WebSocket without negotiate') statuses.push((await ask(hub, { token })).status);
  }
  // The connection that these name does not exist: past the token, they are told so.
  expect(statuses).toEqual([200, 404, 404, 404, 404]);
});

it('SR-1 a socket that was accepted to be closed carries a close frame and nothing else, and is given up without an answer', async () => {
  const hub = await hubFor();
  const socket = connect(hub.port, '127.0.0.1');
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  const over = new Promise((resolve) => socket.once('close', resolve));
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
  ];
  socket.write(`GET /hubs/ops HTTP/1.1\r\nHost: x\r\n${upgrade.join('\r\n')}\r\n\r\n`);
  // The close frame is never answered.
  await over;
  const [head = '', frames = ''] = Buffer.concat(pieces).toString('latin1').split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 101 /);
  const reason = 'MISSING_TOKEN: This request needs an access token.';
  expect(frames).toBe(`\x88${String.fromCharCode(2 + reason.length)}\x03\xf0${reason}`);
});

describe('SR-2 a check that throws', () => {
  const leak = 'eyJhbGciOiJIUzI1NiJ9.of.someone';

  it.each(DOORS)('refuses %s as AUTH_FAILED and repeats nothing of the error', async (door, ask) => {
    const hub = await hubFor({
      failedAttempts: { limit: 1 },
      isBlocked: () => {
        throw new Error(`the directory is down, asked with ${leak}`);
      },
    });
    const token = await forge(hub.signingKey);
    const answer = await ask(hub, { token });
    expect(answer).toMatchObject({ code: 'AUTH_FAILED', heard: [] });
    expect(door === 'a WebSocket without negotiate' ? answer.closed : answer.status).toBe(
      door === 'a WebSocket without negotiate' ? 1008 : 401,
    );
    expect(hub.getConnectionStats()).toMatchObject({ connections: 0, waiting: 0 });
    const log = JSON.stringify(await adminGet(hub, 'alerts'));
    expect(log).toContain('AUTH_FAILED');
    expect(log).not.toContain(leak);
    // It is the hub that has failed, not the client: nobody is turned away for it.
    expect(hub.alerts()).toEqual([]);
  });

  it('refuses calls, too, of those who were in before', async () => {
    let broken = false;
    const hub = await hubFor({
      isBlocked: () => {
        if (broken) throw new Error(leak);
        return false;
      },
    });
    const socket = await openRawSocket(hub, await signIn(hub));
    broken = true;
    socket.say({ type: 1, invocationId: '1', target: 'Echo', arguments: [1] });
    await eventually(() => expect(socket.heard).toHaveLength(1));
    expect(socket.heard).toEqual([
      { type: 3, invocationId: '1', error: "An unexpected error occurred invoking 'Echo' on the server." },
    ]);
  });
});

describe('SR-4 a token in the URL', () => {
  it.each(DOORS)('is refused at %s unless the hub was told to allow it', async (_, ask) => {
    const hub = await hubFor();
    const { token } = await signIn(hub);
    expect(await ask(hub, { token, where: 'query' })).toMatchObject({ status: 400, code: 'TOKEN_IN_URL', heard: [] });
    expect(await adminGet(hub, 'alerts')).toMatchObject({ warnings: [{ type: 'token-in-url' }] });
  });

  it.each(DOORS)('is looked at only where a browser can set no header: %s', async (name, ask) => {
    const hub = await hubFor({ allowQueryToken: true });
    const answer = await ask(hub, { token: 'not.a.token', where: 'query' });
    const allowed = name === 'an event stream' || name.startsWith('a WebSocket');
    expect(answer.code).toBe(allowed ? 'INVALID_TOKEN' : 'TOKEN_IN_URL');
  });

  it('that is allowed is a warning without the token, and no part of it is in the access log (US8-2)', async () => {
    const hub = await hubFor({ allowQueryToken: true });
    const { token } = await signIn(hub);
    await knock(hub, `/hubs/ops?id=none&%61ccess_token=${token}&jwt=${token}&plain=%20x`, { token: null });
    await knock(hub, `/hubs/ops?id=none&access_token=${token}`, { token: null });
    const { warnings } = await adminGet(hub, 'alerts');
    expect(warnings).toMatchObject([
      { type: 'query-token-used', hub: '/hubs/ops', address: '127.0.0.1' },
      { type: 'token-in-url' },
      { type: 'query-token-used', hub: '/hubs/ops', address: '127.0.0.1' },
    ]);
    const { text } = (await adminGet(hub, 'access-log')) as { text: string };
    expect(text).toContain('/hubs/ops?id=none&%61ccess_token=REDACTED&jwt=REDACTED&plain=%20x 400');
    expect(text).toContain('/hubs/ops?id=none&access_token=REDACTED 404');
    for (const part of [token, ...token.split('.')]) {
      expect(text).not.toContain(part);
      expect(JSON.stringify(warnings)).not.toContain(part);
    }
  });

  it('does not open the door with an empty parameter, nor hides the header with it', async () => {
    const hub = await hubFor({ allowQueryToken: true });
    const { token } = await signIn(hub);
    expect(await knock(hub, '/hubs/ops?id=none&access_token=', { token: null })).toMatchObject({
      status: 400,
      code: 'TOKEN_IN_URL',
    });
    expect(await knock(hub, '/hubs/ops?id=none&x=', { token })).toMatchObject({ status: 404 });
  });
});
