/** The Azure-style redirect: who is sent where with which token, and that no endpoint takes the other's. */
import { HubConnectionBuilder, HttpTransportType, LogLevel, type HubConnection } from '@microsoft/signalr';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startHub, type DemoHub } from '../index.js';
import { TRANSPORTS, type TokenBox } from '../testing/client.js';
import { admin, adminGet, clientFor, counts, hubFor, post, request, signIn, type Answer } from '../testing/fixture.js';
import { eventually } from '../testing/eventually.js';

const clients: HubConnection[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.stop();
});

const bearer = (box: TokenBox): Record<string, string> => ({ authorization: `Bearer ${box.token}` });

function negotiate(hub: DemoHub, path: string, box: TokenBox): Promise<Answer> {
  return post(hub, `${path}/negotiate?negotiateVersion=1`, undefined, bearer(box));
}

/** The token that a redirect hands over. */
async function serviceToken(hub: DemoHub, box: TokenBox): Promise<TokenBox> {
  return { token: (await negotiate(hub, '/hubs/redirected', box)).json['accessToken'] as string };
}

/** The client as it comes from the package: in Node it sends its tokens in headers. */
function stockClient(hub: DemoHub, token: () => string, transport: HttpTransportType): HubConnection {
  const client = new HubConnectionBuilder()
    .withUrl(`${hub.url}/hubs/redirected`, { transport, accessTokenFactory: token })
    .withAutomaticReconnect([0, 10, 50])
    .configureLogging(LogLevel.None)
    .build();
  clients.push(client);
  return client;
}

function upgrade(hub: DemoHub, path: string, box: TokenBox): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${hub.url.replace('http', 'ws')}${path}`, ['signalr', `bearer.${box.token}`]);
    socket.on('error', () => undefined);
    socket.once('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
}

describe('a redirecting negotiate', () => {
  it('points to another origin where the hub was told of one', async () => {
    const hub = await hubFor({ serviceOrigin: 'https://service.example.com' });
    const { json } = await negotiate(hub, '/hubs/redirected', await signIn(hub));
    expect(json['url']).toBe('https://service.example.com/hubs/service');
    await expect(startHub({ serviceOrigin: 'https://service.example.com/hubs' })).rejects.toThrow(/serviceOrigin/);
  });

  it('names the service endpoint on the host that was asked, and hands over a token for it', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const { status, headers, json } = await negotiate(hub, '/hubs/redirected', ann);

    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(json).toEqual({ url: `${hub.url}/hubs/service`, accessToken: expect.any(String) as string });
    const claims = JSON.parse(atob((json['accessToken'] as string).split('.')[1] ?? '')) as Record<string, number>;
    expect(claims).toMatchObject({ aud: 'hubshare-demo-service', type: 'service', sub: 'ann' });
    expect((claims['exp'] ?? 0) - (claims['iat'] ?? 0)).toBeCloseTo(60, 3);
    expect(await counts(hub)).toMatchObject({ redirects: 1, negotiates: 0, connections: 0, tokensIssued: 1 });
  });

  it('wants a good access token, and none in the URL', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    expect((await negotiate(hub, '/hubs/redirected', { token: '' })).status).toBe(401);
    expect((await negotiate(hub, '/hubs/redirected', await serviceToken(hub, ann))).status).toBe(401);
    expect((await post(hub, `/hubs/redirected/negotiate?access_token=${ann.token}`)).status).toBe(400);
    expect((await request(hub, 'GET', '/hubs/redirected?id=x', { headers: bearer(ann) })).status).toBe(404);
    expect(await counts(hub)).toMatchObject({ redirects: 1, tokensInUrl: 1 });
  });
});

describe('the service endpoint', () => {
  it('takes only tokens of a redirect, which the hub itself refuses', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const service = await serviceToken(hub, ann);

    expect((await negotiate(hub, '/hubs/service', service)).status).toBe(200);
    expect((await negotiate(hub, '/hubs/service', ann)).json['code']).toBe('INVALID_TOKEN');
    expect((await negotiate(hub, '/hubs/ops', service)).json['code']).toBe('INVALID_TOKEN');
    expect(await upgrade(hub, '/hubs/service', service)).toBe(101);
    expect(await upgrade(hub, '/hubs/service?id=x', ann)).toBe(401);
    expect(await upgrade(hub, '/hubs/ops?id=x', service)).toBe(401);
    expect((await post(hub, `/hubs/service/negotiate?access_token=${service.token}`)).status).toBe(400);
  });

  it('does not serve connections of the hub itself, nor the other way round', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const service = await serviceToken(hub, ann);
    const idOf = async (path: string, box: TokenBox): Promise<string> =>
      (await negotiate(hub, path, box)).json['connectionToken'] as string;
    const own = await idOf('/hubs/ops', ann);
    const redirected = await idOf('/hubs/service', service);
    const poll = async (path: string, box: TokenBox): Promise<number> =>
      (await request(hub, 'GET', path, { headers: bearer(box) })).status;

    expect(await poll(`/hubs/service?id=${own}`, service)).toBe(404);
    expect(await poll(`/hubs/ops?id=${redirected}`, ann)).toBe(404);
    expect(await poll(`/hubs/service?id=${redirected}`, service)).toBe(200);
    expect(await poll(`/hubs/ops?id=${own}`, ann)).toBe(200);
  });

  it('refuses a token that has expired, but keeps the connection that came with it', async () => {
    const hub = await hubFor({ serviceTokenLifeSeconds: 3 });
    const ann = await signIn(hub);
    const service = await serviceToken(hub, ann);
    const client = clientFor(hub, service, HttpTransportType.WebSockets, { path: '/hubs/service' });
    await client.start();

    await eventually(async () =>
      expect((await negotiate(hub, '/hubs/service', service)).json['code']).toBe('TOKEN_EXPIRED'),
    );

    expect(await client.invoke('WhoAmI')).toMatchObject({ userId: 'ann' });
    await admin(hub, 'service-token-life', { seconds: 100 });
    expect((await negotiate(hub, '/hubs/service', await serviceToken(hub, ann))).status).toBe(200);
  });

  it('closes a connection when the sign-in behind it has expired', async () => {
    const hub = await hubFor({ tokenLifeSeconds: 3 });
    const service = await serviceToken(hub, await signIn(hub));
    const client = clientFor(hub, service, HttpTransportType.WebSockets, { path: '/hubs/service' });
    const over = new Promise<Error | undefined>((resolve) => client.onclose(resolve));
    await client.start();
    expect((await over)?.message).toContain('Authentication expired');
  });
});

// Not over server-sent events: there the package puts its token into the URL, in Node as well.
describe.each(TRANSPORTS.filter(([name]) => name !== 'ServerSentEvents'))(
  'a stock client over %s',
  (_name, transport) => {
    it('follows the redirect, and again with a new token when it reconnects', async () => {
      const hub = await hubFor();
      const ann = await signIn(hub);
      const client = stockClient(hub, () => ann.token, transport);
      await client.start();
      expect(await client.invoke('WhoAmI')).toEqual({ userId: 'ann', name: 'ann', connectionId: client.connectionId });
      expect(await counts(hub)).toMatchObject({ redirects: 1, negotiates: 1, connections: 1 });

      const reconnected = new Promise((resolve) => client.onreconnected(resolve));
      await admin(hub, 'cut', { how: 'abort' });
      await reconnected;

      expect(await client.invoke('Add', 1, 1)).toBe(2);
      expect(await counts(hub)).toMatchObject({ redirects: 2, negotiates: 2, authFailures: 0, tokensInUrl: 0 });
      const { text } = (await adminGet(hub, 'access-log')) as { text: string };
      expect(text).not.toMatch(/eyJ[\w-]+\./);
    });
  },
);
