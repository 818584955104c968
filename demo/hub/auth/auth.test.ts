import { describe, expect, it, vi } from 'vitest';
import type { DemoHub } from '../index.js';
import { admin, cookieOf, counts, hubFor, post, request, signIn, type Answer } from '../testing/fixture.js';
import { eventually } from '../testing/eventually.js';
import { forge } from '../testing/forge.js';

const negotiate = (hub: DemoHub, token: string | null, query = 'negotiateVersion=1'): Promise<Answer> =>
  post(hub, `/hubs/ops/negotiate?${query}`, undefined, token === null ? {} : { authorization: `Bearer ${token}` });

const refresh = (hub: DemoHub, cookie: string): Promise<Answer> => post(hub, '/auth/refresh', undefined, { cookie });

describe('signing in', () => {
  it('gives an access token and a refresh cookie that scripts and other sites cannot use', async () => {
    const hub = await hubFor({ tokenLifeSeconds: 2.5 });
    const { status, json, headers } = await post(hub, '/auth/sign-in', { user: 'ann' });

    expect(status).toBe(200);
    expect(json).toMatchObject({ user: 'ann', expiresIn: 2.5 });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.getSetCookie()[0]).toMatch(/^refresh=[^;]+; Max-Age=\d+; Path=\/auth; HttpOnly; SameSite=Strict$/);
  });

  it.each([[undefined], [{}], [{ user: 'Ann' }], [{ user: '1ann' }], [{ user: 'a'.repeat(33) }], [{ user: 7 }], [[]]])(
    'refuses %j as a user',
    async (body) => {
      const hub = await hubFor();
      const { status, json } = await post(hub, '/auth/sign-in', body);
      expect(status).toBe(400);
      expect(json['code']).toBe('INVALID_USER');
    },
  );

  it('answers a body that is no JSON with 400', async () => {
    const hub = await hubFor();
    const init = { headers: { 'content-type': 'application/json' }, body: '{' };
    expect((await request(hub, 'POST', '/auth/sign-in', init)).status).toBe(400);
  });
});

describe('refreshing', () => {
  it('rotates the cookie and gives a new token each time', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const first = await refresh(hub, ann.cookie);
    const second = await refresh(hub, cookieOf(first.headers));

    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.json).toMatchObject({ user: 'ann', expiresIn: 300 });
    expect(new Set([ann.token, first.json['accessToken'], second.json['accessToken']]).size).toBe(3);
    expect(await counts(hub)).toMatchObject({ refreshes: 2, tokensIssued: 3, refreshesRefused: 0 });
  });

  it('ends the whole family when a spent cookie is used again', async () => {
    const hub = await hubFor();
    const ann = await signIn(hub);
    const newest = cookieOf((await refresh(hub, ann.cookie)).headers);

    const reused = await refresh(hub, ann.cookie);
    expect([reused.status, reused.json['code']]).toEqual([401, 'REFRESH_REUSED']);
    const after = await refresh(hub, newest);
    expect([after.status, after.json['code']]).toEqual([401, 'REFRESH_INVALID']);
    expect((await counts(hub)).refreshesRefused).toBe(2);
  });

  it('refuses no cookie and a forged one, and a forged one ends nothing', async () => {
    const hub = await hubFor();
    const { cookie } = await signIn(hub);
    expect((await post(hub, '/auth/refresh')).json['code']).toBe('MISSING_REFRESH');
    expect((await refresh(hub, `${cookie.slice(0, -4)}AAAA`)).json['code']).toBe('REFRESH_INVALID');
    expect((await refresh(hub, cookie)).status).toBe(200);
  });

  it('is refused while the admin says so, without spending the cookie', async () => {
    const hub = await hubFor();
    const { cookie } = await signIn(hub);
    await admin(hub, 'refuse-refresh', { on: true });
    expect((await refresh(hub, cookie)).json['code']).toBe('REFRESH_INVALID');
    await admin(hub, 'refuse-refresh', { on: false });
    expect((await refresh(hub, cookie)).status).toBe(200);
  });

  it('still knows its cookies and tokens after a restart with the same sessions and key', async () => {
    const first = await hubFor();
    const { cookie, token } = await signIn(first);
    await first.close();
    const second = await hubFor({ port: first.port, sessions: first.sessions, signingKey: first.signingKey });

    expect((await negotiate(second, token)).status).toBe(200);
    expect((await refresh(second, cookie)).status).toBe(200);
  });
});

describe('the session', () => {
  it('is told without rotating, until sign-out', async () => {
    const hub = await hubFor();
    const { cookie } = await signIn(hub);
    const session = (): Promise<Answer> => request(hub, 'GET', '/auth/session', { headers: { cookie } });

    expect((await session()).json).toEqual({ user: 'ann' });
    expect((await session()).status).toBe(200);
    const out = await post(hub, '/auth/sign-out', undefined, { cookie });
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()[0]).toMatch(/^refresh=;/);
    expect((await session()).json['code']).toBe('REFRESH_INVALID');
    expect((await request(hub, 'GET', '/auth/session')).json['code']).toBe('MISSING_REFRESH');
  });

  it('ends when the same browser signs in again', async () => {
    const hub = await hubFor();
    const { cookie } = await signIn(hub);
    await post(hub, '/auth/sign-in', { user: 'bob' }, { cookie });
    expect((await refresh(hub, cookie)).json['code']).toBe('REFRESH_INVALID');
  });
});

describe('the door of the hub', () => {
  it('refuses a request without a token', async () => {
    const hub = await hubFor();
    const { status, json, headers } = await negotiate(hub, null);
    expect([status, json['code']]).toEqual([401, 'MISSING_TOKEN']);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each<[string, (key: Uint8Array) => Promise<string>]>([
    ['nonsense', () => Promise.resolve('nonsense')],
    ['null', () => Promise.resolve('null')],
    ['one of another key', () => forge(new Uint8Array(32))],
    ['one of another type', (key) => forge(key, { type: 'refresh' })],
    ['one without a user', (key) => forge(key, { userId: '' })],
    ['one whose user is not its subject', (key) => forge(key, { userId: 'bob' })],
    ['one of another issuer', (key) => forge(key, { iss: 'else' })],
    ['one for another audience', (key) => forge(key, { aud: 'else' })],
    ['one without an expiry', (key) => forge(key, { exp: undefined })],
  ])('refuses %s as INVALID_TOKEN and does not repeat it', async (_, make) => {
    const hub = await hubFor();
    const token = await make(hub.signingKey);
    const { status, json } = await negotiate(hub, token);
    expect([status, json['code']]).toEqual([401, 'INVALID_TOKEN']);
    expect(json).toEqual({ code: 'INVALID_TOKEN', message: 'The access token is not valid.' });
    expect((await counts(hub)).authFailures).toBe(1);
  });

  it('refuses an unsigned token', async () => {
    const hub = await hubFor();
    const [, claims] = (await signIn(hub)).token.split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect((await negotiate(hub, `${header}.${claims}.`)).json['code']).toBe('INVALID_TOKEN');
  });

  it('refuses an expired token, but only after the tolerance', async () => {
    const [strict, tolerant] = [await hubFor(), await hubFor({ clockToleranceSeconds: 10 })];
    const expired = (hub: DemoHub): Promise<string> => forge(hub.signingKey, { exp: Date.now() / 1000 - 1 });
    expect((await negotiate(strict, await expired(strict))).json['code']).toBe('TOKEN_EXPIRED');
    expect((await negotiate(tolerant, await expired(tolerant))).status).toBe(200);
  });

  it('refuses every token while the admin says so', async () => {
    const hub = await hubFor();
    const { token } = await signIn(hub);
    await admin(hub, 'refuse-tokens', { on: true });
    expect((await negotiate(hub, token)).json['code']).toBe('INVALID_TOKEN');
    await admin(hub, 'refuse-tokens', { on: false });
    expect((await negotiate(hub, token)).status).toBe(200);
  });

  it('refuses a token in the URL by its name and by its shape, even beside a good header', async () => {
    const hub = await hubFor();
    const { token } = await signIn(hub);
    for (const query of [`access_token=${token}`, `ACCESS_TOKEN=x`, `foo=${token}`]) {
      const { status, json } = await negotiate(hub, token, query);
      expect([status, json['code']]).toEqual([400, 'TOKEN_IN_URL']);
    }
    const stream = await request(hub, 'GET', `/hubs/ops?id=x&access_token=${token}`, {
      headers: { accept: 'text/event-stream' },
    });
    expect(stream.json['code']).toBe('TOKEN_IN_URL');
    expect((await counts(hub)).tokensInUrl).toBe(4);
  });

  it("does not let a user speak on another user's connection", async () => {
    const hub = await hubFor();
    const [ann, bob] = [await signIn(hub), await signIn(hub, 'bob')];
    const { json } = await negotiate(hub, ann.token);
    const { status, json: refusal } = await request(hub, 'GET', `/hubs/ops?id=${json['connectionToken'] as string}`, {
      headers: { authorization: `Bearer ${bob.token}` },
    });
    expect([status, refusal['code']]).toEqual([403, 'AUTH_FAILED']);
  });

  it('waits as long as the admin says before it negotiates', async () => {
    const hub = await hubFor();
    const { token } = await signIn(hub);
    await admin(hub, 'delay', { what: 'negotiate', ms: 600_000 });
    const answered = vi.fn();
    const held = negotiate(hub, token).then(answered, answered);
    await eventually(async () => expect((await counts(hub)).tokensIssued).toBe(1));
    expect(answered).not.toHaveBeenCalled();
    await hub.close();
    await held;
  });
});
