/** What a hub answers to pages of other origins (CORS): the same cases for the Node hub and the one on ASP.NET Core. */
import { describe, expect, it } from 'vitest';
import { admin, adminGet, counts, post, request, signIn } from './fixture.js';
import type { HubAddress } from './hub-address.js';

/** The one that the hub under test allows. */
export const ALLOWED = 'https://app.example.com';

/** Each would pass a check that is a little too kind. */
const NOT_ALLOWED = [
  'null',
  'https://elsewhere.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com.elsewhere.example',
  'https://elsewhere.example/https://app.example.com',
  'https://sub.app.example.com',
];

const NEGOTIATE = '/hubs/ops/negotiate?negotiateVersion=1';

/** As Chromium and Firefox ask before SignalR's negotiate. */
const WANTED = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization,x-requested-with,x-signalr-user-agent',
};

const words = (header: string | null): readonly string[] =>
  (header ?? '').split(',').map((word) => word.trim().toLowerCase());

/** The names of all headers of CORS in an answer. */
const corsIn = (headers: Headers): readonly string[] =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

/** @param hubs - One that allows `ALLOWED`, and one that was told of no origin. */
export function otherOriginsCases(hubs: () => { readonly open: HubAddress; readonly alone: HubAddress }): void {
  const preflight = (hub: HubAddress, origin: string, path = NEGOTIATE, wanted: Record<string, string> = WANTED) =>
    request(hub, 'OPTIONS', path, { headers: { origin, ...wanted } });

  async function negotiated(hub: HubAddress, origin?: string) {
    const { token } = await signIn(hub);
    const headers = { authorization: `Bearer ${token}`, ...(origin === undefined ? {} : { origin }) };
    const answer = await post(hub, NEGOTIATE, undefined, headers);
    return { ...answer, url: `${hub.url}/hubs/ops?id=${String(answer.json['connectionToken'])}`, sent: headers };
  }

  describe('an origin that is allowed', () => {
    it('may send what SignalR sends, with cookies, and asks once for many requests', async () => {
      const { open } = hubs();
      const before = await counts(open);
      const { status, headers } = await preflight(open, ALLOWED);
      expect(status).toBe(204);
      expect(headers.get('access-control-allow-origin')).toBe(ALLOWED);
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      expect(words(headers.get('access-control-allow-headers')).toSorted()).toEqual([
        'authorization',
        'content-type',
        'x-requested-with',
        'x-signalr-user-agent',
      ]);
      expect(words(headers.get('access-control-allow-methods')).toSorted()).toEqual(['delete', 'get', 'post']);
      expect(headers.get('access-control-max-age')).toBe('600');
      expect(words(headers.get('vary'))).toContain('origin');
      const after = await counts(open);
      expect(after.authFailures, 'a preflight brings no token, and is no failure for that').toBe(before.authFailures);
      expect(after.negotiates).toBe(before.negotiates);
    });

    it('reads the answer to negotiate', async () => {
      const { status, headers, json } = await negotiated(hubs().open, ALLOWED);
      expect(status).toBe(200);
      expect(json['connectionToken']).toEqual(expect.any(String));
      expect(headers.get('access-control-allow-origin')).toBe(ALLOWED);
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      expect(words(headers.get('vary'))).toContain('origin');
    });

    it.each([
      ['an event stream', 'text/event-stream'],
      ['a poll', '*/*'],
    ])('reads %s', async (_, accept) => {
      const { url, sent } = await negotiated(hubs().open, ALLOWED);
      const abort = new AbortController();
      const response = await fetch(url, { headers: { ...sent, accept }, signal: abort.signal });
      expect(response.status).toBe(200);
      expect(response.headers.get('access-control-allow-origin')).toBe(ALLOWED);
      expect(response.headers.get('access-control-allow-credentials')).toBe('true');
      expect(words(response.headers.get('vary'))).toContain('origin');
      abort.abort();
    });

    it('reads why it was refused, and when to come back', async () => {
      const { open } = hubs();
      const refused = await post(open, NEGOTIATE, undefined, { origin: ALLOWED });
      expect(refused.status).toBe(401);
      expect(refused.json['code']).toBe('MISSING_TOKEN');
      expect(refused.headers.get('access-control-allow-origin')).toBe(ALLOWED);

      await admin(open, 'unavailable', { retryAfterSeconds: 20 });
      try {
        const { status, headers } = await negotiated(open, ALLOWED);
        expect(status).toBe(503);
        expect(headers.get('access-control-allow-origin')).toBe(ALLOWED);
        expect(headers.get('retry-after')).toBe('20');
        expect(words(headers.get('access-control-expose-headers'))).toContain('retry-after');
      } finally {
        await admin(open, 'unavailable', { retryAfterSeconds: null });
      }
    });

    it('gets no way to the admin endpoint', async () => {
      const { headers } = await preflight(hubs().open, ALLOWED, '/admin/counts', {
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'x-demo-admin',
      });
      expect(words(headers.get('access-control-allow-headers'))).not.toContain('x-demo-admin');
    });
  });

  it.each(NOT_ALLOWED)('%s may read nothing, and a cache is told that it depends on the origin', async (origin) => {
    const { open } = hubs();
    const asked = await preflight(open, origin);
    const answered = await negotiated(open, origin);
    expect(corsIn(asked.headers)).toEqual([]);
    expect(answered.status, 'whoever has a token gets in; what keeps others out is their own browser').toBe(200);
    expect(corsIn(answered.headers)).toEqual([]);
    for (const { headers } of [asked, answered]) expect(words(headers.get('vary'))).toContain('origin');
  });

  it('a request that names no origin is answered as ever', async () => {
    const { status, headers } = await negotiated(hubs().open);
    expect(status).toBe(200);
    expect(corsIn(headers)).toEqual([]);
    expect(words(headers.get('vary'))).toContain('origin');
  });

  it('a hub that was told of no origin says nothing of the kind', async () => {
    const { alone } = hubs();
    for (const { headers } of [await preflight(alone, ALLOWED), await negotiated(alone, ALLOWED)]) {
      expect(corsIn(headers)).toEqual([]);
      expect(headers.get('vary')).toBeNull();
    }
    expect((await adminGet(alone, 'counts'))['negotiates'], 'the hub is there all the same').toBeGreaterThan(0);
  });
}

/** What stands in no list of origins. */
export const NO_ORIGINS = [
  '*',
  'null',
  'app.example.com',
  'https://app.example.com/',
  'https://*.example.com',
  'ws://a.example',
];
