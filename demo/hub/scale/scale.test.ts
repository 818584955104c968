/** US8-6: several hubs act as one, and one hub holds a thousand connections. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { HttpTransportType, type HubConnection } from '@microsoft/signalr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startHub, type DemoHub, type HubOptions } from '../index.js';
import { admin, clientFor, hubFor, next, signIn } from '../testing/fixture.js';
import { openRawSocket, type RawSocket } from '../testing/raw-socket.js';
import { startTinyRedis, type TinyRedis } from '../testing/tiny-redis.js';
import { eventually } from '../testing/eventually.js';
import { createRespReader, respCommand, RespError } from './resp.js';

const { WebSockets } = HttpTransportType;
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Two hubs, with one device of ann at each and bob at the second. */
async function twoHubs(
  redisUrl: string,
): Promise<{ left: DemoHub; right: DemoHub; devices: readonly HubConnection[]; bob: HubConnection }> {
  const options: HubOptions = { redisUrl, signingKey: new Uint8Array(32).fill(7) };
  const [left, right] = [await hubFor(options), await hubFor(options)];
  const ann = await signIn(left);
  const devices = [clientFor(left, ann, WebSockets), clientFor(right, ann, WebSockets)];
  const bob = clientFor(right, await signIn(right, 'bob'), WebSockets);
  for (const client of [...devices, bob]) await client.start();
  return { left, right, devices, bob };
}

async function actAsOne(redisUrl: string): Promise<void> {
  const { left, right, devices, bob } = await twoHubs(redisUrl);
  const unheard = vi.fn();
  bob.on('note', unheard);
  const notes = devices.map((client) => next(client, 'note'));
  expect(left.emitToUser('ann', 'note', 'ü', { n: 1 })).toBe(1);
  expect(await Promise.all(notes)).toEqual([
    ['ü', { n: 1 }],
    ['ü', { n: 1 }],
  ]);

  const seen: unknown[] = [];
  for (const client of [...devices, bob]) client.on('news', (value) => seen.push(value));
  right.emitToAll('news', 'x');
  await admin(left, 'emit', { event: 'news', args: ['y'] });
  await eventually(() => expect(seen.filter((value) => value === 'y')).toHaveLength(3));
  // Once each: a hub does not take its own word for another's.
  await Promise.all([...devices, bob].map((client) => client.invoke('Echo', 1)));
  expect(seen.filter((value) => value === 'x')).toHaveLength(3);
  expect(seen).toHaveLength(6);
  expect(unheard).not.toHaveBeenCalled();
}

describe('US8-6 two hubs', () => {
  // Needs a redis-server in the path.
  it.skipIf(!hasRedis)('behind a real Redis act as one', async () => actAsOne(await startRedis()));

  it('behind a server that speaks as Redis act as one', async () => actAsOne((await tinyRedis()).url));

  it('give the password first', async () => {
    const redis = await tinyRedis('p@ss w');
    await expect(startHub({ redisUrl: redis.url.replace(/:p.*@/, ':wrong@') })).rejects.toThrow('NOAUTH');
    await expect(startHub({ redisUrl: redis.url.replace(/:p.*@/, '') })).rejects.toThrow('NOAUTH');
    const hub = await hubFor({ redisUrl: redis.url.replace('p@ss w', encodeURIComponent('p@ss w')) });
    expect(redis.subscribers).toBe(1);
    await hub.close();
    await eventually(() => expect(redis.subscribers).toBe(0));
  });

  it('find each other again after Redis was gone', async () => {
    const redis = await tinyRedis();
    const { left, devices } = await twoHubs(redis.url);
    const [, far] = devices;
    const heard = vi.fn();
    far?.on('note', heard);
    redis.cut();
    await eventually(() => expect(redis.subscribers).toBe(2));
    await eventually(() => {
      left.emitToUser('ann', 'note');
      expect(heard).toHaveBeenCalled();
    });
  });

  it.each([
    '',
    'no JSON',
    'null',
    '[]',
    '{}',
    '{"hub":"/hubs/ops","event":"news","args":"x","userId":null}',
    '{"hub":1,"event":"news","args":[],"userId":null}',
    '{"hub":"/hubs/ops","event":"news","args":[],"userId":7}',
    '{"hub":"/hubs/admin","event":"news","args":[],"userId":null}',
  ])('are not harmed by %j on the channel', async (text) => {
    const redis = await tinyRedis();
    const { left, right, bob } = await twoHubs(redis.url);
    const heard: unknown[] = [];
    bob.on('news', (value) => heard.push(value));
    redis.publish(text);
    left.emitToAll('news', 'after');
    await eventually(() => expect(heard).toEqual(['after']));
    expect(right.getConnectionStats()).toMatchObject({ connections: 2 });
  });

  it('do not start without the Redis that they were given', async () => {
    const redis = await startTinyRedis();
    await redis.close();
    await expect(startHub({ redisUrl: redis.url })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('the protocol of Redis', () => {
  it('counts bytes, not characters', () => {
    expect(respCommand('PUBLISH', 'c', 'ü')).toBe('*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$2\r\nü\r\n');
  });

  it('is read however it is cut', () => {
    const bytes = Buffer.from('+OK\r\n:42\r\n$2\r\nü\r\n$-1\r\n*2\r\n$1\r\na\r\n*1\r\n:1\r\n$4\r\n\r\n\r\n\r\n');
    const expected = ['OK', 42, 'ü', null, ['a', [1]], '\r\n\r\n'];
    for (let size = 1; size <= bytes.length; size += 1) {
      const reader = createRespReader(1000);
      const values: unknown[] = [];
      for (let at = 0; at < bytes.length; at += size) values.push(...reader.push(bytes.subarray(at, at + size)));
      expect(values).toEqual(expected);
    }
  });

  it('gives errors as values, refuses what is no RESP, and what does not end', () => {
    expect(createRespReader(100).push(Buffer.from('-ERR no\r\n'))).toEqual([new RespError('ERR no')]);
    expect(() => createRespReader(100).push(Buffer.from('HTTP/1.1 400\r\n'))).toThrow(RespError);
    expect(() => createRespReader(100).push(Buffer.alloc(101, '+'))).toThrow(RespError);
  });
});

describe('US8-6 one hub', () => {
  it('holds a thousand connections, reaches each of them, and has none when they have gone', async () => {
    const users = 4;
    const each = 250;
    // These sockets never ping, as a client would.
    const hub = await hubFor({ clientTimeoutMs: 3_600_000 });
    const sockets: RawSocket[] = [];
    for (let user = 0; user < users; user += 1) {
      const box = await signIn(hub, `user-${user}`);
      sockets.push(...(await Promise.all(Array.from({ length: each }, () => openRawSocket(hub, box)))));
    }
    await eventually(() =>
      expect(hub.getConnectionStats()).toMatchObject({ connections: users * each, users, waiting: 0 }),
    );

    expect(hub.emitToAll('news', 1)).toBe(users * each);
    expect(hub.emitToUser('user-2', 'note', 2)).toBe(each);
    sockets.forEach((socket, index) => socket.say({ type: 1, invocationId: 'i', target: 'Echo', arguments: [index] }));
    await eventually(() => {
      expect(sockets.filter(({ heard }) => heard.some(({ type }) => type === 3))).toHaveLength(users * each);
    });
    const of = (target: string): number =>
      sockets.reduce((sum, { heard }) => sum + heard.filter((message) => message['target'] === target).length, 0);
    expect([of('news'), of('note')]).toEqual([users * each, each]);
    expect(sockets.every(({ heard }, index) => heard.some(({ result }) => result === index))).toBe(true);

    for (const socket of sockets) socket.terminate();
    await eventually(() =>
      expect(hub.getConnectionStats()).toEqual({ connections: 0, users: 0, connectionsByUser: {}, waiting: 0 }),
    );
  }, 120_000);
});

async function tinyRedis(password: string | null = null): Promise<TinyRedis> {
  const redis = await startTinyRedis(password);
  endings.push(() => redis.close());
  return redis;
}

/** A Redis of the test's own, without files. */
async function startRedis(): Promise<string> {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']);
  endings.push(() => gone(child));
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('redis-server did not start')));
    child.stdout.on('data', (text: Buffer) => {
      if (text.includes('Ready to accept connections')) resolve();
    });
  });
  return `redis://127.0.0.1:${port}`;
}

function gone(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null) return Promise.resolve();
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return exit;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
