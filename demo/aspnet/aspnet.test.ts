/** The demo hub on ASP.NET Core, driven by the real client over real sockets. Skipped where there is no .NET SDK. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHmac, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  HttpTransportType,
  HubConnectionState,
  Subject,
  type HubConnection,
  type ISubscription,
} from '@microsoft/signalr';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { buildServer, hasDotnet, startServer, type DotnetServer } from './testing/dotnet-server.js';
import { createClient, type ClientOptionsOfTest } from './testing/header-only-client.js';
import { openRaw, type RawConnection } from './testing/raw-connection.js';
import { enter } from './testing/secured-hub.js';
import { eventually } from '../hub/testing/eventually.js';

const dotnet = hasDotnet();
if (!dotnet) console.warn('demo/aspnet: skipped, because there is no .NET 10 SDK (`dotnet`) on this machine');

interface Counts {
  readonly [name: string]: unknown;
  readonly connections: number;
  readonly connectionIds: readonly string[];
}

interface SignIn {
  readonly accessToken: string;
  readonly expiresIn: number;
  readonly user: string;
  readonly cookie: string;
}

/** What a hub must not keep when nothing is going on. */
const NOTHING_OPEN = { streamsOpen: 0, uploadsOpen: 0, clientResultsPending: 0, invocationsPending: 0 };

const TRANSPORTS = [
  ['WebSockets', HttpTransportType.WebSockets],
  ['ServerSentEvents', HttpTransportType.ServerSentEvents],
  ['LongPolling', HttpTransportType.LongPolling],
] as const;

describe.skipIf(!dotnet)('the demo hub on ASP.NET Core', () => {
  const scratch = dotnet ? mkdtempSync(join(tmpdir(), 'hubshare-aspnet-')) : '';
  const key = randomBytes(32).toString('base64');
  const servers: DotnetServer[] = [];
  const clients: HubConnection[] = [];
  const raws: RawConnection[] = [];
  let server: DotnetServer;

  beforeAll(async () => {
    buildServer();
    writeFileSync(join(scratch, 'index.html'), '<!doctype html><title>demo</title>');
    writeFileSync(join(scratch, 'worker.js'), 'export {};');
    writeFileSync(join(scratch, 'style.css'), ':root {}');
    const logFile = join(scratch, 'access.log');
    server = await start(
      ['--clock-tolerance', '0', '--disconnect-timeout', '5', '--access-log', logFile, '--static', scratch],
      key,
    );
  }, 240_000);

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.stop()));
    for (const raw of raws.splice(0)) raw.close();
    await Promise.all(['refuse-tokens', 'refuse-refresh'].map((name) => admin(server, name, { on: false })));
    await admin(server, 'subprotocol', { on: true });
    await admin(server, 'transports', { webSockets: true, serverSentEvents: true, longPolling: true });
    await admin(server, 'token-life', { seconds: 300 });
    await eventually(async () => expect(await counts(server)).toMatchObject({ connections: 0, ...NOTHING_OPEN }));
  });

  afterAll(async () => {
    await Promise.all(servers.map((one) => one.stop()));
    if (scratch !== '') rmSync(scratch, { recursive: true, force: true });
  });

  async function start(args: readonly string[], signingKey?: string): Promise<DotnetServer> {
    const started = await startServer(['--port', '0', ...args], signingKey);
    servers.push(started);
    return started;
  }

  function client(options: ClientOptionsOfTest, hub = '/hubs/ops', of = server): HubConnection {
    const created = createClient(of.base + hub, options);
    // What the hub sends by itself; without a handler the client would log a warning for each.
    for (const event of ['connection.authorized', 'presence', 'metric', 'incident', 'token.expiring', 'sequence']) {
      created.on(event, () => undefined);
    }
    clients.push(created);
    return created;
  }

  async function raw(): Promise<RawConnection> {
    const { accessToken } = await signIn(server);
    const opened = await openRaw(`${server.base}/hubs/ops`, accessToken);
    raws.push(opened);
    return opened;
  }

  describe('sign-in and refresh', () => {
    it('gives an access token of the configured life and a cookie that only /auth gets', async () => {
      await admin(server, 'token-life', { seconds: 1.5 });
      const response = await post(server, '/auth/sign-in', { user: 'ann' });

      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const body = (await response.json()) as SignIn;
      expect(body).toMatchObject({ user: 'ann', expiresIn: 1.5 });
      expect(claimsOf(body.accessToken)).toMatchObject({
        sub: 'ann',
        userId: 'ann',
        name: 'ann',
        type: 'access',
        iss: 'hubshare-demo',
        aud: 'hubshare-demo',
      });
      const attributes = (response.headers.getSetCookie()[0] ?? '').toLowerCase();
      for (const part of ['httponly', 'samesite=strict', 'path=/auth']) expect(attributes).toContain(part);
    });

    it.each([[{ user: 'Ann' }], [{ user: '' }], [{}], ['nonsense'], [{ user: 'a'.repeat(33) }], [{ user: 'ann\n' }]])(
      'refuses to sign in %j',
      async (body) => {
        const response = await post(server, '/auth/sign-in', body);
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ code: 'INVALID_USER' });
      },
    );

    it('rotates the cookie, and ends the whole family when a spent one comes back', async () => {
      const first = await signIn(server);
      const second = await refresh(server, first.cookie);
      expect(second).toMatchObject({ status: 200, body: { user: 'ann' } });
      expect(await session(server, second.cookie)).toMatchObject({ status: 200, body: { user: 'ann' } });

      expect(await refresh(server, first.cookie)).toMatchObject({ status: 401, body: { code: 'REFRESH_REUSED' } });
      expect(await refresh(server, second.cookie)).toMatchObject({ status: 401, body: { code: 'REFRESH_INVALID' } });
      expect(await session(server, second.cookie)).toMatchObject({ status: 401 });
    });

    it('refuses a refresh without a cookie, with a forged one, after sign-out, and while it is told to', async () => {
      expect(await refresh(server, '')).toMatchObject({ status: 401, body: { code: 'MISSING_REFRESH' } });
      expect(await refresh(server, 'refresh=a.1.b')).toMatchObject({ status: 401, body: { code: 'REFRESH_INVALID' } });

      const { cookie } = await signIn(server);
      await admin(server, 'refuse-refresh', { on: true });
      expect(await refresh(server, cookie)).toMatchObject({ status: 401, body: { code: 'REFRESH_INVALID' } });
      await admin(server, 'refuse-refresh', { on: false });
      const again = await refresh(server, cookie);
      expect(again.status).toBe(200);

      expect((await post(server, '/auth/sign-out', {}, { cookie: again.cookie })).status).toBe(204);
      expect(await refresh(server, again.cookie)).toMatchObject({ status: 401, body: { code: 'REFRESH_INVALID' } });
    });

    it('knows its tokens and its cookies again after a restart with the same key and sessions file', async () => {
      const args = ['--sessions-file', join(scratch, 'sessions.json')];
      const before = await start(args, key);
      const { accessToken, cookie } = await signIn(before);
      expect(await before.stop()).toBe(0);

      const after = await start(args, key);
      expect((await negotiate(after, { authorization: `Bearer ${accessToken}` })).status).toBe(200);
      const renewed = await refresh(after, cookie);
      expect(renewed.status).toBe(200);
      expect(await refresh(after, cookie)).toMatchObject({ status: 401, body: { code: 'REFRESH_REUSED' } });

      const file = readFileSync(join(scratch, 'sessions.json'), 'utf8');
      expect(file).not.toContain(cookie.split('.').at(-1) ?? '?');
    });
  });

  describe('at the door of the hub', () => {
    it('says why it refuses: no token, a wrong one, a forged one, one of another kind, an expired one', async () => {
      const { accessToken } = await signIn(server);
      const forged = `${accessToken.slice(0, accessToken.lastIndexOf('.'))}.${'A'.repeat(43)}`;
      const now = Date.now() / 1000;
      const good = { ...claimsOf(accessToken), exp: now + 60 };
      const cases: [Record<string, string>, string][] = [
        [{}, 'MISSING_TOKEN'],
        [{ authorization: 'Bearer null' }, 'INVALID_TOKEN'],
        [{ authorization: `Bearer ${forged}` }, 'INVALID_TOKEN'],
        [{ authorization: `Bearer ${sign({ ...good, type: 'refresh' }, key)}` }, 'INVALID_TOKEN'],
        [{ authorization: `Bearer ${sign({ ...good, userId: undefined }, key)}` }, 'INVALID_TOKEN'],
        [{ authorization: `Bearer ${sign({ ...good, iss: 'someone' }, key)}` }, 'INVALID_TOKEN'],
        [{ authorization: `Bearer ${sign({ ...good, exp: now - 0.2 }, key)}` }, 'TOKEN_EXPIRED'],
      ];
      for (const [headers, code] of cases) {
        const response = await negotiate(server, headers);
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        expect(await response.json()).toMatchObject({ code });
      }
      expect((await negotiate(server, { authorization: `Bearer ${sign(good, key)}` })).status).toBe(200);
    });

    it('lets a token live to the fraction of a second, and for the tolerance beyond', async () => {
      const tolerant = await start(['--clock-tolerance', '10'], key);
      const { accessToken } = await signIn(tolerant);
      const late = { ...claimsOf(accessToken), exp: Date.now() / 1000 - 5 };
      const headers = { authorization: `Bearer ${sign(late, key)}` };
      expect((await negotiate(tolerant, headers)).status).toBe(200);
      expect((await negotiate(server, headers)).status).toBe(401);
    });

    it('refuses a token in a URL by name and by shape, and counts it', async () => {
      const { accessToken } = await signIn(server);
      const shaped = sign({ made: 'for this test' }, key);
      const before = Number((await counts(server))['tokensInUrl']);
      for (const query of ['access_token=anything', `x=${shaped}`]) {
        const response = await negotiate(server, { authorization: `Bearer ${accessToken}` }, `&${query}`);
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ code: 'TOKEN_IN_URL' });
      }
      expect((await counts(server))['tokensInUrl']).toBe(before + 2);
    });

    it('selects `signalr` for a WebSocket, never the subprotocol with the token', async () => {
      const { accessToken } = await signIn(server);
      const socket = new WebSocket(`${server.base.replace('http', 'ws')}/hubs/ops`, [
        'signalr',
        `bearer.${accessToken}`,
      ]);
      const selected = await new Promise<string>((resolve, reject) => {
        socket.on('open', () => resolve(socket.protocol)).on('error', reject);
      });
      socket.terminate();
      expect(selected).toBe('signalr');
    });

    it('refuses a token in a subprotocol where it is told not to look there', async () => {
      const { accessToken } = await signIn(server);
      await admin(server, 'subprotocol', { on: false });
      const offered = ['signalr', `bearer.${accessToken}`];
      expect(await upgradeStatus(`${server.base.replace('http', 'ws')}/hubs/ops?id=none`, offered)).toBe(401);
    });

    it('refuses every token while it is told to', async () => {
      const { accessToken } = await signIn(server);
      await admin(server, 'refuse-tokens', { on: true });
      const response = await negotiate(server, { authorization: `Bearer ${accessToken}` });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'INVALID_TOKEN' });
    });
  });

  describe.each(TRANSPORTS)('over %s', (_, transport) => {
    it('authorises, answers calls and words errors as ASP.NET does', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      const authorized = nextEvent(hub, 'connection.authorized');
      await hub.start();

      expect(await authorized).toEqual([
        { userId: 'ann', sessionId: hub.connectionId, expiresAt: expiryMs(accessToken), reauth: 'cut' },
      ]);
      expect(await hub.invoke('Echo', { deep: [1, null, 'x'] })).toEqual({ deep: [1, null, 'x'] });
      expect(await hub.invoke('echo', null)).toBeNull();
      expect(await hub.invoke('Add', 1.5, 2)).toBe(3.5);
      expect(await hub.invoke('Slow', 1)).toBe('done');
      expect(await hub.invoke('WhoAmI')).toEqual({ userId: 'ann', name: 'ann', connectionId: hub.connectionId });

      const unfit = "Failed to invoke 'Add' due to an error on the server.";
      await expect(hub.invoke('Add', 'x', 1)).rejects.toThrow(new Error(unfit));
      await expect(hub.invoke('Add', 1)).rejects.toThrow(new Error(unfit));
      await expect(hub.invoke('Nope', 1)).rejects.toThrow(
        new Error("Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."),
      );
      await expect(hub.invoke('Fail', 'no luck')).rejects.toThrow(
        new Error("An unexpected error occurred invoking 'Fail' on the server. HubException: no luck"),
      );
      await expect(hub.invoke('Crash')).rejects.toThrow(
        new Error("An unexpected error occurred invoking 'Crash' on the server."),
      );
    });

    it('delivers what a call has caused before the call completes', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      const order: unknown[] = [];
      hub.on('probe', (...args: unknown[]) => order.push(args));
      hub.on('incident', (incident: { id: string; state: string }) => order.push(incident.state));
      await hub.start();

      await hub.invoke('SendMe', 'probe').then(() => order.push('first done'));
      await hub.invoke('SendMe', 'probe', 1, null, { x: 2 }).then(() => order.push('second done'));
      const { id } = await hub.invoke<{ id: string }>('CreateIncident', 'Disk full', 'critical');
      order.push('created');
      await hub.invoke('CloseIncident', id).then(() => order.push('closed'));

      expect(order).toEqual([
        [],
        'first done',
        [1, null, { x: 2 }],
        'second done',
        'open',
        'created',
        'closed',
        'closed',
      ]);
      await expect(hub.invoke('SendMe', 'probe', 1, 2, 3, 4)).rejects.toThrow('Failed to invoke');
    });

    it('streams down and up, and asks the client in turn', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      hub.on('askName', () => 'tab one');
      await hub.start();

      const items: number[] = [];
      await new Promise<void>((resolve, reject) => {
        hub.stream<number>('Counter', 4, 0).subscribe({
          next: (item) => items.push(item),
          complete: resolve,
          error: reject,
        });
      });
      expect(items).toEqual([0, 1, 2, 3]);

      const values = new Subject<number>();
      const sum = hub.invoke<number>('Sum', values);
      for (const value of [1, 2, 39]) values.next(value);
      values.complete();
      expect(await sum).toBe(42);
      expect(await hub.invoke('AskName')).toBe('tab one');
    });

    it('words the end of a stream as ASP.NET does', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      await hub.start();

      const failed = 'An error occurred on the server while streaming results.';
      const unfit = "Failed to invoke 'Counter' due to an error on the server.";
      for (const [method, args, items, error] of [
        ['Counter', [2, 1], [0, 1], null],
        ['Counter', [0, 0], [], null],
        ['FailingCounter', [2, 'bad luck'], [0, 1], `${failed} HubException: bad luck`],
        ['FailingCounter', [0, 'bad luck'], [], `${failed} HubException: bad luck`],
        ['CrashingCounter', [2], [0, 1], failed],
        ['Counter', ['x', 1], [], unfit],
        ['Counter', [1], [], unfit],
        ['Nope', [], [], "Failed to invoke 'Nope' due to an error on the server. HubException: Method does not exist."],
        [
          'Echo',
          [1],
          [],
          "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.",
        ],
      ] as const) {
        expect([method, await collect(hub, method, ...args)]).toEqual([method, { items, error }]);
      }
      await expect(hub.invoke('Counter', 1, 1)).rejects.toThrow(
        new Error("The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation."),
      );
      await eventually(async () => expect(await counts(server)).toMatchObject(NOTHING_OPEN));
    });

    it('takes uploads, alone and mixed with arguments, and words their failures', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      await hub.start();

      // More than the ten items that SignalR holds unread, so that a hub that reads one upload after the other would stop.
      const ones = Array.from({ length: 30 }, () => 1);
      expect(await upload(hub, 'Sum', [ones])).toBe(30);
      expect(await upload(hub, 'Label', ['<', ['a', 'b'], '>'])).toBe('<a,b>');
      expect(await upload(hub, 'Mix', [[1, 2.5], 'sum', ones])).toBe('sum:3.5:30');
      expect(await upload(hub, 'Swallow', [[1, 'a', null, { x: 1 }]])).toBe(4);

      const thrown = "An unexpected error occurred invoking 'Sum' on the server. HubException: ";
      await expect(upload(hub, 'Sum', [[1]], 'gave up')).rejects.toThrow(new Error(`${thrown}gave up`));
      await expect(upload(hub, 'Sum', [[1, 'x']])).rejects.toThrow(
        new Error(`${thrown}Failed to bind Stream message.`),
      );
      await expect(hub.invoke('Sum')).rejects.toThrow(
        new Error(`${thrown}Client sent 0 stream(s), Hub method expects 1.`),
      );
      await expect(hub.invoke('Sum', 1)).rejects.toThrow(
        new Error("Failed to invoke 'Sum' due to an error on the server."),
      );
      await eventually(async () => expect(await counts(server)).toMatchObject(NOTHING_OPEN));
    });

    it('gives back the items of an upload while it still goes on', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      await hub.start();

      const values = new Subject<number>();
      const got: number[] = [];
      const ended = new Promise<unknown>((resolve) => {
        hub.stream<number>('Double', values).subscribe({
          next: (item) => got.push(item),
          complete: () => resolve('completed'),
          error: resolve,
        });
      });
      values.next(2);
      await eventually(() => expect(got).toEqual([4]));
      expect(await counts(server)).toMatchObject({ streamsOpen: 1, uploadsOpen: 1, invocationsPending: 1 });
      values.next(3);
      values.error(new Error('no more'));

      const text = 'An error occurred on the server while streaming results. HubException: no more';
      expect(await ended).toEqual(new Error(text));
      expect(got).toEqual([4, 6]);
      expect(await counts(server)).toMatchObject(NOTHING_OPEN);
    });

    it('asks the caller, and hands on its answer or its error', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      hub.on('square', (value: number) => value * value);
      hub.on('nothing', () => null);
      hub.on('mute', () => undefined);
      hub.on('throws', () => Promise.reject(new Error('no idea')));
      hub.on('twice', () => 1);
      hub.on('twice', () => 2);
      hub.on('askName', () => 5);
      await hub.start();

      expect(await hub.invoke('Ask', 'square', 7)).toBe(49);
      expect(await hub.invoke('Ask', 'nothing', null)).toBeNull();
      for (const [method, answer] of [
        ['mute', "Client didn't provide a result."],
        ['nobody', "Client didn't provide a result."],
        ['twice', 'Client provided multiple results.'],
        ['throws', 'Error: no idea'],
      ] as const) {
        const error = `An unexpected error occurred invoking 'Ask' on the server. HubException: ${answer}`;
        await expect(hub.invoke('Ask', method, 1)).rejects.toThrow(new Error(error));
      }
      await expect(hub.invoke('AskName')).rejects.toThrow(
        'HubException: Error trying to deserialize result to String. The JSON value could not be converted',
      );

      const asked: unknown[] = [];
      hub.on('asked', (outcome: unknown) => void asked.push(outcome));
      await hub.send('AskLater', 'square', 3);
      await eventually(() => expect(asked).toEqual([{ ok: true, value: 9 }]));
      await hub.send('AskLater', 'throws', 3);
      await eventually(() => expect(asked[1]).toEqual({ ok: false, error: 'Error: no idea' }));
      await eventually(async () => expect(await counts(server)).toMatchObject(NOTHING_OPEN));
    });

    it.each(['cancels', 'stops', 'vanishes'])('keeps nothing of a client that %s in the middle', async (how) => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport });
      hub.on('never', () => new Promise(() => undefined));
      await hub.start();

      const failures: unknown[] = [];
      const observer = { next: () => undefined, complete: () => undefined, error: (e: unknown) => failures.push(e) };
      const [sums, doubles] = [new Subject<number>(), new Subject<number>()];
      const calls: Promise<unknown>[] = [hub.invoke('Sum', sums), hub.invoke('Ask', 'never', 1)].map((call) =>
        call.catch((error: unknown) => error),
      );
      await hub.send('AskLater', 'never', 1);
      const streams: ISubscription<unknown>[] = [
        hub.stream('Counter', 1_000_000, 1).subscribe(observer),
        hub.stream('Double', doubles).subscribe(observer),
      ];
      const all = { streamsOpen: 2, uploadsOpen: 2, clientResultsPending: 2, invocationsPending: 5 };
      await eventually(async () => expect(await counts(server)).toMatchObject(all));

      if (how === 'cancels') {
        for (const stream of streams) stream.dispose();
        sums.error(new Error('changed my mind'));
        // What was asked of a client stays asked until it goes.
        const left = { streamsOpen: 0, uploadsOpen: 0, clientResultsPending: 2, invocationsPending: 2 };
        await eventually(async () => expect(await counts(server)).toMatchObject(left));
        expect(await calls[0]).toEqual(
          new Error("An unexpected error occurred invoking 'Sum' on the server. HubException: changed my mind"),
        );
        // Items that come late for an upload that is over do no harm.
        doubles.next(1);
        doubles.complete();
        expect(await hub.invoke('Echo', 'alive')).toBe('alive');
        expect(failures).toEqual([]);
        await hub.stop();
      } else if (how === 'stops') {
        await hub.stop();
      } else {
        const { connectionId } = hub;
        expect(await admin(server, 'cut', { connectionId, how: 'abort' })).toEqual({ cut: 1 });
      }

      await eventually(async () => expect(await counts(server)).toMatchObject(NOTHING_OPEN));
      expect(await Promise.all(calls)).toEqual([expect.any(Error), expect.any(Error)]);
      if (how !== 'cancels') expect(failures).toHaveLength(2);
    });

    it('closes for good when a method asks for it', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport, retryDelaysMs: [0] });
      const heard: string[] = [];
      hub.onreconnecting(() => heard.push('reconnecting'));
      const closed = new Promise<unknown>((resolve) => hub.onclose(resolve));
      await hub.start();

      await expect(hub.invoke('CloseMe')).rejects.toThrow(
        new Error('Invocation canceled due to the underlying connection being closed.'),
      );
      expect(await closed).toBeUndefined();
      expect(heard).toEqual([]);
    });

    it('closes the connection when its token expires', async () => {
      const claims = claimsOf((await signIn(server)).accessToken);
      const now = Date.now() / 1000;
      // Past four fifths of its life, so that the hub warns at once.
      const accessToken = sign({ ...claims, iat: now - 60, exp: now + 4 }, key);
      const hub = client({ token: () => accessToken, transport });
      const expiring = nextEvent(hub, 'token.expiring');
      const closed = new Promise<void>((resolve) => hub.onclose(() => resolve()));
      await hub.start();

      expect(await expiring).toEqual([{ expiresAt: expiryMs(accessToken) }]);
      await closed;
      expect(Date.now()).toBeGreaterThanOrEqual(expiryMs(accessToken));
    });

    it.each(['abort', 'close', 'close-reconnect'])('cuts by "%s", and only the last two say goodbye', async (how) => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken, transport, retryDelaysMs: [0, 100, 1_000] });
      const lost = new Promise<string>((resolve) => {
        hub.onreconnecting(() => resolve('reconnecting'));
        hub.onclose(() => resolve('closed'));
      });
      await enter(hub);
      const { connectionId } = hub;

      expect(await admin(server, 'cut', { connectionId: 'nobody', how })).toEqual({ cut: 0 });
      expect(await admin(server, 'cut', { connectionId, how })).toEqual({ cut: 1 });

      expect(await lost).toBe(how === 'close' ? 'closed' : 'reconnecting');
      if (how !== 'close') {
        await eventually(() => expect(hub.state).toBe(HubConnectionState.Connected));
        expect(hub.connectionId).not.toBe(connectionId);
      }
    });
  });

  it('takes two uploads that stand side by side, which the real client cannot send', async () => {
    const hub = await raw();
    const item = (streamId: string, value: number) => ({ type: 2, invocationId: streamId, item: value });
    const end = (streamId: string, error?: string) => ({ type: 3, invocationId: streamId, error });
    const call = (invocationId: string, ...streamIds: string[]) => ({
      type: 1,
      invocationId,
      target: 'SumTwo',
      arguments: [],
      streamIds,
    });

    hub.send(call('1', 'a', 'b'), ...Array.from({ length: 40 }, () => [item('a', 1), item('b', 2)]).flat());
    hub.send(end('b'), end('a'));
    expect(await hub.completionOf('1')).toEqual({ type: 3, invocationId: '1', result: [40, 80] });

    const thrown = "An unexpected error occurred invoking 'SumTwo' on the server. HubException: ";
    hub.send(call('2', 'c', 'd'), end('c', 'one broke'));
    expect((await hub.completionOf('2'))['error']).toBe(`${thrown}one broke`);
    hub.send(item('d', 1), end('d'), call('3', 'e'));
    expect((await hub.completionOf('3'))['error']).toBe(`${thrown}Client sent 1 stream(s), Hub method expects 2.`);
    expect(await counts(server)).toMatchObject(NOTHING_OPEN);
  });

  it('keeps no upload of a call that it refuses, and completes a cancelled stream without an error', async () => {
    const hub = await raw();
    for (const [invocationId, type, target] of [
      ['1', 1, 'Nope'],
      ['2', 4, 'Sum'],
      ['3', 1, 'Double'],
      ['4', 1, 'Add'],
    ] as const) {
      hub.send({ type, invocationId, target, arguments: [], streamIds: [`s${invocationId}`] });
      expect(await hub.completionOf(invocationId)).toHaveProperty('error');
    }
    expect(await counts(server)).toMatchObject(NOTHING_OPEN);

    hub.send({ type: 4, invocationId: '5', target: 'Counter', arguments: [1_000_000, 1] });
    await eventually(async () => expect(await counts(server)).toMatchObject({ streamsOpen: 1 }));
    hub.send({ type: 5, invocationId: '5' });
    expect(await hub.completionOf('5')).toEqual({ type: 3, invocationId: '5' });
    expect(await counts(server)).toMatchObject(NOTHING_OPEN);

    hub.send({ type: 1, invocationId: '6', target: 'CloseMe', arguments: [] });
    expect(await hub.closed).toBe(1000);
    expect(hub.received.at(-1)).toEqual({ type: 7 });
  });

  it('logs a crash, and neither an answer nor what a client leaves behind', async () => {
    const quiet = await start(['--disconnect-timeout', '5']);
    const { accessToken } = await signIn(quiet);
    const hub = client({ token: () => accessToken }, '/hubs/ops', quiet);
    hub.on('never', () => new Promise(() => undefined));
    await hub.start();
    await collect(hub, 'FailingCounter', 1, 'an answer');
    const asking = hub.invoke('Ask', 'never', 1).catch((error: unknown) => error);
    await eventually(async () => expect(await counts(quiet)).toMatchObject({ clientResultsPending: 1 }));
    await hub.stop();
    await asking;
    await eventually(async () => expect(await counts(quiet)).toMatchObject(NOTHING_OPEN));

    const again = client({ token: () => accessToken }, '/hubs/ops', quiet);
    await again.start();
    await collect(again, 'CrashingCounter', 1);
    await eventually(() => expect(quiet.output()).toContain('CrashingCounter failed unexpectedly'));
    expect(quiet.output().match(/failed unexpectedly/g)).toHaveLength(1);
    await again.stop();
  });

  it('leaves a connection open beyond its token where it is told to', async () => {
    const lenient = await start(['--clock-tolerance', '0', '--close-on-expiry', 'false'], key);
    const { accessToken } = await signIn(server);
    const now = Date.now() / 1000;
    const endingIn = (seconds: number) => sign({ ...claimsOf(accessToken), exp: now + seconds }, key);
    const transport = HttpTransportType.WebSockets;
    const [short, long] = [endingIn(5), endingIn(7)];
    const outliving = client({ token: () => short, transport }, '/hubs/ops', lenient);
    // Another server ends a connection at a later expiry: by then this one would have ended too.
    const ending = client({ token: () => long, transport });
    const ended = new Promise<void>((resolve) => ending.onclose(() => resolve()));
    await Promise.all([outliving.start(), ending.start()]);

    await ended;
    expect(Date.now()).toBeGreaterThanOrEqual(Math.round((now + 7) * 1000));
    expect(outliving.state).toBe(HubConnectionState.Connected);
    // STD-2: it gets events, and its calls are refused.
    await expect(outliving.invoke('Echo', 1)).rejects.toThrow(
      'HubException: TOKEN_EXPIRED: The access token has expired.',
    );
    const heard = nextEvent(outliving, 'note');
    await admin(lenient, 'emit', { event: 'note', args: [1] });
    expect(await heard).toEqual([1]);
    await outliving.stop();
  });

  it('shows in its README the code that runs', () => {
    const page = readFileSync(new URL('README.md', import.meta.url), 'utf8');
    for (const file of ['Auth/SubprotocolBearer.cs', 'Hubs/ConnectionOwners.cs', 'Hubs/ResumableUploadsProtocol.cs']) {
      const source = readFileSync(new URL(file, import.meta.url), 'utf8');
      const code = source.slice(source.indexOf('/// <summary>'));
      expect(code).toContain('public s');
      expect(page).toContain(`\`\`\`csharp\n${code}\`\`\`\n`);
    }
  });

  it('answers calls side by side: a slow one holds up nobody', async () => {
    const { accessToken } = await signIn(server);
    const hub = client({ token: () => accessToken });
    await hub.start();

    const slow = hub.invoke('Slow', 60_000).catch((error: unknown) => error);
    expect(await hub.invoke('Echo', 'quick')).toBe('quick');
    expect((await counts(server))['invocationsPending']).toBe(1);

    await hub.stop();
    expect(await slow).toBeInstanceOf(Error);
    await eventually(async () => expect((await counts(server))['invocationsPending']).toBe(0));
  });

  it('takes the connection up again after a cut, with every event once and in order', async () => {
    const { accessToken } = await signIn(server);
    const hub = client({ token: () => accessToken, transport: HttpTransportType.WebSockets, stateful: true });
    const got: number[] = [];
    const padding: unknown[] = [];
    hub.on('sequence', (n: number, pad: unknown) => {
      got.push(n);
      padding.push(pad);
    });
    let lost = 0;
    hub.onreconnecting(() => (lost += 1));
    await enter(hub);
    const { connectionId } = hub;
    const before = Number((await counts(server))['webSocketUpgrades']);

    const order = { count: 300, everyMs: 2, burst: 1, paddingBytes: 10 };
    const { from, to } = (await admin(server, 'sequence', order)) as { from: number; to: number };
    await eventually(() => expect(got.length).toBeGreaterThan(30));
    await admin(server, 'cut', { connectionId, how: 'abort' });
    await eventually(() => expect(got.length).toBeGreaterThan(120));
    await hub.send('connection.cut');
    await eventually(() => expect(got.length).toBe(300));

    expect(got).toEqual(Array.from({ length: to - from + 1 }, (_, index) => from + index));
    expect(new Set(padding)).toEqual(new Set(['x'.repeat(10)]));
    expect(hub.connectionId).toBe(connectionId);
    expect(lost).toBe(0);
    expect(await hub.invoke('Echo', 'still here')).toBe('still here');
    const after = await counts(server);
    expect(after).toMatchObject({ connections: 1, connectionIds: [connectionId], webSocketUpgrades: before + 2 });
  });

  it('loses no call when the transport breaks after an upload', async () => {
    const { accessToken } = await signIn(server);
    const hub = client({ token: () => accessToken, transport: HttpTransportType.WebSockets, stateful: true });
    await hub.start();
    const { connectionId } = hub;
    const before = Number((await counts(server))['webSocketUpgrades']);

    // The hub acknowledges once a second: these items are sent again, although their uploads are over.
    expect(await upload(hub, 'Sum', [[1, 2, 3, 4, 5]])).toBe(15);
    await expect(upload(hub, 'Sum', [[1, 'x', 3]])).rejects.toThrow('Failed to bind Stream message.');
    for (let cut = 1; cut <= 2; cut += 1) {
      await hub.send('connection.cut');
      await eventually(async () => expect((await counts(server))['webSocketUpgrades']).toBe(before + cut));
      const values = Array.from({ length: 12 }, (_, index) => index);
      expect(await Promise.all(values.map((value) => hub.invoke('Echo', value)))).toEqual(values);
    }
    expect(await upload(hub, 'Sum', [[1, 2]])).toBe(3);
    expect(hub.connectionId).toBe(connectionId);
  });

  it('lives on to the expiry of the new token that it came back with after a cut', async () => {
    await admin(server, 'token-life', { seconds: 6 });
    let { accessToken } = await signIn(server);
    const renewed = client({ token: () => accessToken, transport: HttpTransportType.WebSockets, stateful: true });
    const oldToken = accessToken;
    const forgotten = client({ token: () => oldToken, transport: HttpTransportType.WebSockets });
    const closed = new Promise<void>((resolve) => forgotten.onclose(() => resolve()));
    await Promise.all([renewed.start(), forgotten.start()]);
    const { connectionId } = renewed;
    const before = Number((await counts(server))['reauths']);

    await admin(server, 'token-life', { seconds: 60 });
    accessToken = (await signIn(server)).accessToken;
    await renewed.send('connection.cut');
    await eventually(async () => expect((await counts(server))['reauths']).toBe(before + 1));

    // The other one came with the old token: its end shows that the old expiry has been acted upon.
    await closed;
    expect(renewed.state).toBe(HubConnectionState.Connected);
    expect(renewed.connectionId).toBe(connectionId);
    expect(await renewed.invoke('Echo', 1)).toBe(1);
  });

  it('does not hand a connection over to another user', async () => {
    let { accessToken } = await signIn(server);
    const options = { token: () => accessToken, transport: HttpTransportType.WebSockets, stateful: true };
    const hub = client({ ...options, retryDelaysMs: [0, 100, 1_000] });
    const reconnected = new Promise<string | undefined>((resolve) => hub.onreconnected(resolve));
    await hub.start();
    const { connectionId } = hub;

    accessToken = (await signIn(server, 'bob')).accessToken;
    await hub.send('connection.cut');
    // No call before: what is called while a stateful client reconnects is never sent and never answered.
    expect(await reconnected).not.toBe(connectionId);
    expect(await hub.invoke('WhoAmI')).toMatchObject({ userId: 'bob' });
  });

  it('has a stock endpoint too, where a client with a choice falls to server-sent events', async () => {
    const { accessToken } = await signIn(server);
    const before = await counts(server);
    const hub = client({ token: () => accessToken }, '/hubs/stock');
    await hub.start();

    expect(await hub.invoke('WhoAmI')).toMatchObject({ userId: 'ann' });
    const after = await counts(server);
    expect(after['sseStreams']).toBe(Number(before['sseStreams']) + 1);
    expect(after['webSocketUpgrades']).toBe(before['webSocketUpgrades']);

    const insisting = client({ token: () => accessToken, transport: HttpTransportType.WebSockets }, '/hubs/stock');
    await expect(insisting.start()).rejects.toThrow();
  });

  it('counts what happens', async () => {
    const zero = await start([]);
    const { accessToken, cookie } = await signIn(zero);
    const { accessToken: ofBob } = await signIn(zero, 'bob');
    await refresh(zero, cookie);
    await refresh(zero, cookie);
    await negotiate(zero, {});
    const sockets = client({ token: () => accessToken, transport: HttpTransportType.WebSockets }, '/hubs/ops', zero);
    const events = client({ token: () => ofBob, transport: HttpTransportType.ServerSentEvents }, '/hubs/ops', zero);
    const polls = client({ token: () => ofBob, transport: HttpTransportType.LongPolling }, '/hubs/ops', zero);
    for (const one of [sockets, events, polls]) await enter(one);
    await sockets.invoke('Echo', 'x');
    await sockets.invoke('Nope').catch(() => undefined);

    const all = await counts(zero);
    expect(all).toMatchObject({
      connections: 3,
      connectionsByUser: { ann: 1, bob: 2 },
      connectionsTotal: 3,
      handshakes: 3,
      negotiates: 3,
      webSocketUpgrades: 1,
      sseStreams: 1,
      tokensIssued: 3,
      refreshes: 1,
      refreshesRefused: 1,
      reauths: 0,
      messagesReceived: 2,
      invocations: 2,
      ...NOTHING_OPEN,
      authFailures: 1,
      tokensInUrl: 0,
      redirects: 0,
    });
    expect(new Set(all.connectionIds)).toEqual(new Set([sockets, events, polls].map((one) => one.connectionId)));
    for (const name of ['longPolls', 'messagesSent', 'bytesSent', 'bytesReceived']) {
      expect(Number(all[name])).toBeGreaterThan(0);
    }

    const got: unknown[] = [];
    for (const one of [sockets, events, polls]) one.on('note', (...args: unknown[]) => got.push(args));
    expect(await admin(zero, 'emit', { event: 'note', args: [{ a: 1 }, 2], user: 'bob' })).toEqual({ sent: 2 });
    await eventually(() =>
      expect(got).toEqual([
        [{ a: 1 }, 2],
        [{ a: 1 }, 2],
      ]),
    );
    expect(await admin(zero, 'emit', { event: 'note' })).toEqual({ sent: 3 });
    await eventually(() => expect(got).toHaveLength(5));
    for (const one of [sockets, events, polls]) await one.stop();
  });

  it('holds what the admin delays, and lets it go when the delay is taken back', async () => {
    const own = await start([]);
    const { accessToken } = await signIn(own);
    const held = (count: number): Promise<void> =>
      eventually(async () => expect(await counts(own)).toMatchObject({ held: count }));
    const hub = client({ token: () => accessToken }, '/hubs/ops', own);

    await admin(own, 'delay', { what: 'negotiate', ms: 600_000 });
    const started = hub.start();
    await held(1);
    expect(await counts(own)).toMatchObject({ negotiates: 0, connections: 0 });
    await admin(own, 'delay', { what: 'negotiate', ms: 0 });
    await started;

    await admin(own, 'delay', { what: 'calls', ms: 600_000 });
    const call = hub.invoke('Echo', 'at last');
    await held(1);
    // Another delay holds what comes after, and not what came before.
    await admin(own, 'delay', { what: 'calls', ms: 500_000 });
    expect(await call).toBe('at last');
    const lost = hub.invoke('Echo', 'never').catch(() => 'gone');
    await held(1);
    await hub.stop();
    expect(await lost).toBe('gone');
    await held(0);
  });

  it('pushes measured values of this machine and remembers them', async () => {
    const quick = await start(['--metric-interval', '0.05']);
    const { accessToken } = await signIn(quick);
    const hub = client({ token: () => accessToken }, '/hubs/ops', quick);
    const names = new Set<string>();
    const expected = ['cpu.0', 'memory.used', 'memory.total', 'loop.delay.p99', 'hub.connections', 'hub.messages'];
    hub.on('metric', ({ name, value, unit, atMs }: Record<string, unknown>) => {
      expect([typeof value, typeof unit, typeof atMs]).toEqual(['number', 'string', 'number']);
      names.add(String(name));
    });
    await hub.start();
    for (const name of expected) await hub.invoke('JoinMetric', name);

    await eventually(() => expect([...names].sort()).toEqual([...expected].sort()));
    const history = await hub.invoke<Record<string, { atMs: number; value: number }[]>>('GetHistory');
    expect(Object.keys(history)).toEqual(expect.arrayContaining(expected));
    const points = history['memory.used'] ?? [];
    expect(points.length).toBeLessThanOrEqual(60);
    expect(points.every((point) => point.value > 0)).toBe(true);
    await hub.stop();
  });

  describe('metrics as topics', () => {
    const emit = (metric: string, value: number): Promise<unknown> =>
      admin(server, 'emit', { event: 'metric', args: [{ name: metric, value }], metric });

    it.each(TRANSPORTS)('gives the values of a metric to its members only, over %s', async (_name, transport) => {
      const seen: unknown[][] = [[], []];
      const before = await counts(server);
      const [ann, bob] = (await Promise.all(
        seen.map(async (values) => {
          const { accessToken } = await signIn(server);
          const hub = client({ token: () => accessToken, transport });
          hub.on('metric', ({ value }: { value: number }) => values.push(value));
          await hub.start();
          return hub;
        }),
      )) as [HubConnection, HubConnection];

      expect(await ann.invoke('JoinMetric', 'test.a')).toBeNull();
      await ann.invoke('JoinMetric', 'test.a');
      await ann.invoke('JoinMetric', 'test.b');
      await bob.invoke('JoinMetric', 'test.a');
      const joined = { topicJoins: Number(before['topicJoins']) + 4, topicMembers: 3 };
      expect(await counts(server)).toMatchObject(joined);
      expect(await emit('test.a', 1)).toEqual({ sent: 2 });
      expect(await emit('test.b', 2)).toEqual({ sent: 1 });
      await bob.invoke('LeaveMetric', 'test.a');
      await bob.invoke('LeaveMetric', 'test.a');
      expect(await emit('test.a', 3)).toEqual({ sent: 1 });
      await Promise.all([ann.invoke('Echo', 0), bob.invoke('Echo', 0)]);

      expect(seen).toEqual([[1, 2, 3], [1]]);
      const topicLeaves = Number(before['topicLeaves']) + 2;
      expect(await counts(server)).toMatchObject({ ...joined, topicLeaves, topicMembers: 2 });
      for (const hub of [ann, bob]) await hub.stop();
      await eventually(async () => expect(await counts(server)).toMatchObject({ topicMembers: 0, topicLeaves }));
    });

    it('lets nobody join what is no metric or is denied', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken });
      await hub.start();
      const names = await hub.invoke<string[]>('ListMetrics');
      expect(names).toEqual(expect.arrayContaining(['cpu.0', 'memory.used', 'hub.connections']));
      const { topicJoins } = await counts(server);
      for (const name of [
        'denied',
        'denied.test',
        'nothing',
        '',
        'CPU.0',
        'cpu.9999',
        null,
        `test.${'x'.repeat(200)}`,
      ]) {
        for (const method of ['JoinMetric', 'LeaveMetric']) {
          await expect(hub.invoke(method, name)).rejects.toThrow(/HubException: (You may not join|No) .*metric/);
        }
      }
      expect(await counts(server)).toMatchObject({ topicJoins, topicMembers: 0 });
    });

    it('sends a sequence as values of metrics in turn', async () => {
      const { accessToken } = await signIn(server);
      const hub = client({ token: () => accessToken });
      const seen: unknown[] = [];
      hub.on('metric', (metric: unknown) => seen.push(metric));
      await hub.start();
      await hub.invoke('JoinMetric', 'test.a');
      const metrics = ['test.a', 'test.b'];
      const order = { count: 6, everyMs: 0, burst: 6, paddingBytes: 3, metrics };
      const { from, to } = (await admin(server, 'sequence', order)) as { from: number; to: number };
      await eventually(() => expect(seen).toHaveLength(3));
      // Which of the two is first depends on the numbers that were sent before.
      const own = Array.from({ length: 6 }, (_, index) => from + index).filter(
        (n) => metrics[(n - 1) % 2] === 'test.a',
      );
      expect(to).toBe(from + 5);
      expect(seen).toMatchObject(
        own.map((value) => ({ name: 'test.a', value, unit: 'count', padding: 'xxx', atMs: expect.any(Number) })),
      );
    });
  });

  it('answers negotiate with 503 and Retry-After while it is unavailable, and keeps who is connected', async () => {
    const { accessToken } = await signIn(server);
    const hub = client({ token: () => accessToken });
    await hub.start();
    const before = await counts(server);
    expect(await admin(server, 'unavailable', { retryAfterSeconds: 7 })).toEqual({ retryAfterSeconds: 7 });
    try {
      const refused = await negotiate(server, { authorization: `Bearer ${accessToken}` });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '7']);
      expect(await refused.json()).toMatchObject({ code: 'UNAVAILABLE' });
      expect(await hub.invoke('Echo', 'still here')).toBe('still here');
    } finally {
      expect(await admin(server, 'unavailable', { retryAfterSeconds: null })).toEqual({ retryAfterSeconds: null });
    }
    expect((await negotiate(server, { authorization: `Bearer ${accessToken}` })).status).toBe(200);
    expect(await counts(server)).toMatchObject({
      negotiatesRefused: Number(before['negotiatesRefused']) + 1,
      negotiates: Number(before['negotiates']) + 1,
    });
  });

  it('offers only the transports that it is told to, and turns wrong admin calls away', async () => {
    const { accessToken } = await signIn(server);
    await admin(server, 'transports', { webSockets: false, serverSentEvents: false });
    const offer = (await (await negotiate(server, { authorization: `Bearer ${accessToken}` })).json()) as {
      availableTransports: { transport: string }[];
    };
    expect(offer.availableTransports.map(({ transport }) => transport)).toEqual(['LongPolling']);

    expect((await fetch(`${server.base}/admin/counts`)).status).toBe(403);
    expect((await fetch(`${server.base}/admin/cut`, { method: 'POST', body: '{}' })).status).toBe(403);
    for (const [name, body] of [
      ['cut', { how: 'gently' }],
      ['delay', { what: 'everything', ms: 1 }],
      ['delay', { what: 'calls', ms: -1 }],
      ['token-life', { seconds: 0 }],
      ['sequence', { count: -1, everyMs: 1 }],
      ['refuse-tokens', { on: 'yes' }],
      ['emit', { args: [] }],
      ['emit', { event: 'metric', args: [], metric: 'nothing' }],
      ['sequence', { count: 1, everyMs: 0, metrics: ['test.a', 'denied'] }],
      ['unavailable', { retryAfterSeconds: -1 }],
      ['unavailable', { retryAfterSeconds: 1.5 }],
      ['unavailable', {}],
    ] as const) {
      const response = await post(server, `/admin/${name}`, body, { 'x-demo-admin': '1' });
      expect([name, response.status]).toEqual([name, 400]);
    }
  });

  it('runs one sequence at a time, until it is stopped', async () => {
    const { last } = (await admin(server, 'sequence/stop', {})) as { last: number };
    const endless = { count: 0, everyMs: 1, burst: 5, event: 'tick' };
    expect(await admin(server, 'sequence', endless)).toEqual({ from: last + 1, to: null });
    expect((await post(server, '/admin/sequence', endless, { 'x-demo-admin': '1' })).status).toBe(409);
    await eventually(async () => expect(await adminGet(server, 'sequence')).toMatchObject({ running: true }));
    const stopped = (await admin(server, 'sequence/stop', {})) as { last: number };
    expect(await adminGet(server, 'sequence')).toEqual({ last: stopped.last, running: false });
  });

  it('serves the page with a policy that both page and worker obey', async () => {
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
      "base-uri 'none'; frame-ancestors 'none'; form-action 'none'";
    for (const [path, csp] of [
      ['/', policy],
      ['/worker.js', policy],
      ['/style.css', null],
      ['/missing.js', null],
    ] as const) {
      const { headers } = await fetch(server.base + path);
      expect([path, headers.get('content-security-policy')]).toEqual([path, csp]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    }
    expect(await (await fetch(`${server.base}/healthz`)).text()).toBe('ok');
    const config = await (await fetch(`${server.base}/api/config`)).json();
    expect(config).toMatchObject({ hub: '/hubs/ops', server: 'aspnet' });
  });

  it('says goodbye on SIGTERM in a way that lets its clients come back', async () => {
    const leaving = await start([]);
    const { accessToken } = await signIn(leaving);
    const hub = client({ token: () => accessToken, retryDelaysMs: [60_000] }, '/hubs/ops', leaving);
    const reconnecting = new Promise<Error | undefined>((resolve) => hub.onreconnecting(resolve));
    await enter(hub);

    expect(await leaving.stop()).toBe(0);
    expect(await reconnecting).toBeUndefined();
    await hub.stop();
  });

  it('writes URLs to its access log as they came, and no token anywhere', async () => {
    const { accessToken, cookie } = await signIn(server);
    const hub = client({ token: () => accessToken });
    await hub.start();
    await hub.invoke('Echo', 'x');
    // To its end: the line is written before that, but not before the headers.
    await (await fetch(`${server.base}/healthz?q=%41b&q`)).text();

    const log = await (await fetch(`${server.base}/admin/access-log`, { headers: { 'x-demo-admin': '1' } })).text();
    expect(log).toMatch(/ 127\.0\.0\.1 GET \/healthz\?q=%41b&q 200 \d+ms 2B \[\]\n/);
    expect(log).toMatch(/ GET \/hubs\/ops\?id=\S+ 101 \d+ms 0B \[sec-websocket-protocol\]\n/);
    expect(readFileSync(join(scratch, 'access.log'), 'utf8')).toContain(log);
    const secrets = [...accessToken.split('.').slice(1), cookie.split('=')[1] ?? '?'];
    for (const secret of secrets) {
      expect(log.includes(secret)).toBe(false);
      expect(server.output().includes(secret)).toBe(false);
    }
  });

  it('ends with a clear word on a wrong argument', async () => {
    await expect(startServer(['--port', 'many'])).rejects.toThrow('--port must be a number from 0 to 65535');
    await expect(startServer(['--nonsense'])).rejects.toThrow('unknown argument --nonsense');
    await expect(startServer([], 'c2hvcnQ=')).rejects.toThrow('DEMO_SIGNING_KEY must be base64 of at least 32 bytes');
    await expect(startServer(['--port', new URL(server.base).port])).rejects.toThrow('address already in use');
  });
});

function post(
  server: DotnetServer,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

async function admin(server: DotnetServer, name: string, body: unknown): Promise<unknown> {
  const response = await post(server, `/admin/${name}`, body, { 'x-demo-admin': '1' });
  if (!response.ok) throw new Error(`/admin/${name}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function adminGet(server: DotnetServer, name: string): Promise<unknown> {
  return (await fetch(`${server.base}/admin/${name}`, { headers: { 'x-demo-admin': '1' } })).json();
}

async function counts(server: DotnetServer): Promise<Counts> {
  return (await adminGet(server, 'counts')) as Counts;
}

function cookieOf(response: Response): string {
  return (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
}

async function signIn(server: DotnetServer, user = 'ann'): Promise<SignIn> {
  const response = await post(server, '/auth/sign-in', { user });
  return { ...((await response.json()) as Omit<SignIn, 'cookie'>), cookie: cookieOf(response) };
}

async function refresh(
  server: DotnetServer,
  cookie: string,
): Promise<{ status: number; body: unknown; cookie: string }> {
  const response = await post(server, '/auth/refresh', {}, cookie === '' ? {} : { cookie });
  return { status: response.status, body: await response.json(), cookie: cookieOf(response) };
}

async function session(server: DotnetServer, cookie: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.base}/auth/session`, { headers: { cookie } });
  return { status: response.status, body: await response.json() };
}

function negotiate(server: DotnetServer, headers: Record<string, string>, query = ''): Promise<Response> {
  return fetch(`${server.base}/hubs/ops/negotiate?negotiateVersion=1${query}`, { method: 'POST', headers });
}

/** The HTTP status that refuses an upgrade. */
function upgradeStatus(url: string, protocols: string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols);
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode);
      request.destroy();
    });
    socket.on('open', () => reject(new Error('the upgrade was granted')));
    socket.on('error', () => undefined);
  });
}

function nextEvent(hub: HubConnection, event: string): Promise<unknown[]> {
  return new Promise((resolve) => hub.on(event, (...args: unknown[]) => resolve(args)));
}

/** All that a server stream gave, and the text of the error that it ended with. */
function collect(
  hub: HubConnection,
  method: string,
  ...args: readonly unknown[]
): Promise<{ items: unknown[]; error: string | null }> {
  const items: unknown[] = [];
  return new Promise((resolve) => {
    hub.stream(method, ...args).subscribe({
      next: (item) => void items.push(item),
      complete: () => resolve({ items, error: null }),
      error: (error: Error) => resolve({ items, error: error.message }),
    });
  });
}

/** Calls a method with an upload in place of each array. */
function upload(hub: HubConnection, method: string, args: readonly unknown[], failure?: string): Promise<unknown> {
  const uploads: [Subject<unknown>, readonly unknown[]][] = [];
  const sent = args.map((arg: unknown) => {
    if (!Array.isArray(arg)) return arg;
    const subject = new Subject<unknown>();
    uploads.push([subject, arg]);
    return subject;
  });
  const result = hub.invoke<unknown>(method, ...sent);
  for (const [subject, items] of uploads) {
    for (const item of items) subject.next(item);
    if (failure === undefined) subject.complete();
    else subject.error(new Error(failure));
  }
  return result;
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function expiryMs(token: string): number {
  return Math.round(Number(claimsOf(token)['exp']) * 1000);
}

/** A token of the test's own making, signed with the key that the server was given. */
function sign(claims: Record<string, unknown>, key: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${head}.${createHmac('sha256', Buffer.from(key, 'base64')).update(head).digest('base64url')}`;
}
