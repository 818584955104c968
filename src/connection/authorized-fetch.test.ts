import { describe, expect, it, vi } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { errorFromWire, wireError } from '../contract/errors.js';
import type { FetchAnswer, FetchRequest } from '../contract/fetch.js';
import type { Reply } from '../contract/rpc.js';
import type { Stay, TabClient } from '../tab/tab-client.js';
import { authorizedFetch } from './authorized-fetch.js';

const HUB = 'https://app.test/hubs/ops';
const API = 'https://app.test/api';

function setUp() {
  const asked: FetchRequest[] = [];
  const aborted: string[] = [];
  const died = new AbortController();
  let give: (reply: Reply<FetchAnswer>) => void = () => undefined;
  const api = {
    authorizedFetch: (request: FetchRequest) => {
      asked.push(request);
      return new Promise<Reply<FetchAnswer>>((resolve) => (give = resolve));
    },
    abortFetch: async (id: string) => {
      aborted.push(id);
      return { ok: true, value: undefined };
    },
  };
  const signedIn = new AbortController();
  let back: (() => void) | undefined;
  let held: Promise<boolean> | undefined;
  const stay = { api, over: died.signal, events: { reached: () => held } } as unknown as Stay;
  const visits = { open: 0 };
  const client = {
    async visit<T>(run: (own: Stay) => Promise<T>): Promise<T> {
      visits.open += 1;
      try {
        return await run(stay);
      } finally {
        visits.open -= 1;
      }
    },
  } as unknown as TabClient;
  return {
    asked,
    aborted,
    visits,
    die: () => died.abort(),
    reply: (reply: Reply<FetchAnswer>) => give(reply),
    answer: (more: Partial<FetchAnswer> = {}) =>
      give({ ok: true, value: { status: 200, statusText: '', headers: [], body: null, url: API, ...more } }),
    fetch: (input: RequestInfo | URL, init?: RequestInit) =>
      authorizedFetch(client, { hub: HUB, signedIn: signedIn.signal }, input, init),
    signOut: () => signedIn.abort(errorFromWire(wireError('signed-out', 'Signed out.', {}))),
    /** The page is parked: entries are held back. */
    hold: (): void => {
      held = new Promise((resolve) => (back = () => resolve(true)));
    },
    release: () => back?.(),
  };
}

/** A request that the worker has been told of. */
async function underWay(input: RequestInfo | URL = API, init?: RequestInit) {
  const parts = setUp();
  const response = parts.fetch(input, init);
  response.catch(() => undefined);
  await vi.waitFor(() => expect(parts.asked).toHaveLength(1));
  return { ...parts, response, request: parts.asked[0]! };
}

const text = (body: ArrayBuffer | null): string => new TextDecoder().decode(body ?? new ArrayBuffer());

describe('the worker is told', () => {
  it('of a plain request what fetch would make of it', async () => {
    const { request, answer, response } = await underWay();
    expect(request).toMatchObject({ hub: HUB, url: API, method: 'GET', headers: [], body: null, keepalive: false });
    expect(request).toMatchObject({ cache: 'default', credentials: 'same-origin', mode: 'cors' });
    answer();
    await response;
  });

  it('of a body as bytes, with the type that fetch gives it', async () => {
    const { request } = await underWay(API, { method: 'post', body: new URLSearchParams({ a: '1' }) });
    expect(request.method).toBe('POST');
    expect(text(request.body)).toBe('a=1');
    expect(request.headers).toEqual([['content-type', 'application/x-www-form-urlencoded;charset=UTF-8']]);
  });

  it('of a body that was a stream', async () => {
    const body = new Blob(['streamed']).stream();
    expect(text((await underWay(API, { method: 'POST', body })).request.body)).toBe('streamed');
  });

  it('of a Request with what init changes of it', async () => {
    const input = new Request(API, { method: 'PUT', body: 'kept', headers: { 'X-A': '1' }, cache: 'no-store' });
    const { request } = await underWay(input, { headers: { 'X-B': '2' } });
    expect(request).toMatchObject({ method: 'PUT', cache: 'no-store' });
    expect(request.headers).toContainEqual(['x-b', '2']);
    expect(text(request.body)).toBe('kept');
  });

  it('each time under another id', async () => {
    const one = await underWay();
    const two = await underWay();
    expect(one.request.requestId).not.toBe(two.request.requestId);
  });
});

describe('the answer', () => {
  it('is a Response', async () => {
    const { answer, response, visits } = await underWay();
    answer({
      status: 404,
      statusText: 'Nowhere',
      headers: [['x-kind', 'a']],
      body: new TextEncoder().encode('{"n":1}').buffer,
      url: `${API}?page=2`,
    });
    const got = await response;
    expect(got).toBeInstanceOf(Response);
    expect([got.status, got.statusText, got.ok, got.url]).toEqual([404, 'Nowhere', false, `${API}?page=2`]);
    expect(got.headers.get('X-Kind')).toBe('a');
    expect(await got.json()).toEqual({ n: 1 });
    expect(visits.open).toBe(0);
  });

  it.each([204, 205, 304])('of status %d has no body', async (status) => {
    const { answer, response } = await underWay();
    answer({ status, body: new ArrayBuffer(1) });
    const got = await response;
    expect(got.status).toBe(status);
    expect(got.body).toBeNull();
  });

  it('that is an error rejects with its code', async () => {
    const { reply, response } = await underWay();
    reply({ ok: false, error: wireError('fetch-failed', 'No answer came.', {}) });
    await expect(response).rejects.toMatchObject({ code: 'fetch-failed', message: 'No answer came.' });
  });

  it('of a worker that has died never comes, and nothing is sent again', async () => {
    const { asked, die, answer, response, visits } = await underWay(API, { method: 'POST', body: 'once' });
    die();
    await expect(response).rejects.toMatchObject({ code: 'worker-lost' });
    answer();
    expect(asked).toHaveLength(1);
    expect(visits.open).toBe(0);
  });
});

describe('abort', () => {
  it('rejects as fetch does, and tells the worker', async () => {
    const abort = new AbortController();
    const { aborted, request, response, visits } = await underWay(API, { signal: abort.signal });
    abort.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    await expect(response).rejects.toBeInstanceOf(DOMException);
    expect(aborted).toEqual([request.requestId]);
    expect(visits.open).toBe(0);
  });

  it('rejects with the reason that the app gave', async () => {
    const abort = new AbortController();
    const { response } = await underWay(API, { signal: abort.signal });
    const reason = new Error('the user has typed on');
    abort.abort(reason);
    await expect(response).rejects.toBe(reason);
  });

  it('before the call sends nothing', async () => {
    const parts = setUp();
    await expect(parts.fetch(API, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(parts.asked).toEqual([]);
    expect(parts.aborted).toEqual([]);
  });

  it('after the answer does nothing', async () => {
    const abort = new AbortController();
    const { aborted, answer, response } = await underWay(API, { signal: abort.signal });
    answer();
    await response;
    abort.abort();
    expect(aborted).toEqual([]);
  });
});

describe('refused in the tab, before the worker is told, is', () => {
  it.each<[string, string, RequestInit | undefined, string]>([
    ['a password in the URL', 'https://ann:hush-value@app.test/', undefined, 'fetch-refused'],
    ['a token in the query', `${API}?access_token=hush-value`, undefined, 'fetch-refused'],
    ['an Authorization header', API, { headers: { Authorization: 'Bearer hush-value' } }, 'fetch-refused'],
    ['TRACE', API, { method: 'trace' }, 'fetch-refused'],
    ['what is no URL', 'https://hush-value:x', undefined, 'option-invalid'],
    ['a mode that carries no token', API, { mode: 'no-cors' }, 'option-invalid'],
    ['a header of two lines', API, { headers: { 'X-A': 'hush-value\nX' } }, 'option-invalid'],
    ['a body with GET', API, { body: 'hush-value' }, 'option-invalid'],
  ])('%s', async (_, url, init, code) => {
    const parts = setUp();
    const error = await parts.fetch(url, init).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(`${(error as Error).message}${String((error as Error).cause)}`).not.toContain('hush');
    expect(parts.asked).toEqual([]);
  });
});

describe('a sign-out in this page', () => {
  it('ends a request at once, though its answer is here a moment later', async () => {
    const { signOut, answer, response, visits } = await underWay();
    signOut();
    answer();
    await expect(response).rejects.toMatchObject({ code: 'signed-out' });
    expect(visits.open).toBe(0);
  });

  it('keeps back a request whose body is still being read: the next user is not to send it', async () => {
    const { fetch, signOut, asked } = setUp();
    const response = fetch(API, { method: 'POST', body: 'of ann' });
    signOut();
    await expect(response).rejects.toMatchObject({ code: 'signed-out' });
    expect(asked).toEqual([]);
  });

  it('is heard of first by a page that was frozen while the answer came', async () => {
    const { hold, release, answer, signOut, response } = await underWay();
    hold();
    answer();
    const settled = vi.fn();
    response.then(settled, settled);
    await quiet();
    expect(settled).not.toHaveBeenCalled();
    signOut();
    release();
    await expect(response).rejects.toMatchObject({ code: 'signed-out' });
  });

  it('did not happen while the page was frozen: then the answer is given', async () => {
    const { hold, release, answer, response } = await underWay();
    hold();
    answer({ status: 204 });
    await quiet();
    release();
    expect((await response).status).toBe(204);
  });
});
