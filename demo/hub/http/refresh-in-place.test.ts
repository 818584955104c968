/** The hub as ASP.NET Core 11: a token renewed by a request, on every transport. */
import { expect, it } from 'vitest';
import { TRANSPORTS } from '../testing/client.js';
import { admin, clientFor, counts, hubFor, next, post, request, signIn, type Answer } from '../testing/fixture.js';
import type { DemoHub } from '../index.js';
import { forge } from '../testing/forge.js';

const refresh = (hub: DemoHub, id: string | null, token: string): Promise<Answer> =>
  post(hub, `/hubs/ops/refresh${id === null ? '' : `?id=${id}`}`, undefined, { authorization: `Bearer ${token}` });

/** Negotiates as any client does, and opens the connection that it was given by its first poll and a handshake. */
async function polling(hub: DemoHub, token: string): Promise<{ id: string; lifetime: unknown }> {
  const headers = { authorization: `Bearer ${token}` };
  const { json } = await post(hub, '/hubs/ops/negotiate?negotiateVersion=1', undefined, headers);
  const id = json['connectionToken'] as string;
  await request(hub, 'GET', `/hubs/ops?id=${id}`, { headers });
  await request(hub, 'POST', `/hubs/ops?id=${id}`, { headers, body: '{"protocol":"json","version":1}\u001e' });
  return { id, lifetime: json['tokenLifetimeSeconds'] };
}

it('is announced by negotiate while the admin says so, and then not in the greeting', async () => {
  const hub = await hubFor({ tokenLifeSeconds: 100 });
  const ann = await signIn(hub);
  expect((await polling(hub, ann.token)).lifetime).toBeUndefined();
  await admin(hub, 'reauth', { way: 'endpoint' });
  const { lifetime } = await polling(hub, ann.token);
  expect(lifetime).toBeGreaterThan(90);
  expect(lifetime).toBeLessThanOrEqual(100);
  for (const [, transport] of TRANSPORTS) {
    const client = clientFor(hub, ann, transport);
    const greeted = next<[Record<string, unknown>]>(client, 'connection.authorized');
    await client.start();
    expect(Object.keys((await greeted)[0])).not.toContain('reauth');
  }
});

it('gives a connection the newer token', async () => {
  const hub = await hubFor({ tokenLifeSeconds: 60 });
  await admin(hub, 'reauth', { way: 'endpoint' });
  const { id } = await polling(hub, (await signIn(hub)).token);
  await admin(hub, 'token-life', { seconds: 1000 });
  const { status, json } = await refresh(hub, id, (await signIn(hub)).token);
  expect(status).toBe(200);
  expect(json['tokenLifetimeSeconds']).toBeGreaterThan(900);
  expect(await counts(hub)).toMatchObject({ reauths: 1, connections: 1, connectionsTotal: 1 });
});

it('refuses with the words of ASP.NET Core, and changes nothing', async () => {
  const hub = await hubFor();
  await admin(hub, 'reauth', { way: 'endpoint' });
  const ann = await signIn(hub);
  const { id } = await polling(hub, ann.token);
  const bob = await signIn(hub, 'bob');
  const expired = await forge(hub.signingKey, { exp: 1 });
  for (const [given, token, status, error] of [
    [null, ann.token, 400, 'missing_connection_token'],
    ['nobody', ann.token, 404, 'connection_not_found'],
    [id, 'nonsense', 401, 'invalid_token'],
    [id, expired, 401, 'invalid_token'],
    [id, bob.token, 403, 'invalid_token'],
  ] as const) {
    expect(await refresh(hub, given, token)).toMatchObject({ status, json: { error } });
  }
  expect((await counts(hub)).reauths).toBe(0);
});

it('is not there unless the admin says so', async () => {
  const hub = await hubFor();
  const ann = await signIn(hub);
  const { id } = await polling(hub, ann.token);
  expect(await refresh(hub, id, ann.token)).toMatchObject({ status: 404, json: { text: '' } });
});
