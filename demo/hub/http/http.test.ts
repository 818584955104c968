import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpTransportType } from '@microsoft/signalr';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { startHub, type DemoHub } from '../index.js';
import { RECORD_SEPARATOR } from '../protocol/text-records.js';
import {
  admin,
  adminGet,
  clientFor,
  counts,
  hubFor,
  post,
  request,
  signIn,
  type SignedIn,
} from '../testing/fixture.js';
import { isHashed } from './static-files.js';
import { eventually } from '../testing/eventually.js';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'demo-hub-'));
  folders.push(made);
  return made;
}

const bearer = ({ token }: SignedIn): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function negotiated(hub: DemoHub, user: SignedIn): Promise<string> {
  return (await post(hub, '/hubs/ops/negotiate?negotiateVersion=1', undefined, bearer(user))).json[
    'connectionToken'
  ] as string;
}

type Opening =
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly protocol: string }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string;
      readonly challenge: string | undefined;
    };

/** A WebSocket without SignalR around it. */
function open(hub: DemoHub, path: string, protocols: string[] = [], options: ClientOptions = {}): Promise<Opening> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${hub.url.replace('http', 'ws')}${path}`, protocols, options);
    socket.once('open', () => resolve({ kind: 'open', socket, protocol: socket.protocol }));
    socket.on('error', () => undefined);
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () => {
        const { code } = JSON.parse(body) as { code: string };
        resolve({
          kind: 'refused',
          status: response.statusCode ?? 0,
          code,
          challenge: response.headers['www-authenticate'],
        });
      });
    });
  });
}

/** Opens one, sends text, and gives what the hub said until it closed. */
async function conversation(hub: DemoHub, user: SignedIn, ...texts: string[]): Promise<string[]> {
  const opening = await open(hub, '/hubs/ops', ['signalr', `bearer.${user.token}`]);
  if (opening.kind === 'refused') throw new Error(`refused with ${opening.status}`);
  const heard: string[] = [];
  opening.socket.on('message', (data: Buffer) => heard.push(data.toString()));
  const over = new Promise((resolve) => opening.socket.once('close', resolve));
  for (const text of texts) opening.socket.send(text);
  await over;
  return heard.join('').split(RECORD_SEPARATOR).filter(Boolean);
}

const MESSAGE_PACK_HANDSHAKE = `{"protocol":"messagepack","version":1}${RECORD_SEPARATOR}`;
const HANDSHAKE = `{"protocol":"json","version":1}${RECORD_SEPARATOR}`;

describe('negotiate', () => {
  it('offers the three transports as ASP.NET Core does', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const { json } = await post(hub, '/hubs/ops/negotiate?negotiateVersion=1', undefined, bearer(ann));
    expect(json).toEqual({
      negotiateVersion: 1,
      connectionId: expect.any(String) as string,
      connectionToken: expect.any(String) as string,
      availableTransports: [
        { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
        { transport: 'ServerSentEvents', transferFormats: ['Text'] },
        { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
      ],
    });
    expect(json['connectionId']).not.toBe(json['connectionToken']);
  });

  it('offers what the admin left on, and knows version 0', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    await admin(hub, 'transports', { webSockets: false, serverSentEvents: true, longPolling: false });
    const { json } = await post(hub, '/hubs/ops/negotiate?negotiateVersion=0', undefined, bearer(ann));
    expect(json).toEqual({
      negotiateVersion: 0,
      connectionId: expect.any(String) as string,
      availableTransports: [{ transport: 'ServerSentEvents', transferFormats: ['Text'] }],
    });
  });
});

describe('a WebSocket', () => {
  it('is told signalr and never the token', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const opening = await open(hub, `/hubs/ops?id=${await negotiated(hub, ann)}`, ['signalr', `bearer.${ann.token}`]);
    expect(opening).toMatchObject({ kind: 'open', protocol: 'signalr' });
  });

  it('may carry its token in the Authorization header instead', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const opening = await open(hub, '/hubs/ops', [], { headers: bearer(ann) });
    expect(opening).toMatchObject({ kind: 'open', protocol: '' });
  });

  it('that has negotiated is refused before the upgrade without a good token', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const missing = { kind: 'refused', status: 401, code: 'MISSING_TOKEN', challenge: 'Bearer' };
    expect(await open(hub, '/hubs/ops?id=x', ['signalr'])).toEqual(missing);
    expect(await open(hub, '/hubs/ops?id=x', ['signalr', 'bearer.'])).toEqual(missing);
    expect(await open(hub, '/hubs/ops?id=x', ['signalr', 'bearer.no'])).toMatchObject({
      status: 401,
      code: 'INVALID_TOKEN',
    });
    expect(await open(hub, `/hubs/ops?access_token=${ann.token}`, ['signalr', `bearer.${ann.token}`])).toMatchObject({
      status: 400,
      code: 'TOKEN_IN_URL',
    });
    expect(await open(hub, '/elsewhere', ['signalr', `bearer.${ann.token}`])).toMatchObject({ status: 404 });
    expect(await open(hub, '/hubs/ops?id=unknown', ['signalr', `bearer.${ann.token}`])).toMatchObject({ status: 404 });
    expect(await counts(hub)).toMatchObject({ webSocketUpgrades: 0, authFailures: 3, tokensInUrl: 1 });
  });

  it('needs the header when the admin turns the subprotocol off, as on a stock server', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    await admin(hub, 'subprotocol', { on: false });
    expect(await open(hub, '/hubs/ops?id=x', ['signalr', `bearer.${ann.token}`])).toMatchObject({
      status: 401,
      code: 'MISSING_TOKEN',
    });
    expect(await open(hub, '/hubs/ops', [], { headers: bearer(ann) })).toMatchObject({ kind: 'open' });
  });

  it('may skip negotiate', async () => {
    const hub = await hubFor();
    const client = clientFor(hub, await signIn(hub), HttpTransportType.WebSockets, { skipNegotiation: true });
    await client.start();
    expect(await client.invoke('Add', 1, 2)).toBe(3);
    expect(await counts(hub)).toMatchObject({ negotiates: 0, handshakes: 1 });
  });

  it('takes several messages in one frame and one message in several', async () => {
    const hub = await hubFor();
    const add = `{"type":1,"invocationId":"7","target":"Add","arguments":[1,2]}${RECORD_SEPARATOR}`;
    const close = `{"type":7}${RECORD_SEPARATOR}`;
    const heard = await conversation(hub, await signIn(hub), HANDSHAKE + add.slice(0, 20), add.slice(20) + close);
    expect(heard[0]).toBe('{}');
    expect(heard).toContain('{"type":3,"invocationId":"7","result":3}');
  });

  it.each<[string, string, string]>([
    ['another protocol', '{"protocol":"protobuf","version":1}', "The protocol 'protobuf' is not supported."],
    [
      'another version',
      '{"protocol":"json","version":3}',
      "The server does not support version 3 of the 'json' protocol.",
    ],
    ['no JSON', 'hello', 'An unexpected error occurred during connection handshake.'],
  ])('is closed after a handshake with %s', async (_, handshake, error) => {
    const hub = await hubFor();
    expect(await conversation(hub, await signIn(hub), handshake + RECORD_SEPARATOR)).toEqual([
      JSON.stringify({ error }),
    ]);
    expect((await counts(hub)).handshakes).toBe(0);
  });

  it.each([
    ['no JSON', '{'],
    ['no type', '{}'],
    ['no target', '{"type":1,"arguments":[]}'],
    ['a list', '[]'],
  ])('is closed after a message with %s', async (_, message) => {
    const hub = await hubFor();
    const heard = await conversation(hub, await signIn(hub), HANDSHAKE, message + RECORD_SEPARATOR);
    expect(heard.at(-1)).toBe('{"type":7,"error":"Connection closed with an error.","allowReconnect":true}');
  });

  it('speaks in binary frames after a handshake for MessagePack, the answer to it included', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const opening = await open(hub, '/hubs/ops', ['signalr', `bearer.${ann.token}`]);
    if (opening.kind === 'refused') throw new Error('refused');
    const frames: { hex: string; isBinary: boolean }[] = [];
    opening.socket.on('message', (data: Buffer, isBinary) => frames.push({ hex: data.toString('hex'), isBinary }));
    const over = new Promise((resolve) => opening.socket.once('close', resolve));
    opening.socket.send(MESSAGE_PACK_HANDSHAKE);
    // No array: the hub says goodbye in MessagePack, too.
    opening.socket.send(Buffer.from('0180', 'hex'));
    await over;

    expect(frames.every(({ isBinary }) => isBinary)).toBe(true);
    expect(frames[0]?.hex).toBe('7b7d1e');
    const error = Buffer.from('Connection closed with an error.');
    expect(frames.at(-1)?.hex).toBe(`259307d920${error.toString('hex')}c3`);
  });

  it('is closed after a message that is too long', async () => {
    const hub = await hubFor({ maxMessageBytes: 1000 });
    const heard = await conversation(hub, await signIn(hub), HANDSHAKE, 'x'.repeat(600), 'x'.repeat(600));
    expect(heard.at(-1)).toContain('"type":7');
  });

  it('is pinged when nothing else is sent, and given up when it stays silent', async () => {
    const hub = await hubFor({ keepAliveMs: 20, clientTimeoutMs: 1_000 });
    const heard = await conversation(hub, await signIn(hub), HANDSHAKE);
    expect(heard.filter((message) => message === '{"type":6}').length).toBeGreaterThan(2);
    expect(heard.at(-1)).toBe('{"type":7,"error":"Connection closed with an error.","allowReconnect":true}');
  });

  it('is cut off when its client does not read', async () => {
    const hub = await hubFor({ maxBufferedBytes: 1_000_000 });
    const ann = await signIn(hub);
    const opening = await open(hub, '/hubs/ops', ['signalr', `bearer.${ann.token}`]);
    if (opening.kind === 'refused') throw new Error('refused');
    opening.socket.send(HANDSHAKE);
    await eventually(async () => expect((await counts(hub)).connections).toBe(1));
    opening.socket.pause();

    await eventually(
      async () => {
        await admin(hub, 'emit', { event: 'flood', args: ['x'.repeat(900_000)] });
        expect((await counts(hub)).connections).toBe(0);
      },
      { interval: 1 },
    );
    opening.socket.terminate();
  });
});

describe('polls and streams', () => {
  it('answers the first poll at once, holds the second, and ends it when a third comes', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
    const poll = (): Promise<number> =>
      request(hub, 'GET', path, { headers: bearer(ann) }).then(({ status }) => status);

    expect(await poll()).toBe(200);
    const second = poll();
    await eventually(async () => expect((await counts(hub)).longPolls).toBe(2));
    const third = request(hub, 'GET', path, { headers: bearer(ann) });
    expect(await second).toBe(204);
    await request(hub, 'POST', path, { headers: bearer(ann), body: HANDSHAKE });
    expect((await third).json['text']).toContain('{}\u001e');
  });

  it('answers an idle poll with nothing after the poll timeout', async () => {
    const hub = await hubFor({ pollTimeoutMs: 30 });
    const ann = await signIn(hub);
    const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
    for (const _ of [1, 2, 3]) {
      const { status, json } = await request(hub, 'GET', path, { headers: bearer(ann) });
      expect([status, json['text']]).toEqual([200, '']);
    }
  });

  it('forgets a connection that is not used in time, and a long-polling one that stops asking', async () => {
    const hub = await hubFor({ disconnectTimeoutMs: 30 });
    const ann = await signIn(hub);
    const unused = `/hubs/ops?id=${await negotiated(hub, ann)}`;
    // On a busy machine the time may be over before the first poll is there: then once more.
    const silent = await eventually(async () => {
      const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
      expect((await request(hub, 'GET', path, { headers: bearer(ann) })).status).toBe(200);
      return path;
    });
    for (const path of [unused, silent]) {
      await eventually(async () => {
        const { status } = await request(hub, 'POST', path, { headers: bearer(ann), body: '' });
        expect(status).toBe(404);
      });
    }
  });

  it('ends a long-polling connection by DELETE', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
    await request(hub, 'GET', path, { headers: bearer(ann) });
    const held = request(hub, 'GET', path, { headers: bearer(ann) });
    await eventually(async () => expect((await counts(hub)).longPolls).toBe(2));

    expect((await request(hub, 'DELETE', path, { headers: bearer(ann) })).status).toBe(202);
    expect((await held).status).toBe(204);
    expect((await request(hub, 'GET', path, { headers: bearer(ann) })).status).toBe(404);
  });

  it('starts a stream with a comment, and refuses to change the transport', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
    const response = await fetch(hub.url + path, { headers: { ...bearer(ann), accept: 'text/event-stream' } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect((await reader?.read())?.value).toBe(':\r\n\r\n');
    await request(hub, 'POST', path, { headers: bearer(ann), body: HANDSHAKE });
    expect((await reader?.read())?.value).toMatch(/^data: \{\}\u001e\r\n\r\n/);

    expect((await request(hub, 'GET', path, { headers: bearer(ann) })).status).toBe(409);
    expect((await request(hub, 'DELETE', path, { headers: bearer(ann) })).status).toBe(400);
    expect((await request(hub, 'GET', '/hubs/ops', { headers: bearer(ann) })).json['message']).toBe(
      'Connection ID required',
    );
    await reader?.cancel();
    await eventually(async () => expect((await counts(hub)).connections).toBe(0));
  });

  it('carries text only, so a stream refuses MessagePack', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
    const response = await fetch(hub.url + path, { headers: { ...bearer(ann), accept: 'text/event-stream' } });
    const heard = response.text();
    await request(hub, 'POST', path, { headers: bearer(ann), body: MESSAGE_PACK_HANDSHAKE });
    expect(await heard).toContain(
      "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format.",
    );
    expect((await counts(hub)).handshakes).toBe(0);
  });

  it('answers a poll of MessagePack with bytes', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
    await request(hub, 'GET', path, { headers: bearer(ann) });
    const ping = Buffer.from([2, 0x91, 6]);
    // Cut in the middle of a message, and bytes that are no text.
    await request(hub, 'POST', path, {
      headers: bearer(ann),
      body: MESSAGE_PACK_HANDSHAKE + ping.toString().slice(0, 1),
    });
    await request(hub, 'POST', path, { headers: bearer(ann), body: ping.subarray(1) });
    const call = Buffer.from('10 96 01 80 a1 31 a4 4563686f 91 c4 02 ff fe 90'.replaceAll(' ', ''), 'hex');
    expect(call[0]).toBe(call.length - 1);
    await request(hub, 'POST', path, { headers: bearer(ann), body: call });

    const response = await fetch(hub.url + path, { headers: bearer(ann) });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(bytes.subarray(0, 3).toString()).toBe(`{}${RECORD_SEPARATOR}`);
    expect(bytes.toString('hex')).toContain('0a 95 03 80 a1 31 03 c4 02 ff fe'.replaceAll(' ', ''));
    expect(await counts(hub)).toMatchObject({ connections: 1, handshakes: 1 });
  });

  it('cuts off a stream and a poller that do not read', async () => {
    const hub = await hubFor({ maxBufferedBytes: 500_000 });
    const ann = await signIn(hub);
    for (const accept of ['text/event-stream', '*/*']) {
      const path = `/hubs/ops?id=${await negotiated(hub, ann)}`;
      // A bare socket: nothing reads behind its back.
      const socket = connect(hub.port, '127.0.0.1').pause();
      socket.on('error', () => undefined);
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nAuthorization: Bearer ${ann.token}\r\n\r\n`,
      );
      await eventually(async () => {
        const { status } = await request(hub, 'POST', path, { headers: bearer(ann), body: HANDSHAKE });
        expect(status).toBe(200);
      });
      await eventually(
        async () => {
          await admin(hub, 'emit', { event: 'flood', args: ['x'.repeat(400_000)] });
          expect((await counts(hub)).connections).toBe(0);
        },
        { interval: 1 },
      );
      socket.destroy();
    }
  });
});

describe('the admin endpoint', () => {
  it('wants its header and a loopback host', async () => {
    const hub = await hubFor();
    expect((await request(hub, 'GET', '/admin/counts')).status).toBe(403);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(hub.port, '127.0.0.1');
      socket.on('data', (data) => resolve(data.toString()));
      socket.write('GET /admin/counts HTTP/1.1\r\nHost: evil.example\r\nX-Demo-Admin: 1\r\nConnection: close\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
  });

  it.each([
    ['cut', { how: 'softly' }],
    ['cut', {}],
    ['refuse-tokens', { on: 'yes' }],
    ['delay', { what: 'everything', ms: 1 }],
    ['delay', { what: 'calls', ms: -1 }],
    ['token-life', { seconds: 0 }],
    ['sequence', { count: 1.5, everyMs: 1 }],
    ['emit', { event: '' }],
    ['transports', { webSocket: true }],
  ])('refuses %s with %j', async (path, body) => {
    const hub = await hubFor();
    const { status, json } = await post(hub, `/admin/${path}`, body, { 'x-demo-admin': '1' });
    expect([status, json['code']]).toEqual([400, 'INVALID_BODY']);
  });

  it('runs one sequence at a time and stops it', async () => {
    const hub = await hubFor();
    expect(await admin(hub, 'sequence', { count: 0, everyMs: 1 })).toEqual({ from: 1, to: null });
    const second = await post(hub, '/admin/sequence', { count: 1, everyMs: 1 }, { 'x-demo-admin': '1' });
    expect([second.status, second.json['code']]).toEqual([409, 'SEQUENCE_RUNNING']);
    await eventually(async () => expect((await adminGet(hub, 'sequence'))['last']).toBeGreaterThan(2));
    const { last } = await admin(hub, 'sequence/stop');
    expect(await adminGet(hub, 'sequence')).toEqual({ last, running: false });
  });
});

describe('the access log', () => {
  it('is a file with each URL exactly as it came and headers by name only', async () => {
    const file = join(folder(), 'access.log');
    const hub = await hubFor({ accessLogFile: file });
    const ann = await signIn(hub);
    await open(hub, '/hubs/ops?a=%20b', ['signalr', `bearer.${ann.token}`]);
    await open(hub, '/hubs/ops?x=1', ['signalr', 'bearer.no']);
    await request(hub, 'GET', '/no/where?q=%C3%BC&&', { headers: { cookie: ann.cookie } });
    await hub.close();

    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => `${line.split(' ').slice(1, 5).join(' ')} ${line.split(' ').at(-1) ?? ''}`)).toEqual([
      '127.0.0.1 POST /auth/sign-in 200 []',
      '127.0.0.1 GET /hubs/ops?a=%20b 101 [sec-websocket-protocol]',
      '127.0.0.1 GET /hubs/ops?x=1 401 [sec-websocket-protocol]',
      '127.0.0.1 GET /no/where?q=%C3%BC&& 404 [cookie]',
    ]);
    const secrets = [ann.token, ...ann.token.split('.'), ann.cookie.split('=')[1] ?? ''];
    for (const secret of secrets) expect(lines.join()).not.toContain(secret);
  });

  it('shows a stream while it runs', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const client = clientFor(hub, ann, HttpTransportType.ServerSentEvents);
    await client.start();
    expect((await adminGet(hub, 'access-log'))['text']).toMatch(/GET \/hubs\/ops\?id=\S+ 200/);
  });
});

describe('the files of the page', () => {
  it('come with a strict policy, and are kept by caches only when their name is hashed', async () => {
    const root = folder();
    mkdirSync(join(root, 'assets'));
    writeFileSync(join(root, 'index.html'), '<!doctype html>');
    writeFileSync(join(root, 'assets', 'app-B3x_9Zq1.js'), '1');
    writeFileSync(join(root, 'assets', 'ops.js'), '1');
    writeFileSync(join(root, '.secret'), '1');
    const hub = await hubFor({ staticDir: root });
    const get = async (path: string): Promise<Headers> => (await request(hub, 'GET', path)).headers;

    for (const path of ['/', '/assets/app-B3x_9Zq1.js', '/assets/ops.js']) {
      const headers = await get(path);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
          "worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
    expect((await get('/')).get('cache-control')).toBe('no-cache');
    expect((await get('/assets/ops.js')).get('cache-control')).toBe('no-cache');
    expect((await get('/assets/app-B3x_9Zq1.js')).get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await request(hub, 'GET', '/.secret')).status).toBe(404);
    expect((await request(hub, 'GET', '/..%2f..%2fetc/passwd')).status).toBeGreaterThanOrEqual(400);
  });

  it('takes a word for a word and not for a hash', () => {
    expect(isHashed('/site/assets/hub-settings.js')).toBe(false);
    expect(isHashed('/site/assets/ops-worker.js')).toBe(false);
    expect(isHashed('/site/assets/ops.worker-DkR1aQ2_.js')).toBe(true);
  });
});

describe('the server', () => {
  it('says that it is well and which hub it serves', async () => {
    const hub = await hubFor();
    expect((await request(hub, 'GET', '/healthz')).json['text']).toBe('ok');
    expect((await request(hub, 'GET', '/api/config')).json).toMatchObject({ hub: '/hubs/ops', server: 'node' });
    expect((await request(hub, 'GET', '/nothing')).json['code']).toBe('NOT_FOUND');
  });

  it('fails on a busy port, or takes the next one when asked to', async () => {
    const first = await hubFor();
    await expect(startHub({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const second = await hubFor({ port: first.port, tryNextPort: true });
    expect(second.port).toBeGreaterThan(first.port);
  });

  it('closes twice without harm and leaves no socket open', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const clients = [
      HttpTransportType.WebSockets,
      HttpTransportType.ServerSentEvents,
      HttpTransportType.LongPolling,
    ].map((transport) => clientFor(hub, ann, transport));
    await Promise.all(clients.map((client) => client.start()));
    await Promise.all([hub.close(), hub.close()]);
    await expect(fetch(`${hub.url}/healthz`)).rejects.toThrow();
  });

  it.each([[{ tokenLifeSeconds: 0 }], [{ signingKey: new Uint8Array(8) }]])(
    'refuses to start with %o',
    async (options) => {
      await expect(startHub(options)).rejects.toThrow(RangeError);
    },
  );
});
