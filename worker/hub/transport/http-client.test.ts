import { AbortError, HttpClient, HttpError, HttpResponse, TimeoutError, type HttpRequest } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import { HubshareError, wireError } from '../../../src/contract/errors.js';
import { createSanitizer } from '../../auth/sanitizer.js';
import { createTokenBroker } from '../../auth/token-broker.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { createBearer, redirectableBearer } from './bearer.js';
import { BearerHttpClient, type HttpFailure } from './http-client.js';
import type { Negotiated } from './negotiate.js';

const HUB = 'https://h.test/hubs/ops';
const NEGOTIATE = `${HUB}/negotiate?negotiateVersion=1`;
const SEND = `${HUB}?id=connection-secret`;

/** Answers like FetchHttpClient: anything but 2xx is thrown. */
class FakeInner extends HttpClient {
  readonly requests: HttpRequest[] = [];
  answer: (request: HttpRequest) => HttpResponse | Promise<HttpResponse> = () => new HttpResponse(200, '', '');

  override async send(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    return this.answer(request);
  }

  get authorizations(): (string | undefined)[] {
    return this.requests.map((request) => request.headers?.['Authorization']);
  }
}

function setUp({
  anonymous = false,
  signal,
  tokenMayGoTo,
}: { anonymous?: boolean; signal?: AbortSignal; tokenMayGoTo?: (url: string) => boolean } = {}) {
  const sanitizer = createSanitizer();
  let issued = 0;
  const fetch = vi.fn(async () => ({ token: `a-token-${++issued}`, expiresInSeconds: 300 }));
  const broker = createTokenBroker({
    source: anonymous ? null : { kind: 'endpoint', fetch },
    clock: new FakeClock(),
    sanitizer,
    random: () => 0,
  });
  const hubBearer = createBearer(broker);
  const bearer = redirectableBearer(hubBearer);
  const inner = new FakeInner();
  const negotiated: Negotiated[] = [];
  const failures: HttpFailure[] = [];
  const client = new BearerHttpClient({
    bearer,
    sanitizer,
    inner,
    onNegotiated: (news) => negotiated.push(news),
    onFailure: (failure) => failures.push(failure),
    ...(signal === undefined ? {} : { signal }),
    ...(tokenMayGoTo === undefined ? {} : { tokenMayGoTo }),
  });
  return { sanitizer, fetch, broker, hubBearer, bearer, inner, negotiated, failures, client };
}

const unauthorized = (): never => {
  throw new HttpError('Unauthorized', 401);
};
const json = (body: unknown): HttpResponse => new HttpResponse(200, 'OK', JSON.stringify(body));

describe('the header', () => {
  it('carries the token of the moment on each request', async () => {
    const { client, inner, broker } = setUp();
    await client.post(NEGOTIATE, { content: '', headers: { 'X-App': '1' } });
    await broker.refreshNow();
    await client.post(SEND, { content: '{}' });
    expect(inner.authorizations).toEqual(['Bearer a-token-1', 'Bearer a-token-2']);
    expect(inner.requests[0]?.headers).toMatchObject({ 'X-App': '1' });
  });

  it('is not there for an anonymous hub', async () => {
    const { client, inner } = setUp({ anonymous: true });
    await client.post(NEGOTIATE);
    expect(inner.authorizations).toEqual([undefined]);
  });

  it('is left as the app set it, and its refusal is the app’s affair', async () => {
    const { client, inner, fetch } = setUp();
    inner.answer = unauthorized;
    await expect(client.post(NEGOTIATE, { headers: { authorization: 'Basic abc' } })).rejects.toMatchObject({
      statusCode: 401,
    });
    expect(inner.requests).toHaveLength(1);
    expect(inner.requests[0]?.headers).toEqual({ authorization: 'Basic abc' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('does not change the request that it was given', async () => {
    const { client } = setUp();
    const request = { method: 'POST', url: SEND, headers: {} };
    await client.send(request);
    expect(request).toEqual({ method: 'POST', url: SEND, headers: {} });
  });
});

describe('a redirect that hands over no token', () => {
  const elsewhere = 'https://elsewhere.test/hub';

  it.each([[elsewhere], ['not a url']])(
    'to where the token may not go, %s, is refused before it is followed',
    async (url) => {
      const { client, inner, failures } = setUp({ tokenMayGoTo: () => false });
      inner.answer = () => json({ url });
      await expect(client.post(NEGOTIATE)).rejects.toMatchObject({ code: 'hub-not-allowed' });
      expect(failures).toMatchObject([{ step: 'negotiate', error: { code: 'hub-not-allowed' } }]);
    },
  );

  it('is followed with the token where that may go', async () => {
    const { client, inner } = setUp({ tokenMayGoTo: (url) => url === elsewhere });
    inner.answer = () => json({ url: elsewhere });
    await client.post(NEGOTIATE);
    await client.post(elsewhere);
    expect(inner.authorizations).toEqual(['Bearer a-token-1', 'Bearer a-token-1']);
  });

  it('goes anywhere with a token of its own', async () => {
    const { client, inner } = setUp({ tokenMayGoTo: () => false });
    inner.answer = () => json({ url: elsewhere, accessToken: 'of-the-service' });
    await client.post(NEGOTIATE);
    await client.post(elsewhere);
    expect(inner.authorizations).toEqual(['Bearer a-token-1', 'Bearer of-the-service']);
  });
});

describe('a 401', () => {
  it('is tried once more with the next token', async () => {
    const { client, inner, fetch, failures } = setUp();
    inner.answer = (request) => (request.headers?.['Authorization'] === 'Bearer a-token-1' ? unauthorized() : json({}));
    await expect(client.post(SEND, { content: 'x' })).resolves.toMatchObject({ statusCode: 200 });
    expect(inner.authorizations).toEqual(['Bearer a-token-1', 'Bearer a-token-2']);
    expect(inner.requests.map((request) => request.content)).toEqual(['x', 'x']);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(failures).toEqual([]);
  });

  it('after the next token too is final, and that token is refused as well', async () => {
    const { client, inner, fetch, failures, bearer } = setUp();
    inner.answer = unauthorized;
    await expect(client.post(NEGOTIATE)).rejects.toMatchObject({ statusCode: 401 });
    expect(inner.requests).toHaveLength(2);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(bearer.peek()).toBeNull();
    expect(failures).toEqual([
      { step: 'negotiate', httpStatus: 401, error: expect.objectContaining({ code: 'token-rejected' }) },
    ]);
  });

  it('is final when the source gives the same token again', async () => {
    const { client, inner, fetch, failures } = setUp();
    fetch.mockResolvedValue({ token: 'a-token-1', expiresInSeconds: 300 });
    inner.answer = unauthorized;
    await expect(client.post(NEGOTIATE)).rejects.toMatchObject({ statusCode: 401 });
    expect(inner.requests).toHaveLength(1);
    expect(failures[0]?.error?.code).toBe('token-rejected');
  });

  it('is not called final when the next token only cannot be had now', async () => {
    const { client, inner, fetch, failures } = setUp();
    inner.answer = () => {
      fetch.mockRejectedValueOnce(new HubshareError(wireError('token-unavailable', 'no network', {})));
      return unauthorized();
    };
    await expect(client.post(NEGOTIATE)).rejects.toMatchObject({ code: 'token-unavailable' });
    expect(failures).toEqual([
      { step: 'negotiate', httpStatus: null, error: expect.objectContaining({ code: 'token-unavailable' }) },
    ]);
  });

  it('of an anonymous hub is not tried again', async () => {
    const { client, inner, failures } = setUp({ anonymous: true });
    inner.answer = unauthorized;
    await expect(client.post(NEGOTIATE)).rejects.toMatchObject({ statusCode: 401 });
    expect(inner.requests).toHaveLength(1);
    expect(failures).toEqual([{ step: 'negotiate', httpStatus: 401, error: null }]);
  });
});

describe('a negotiate', () => {
  it('tells the connection token and the lifetime, and passes the answer on', async () => {
    const { client, inner, negotiated, sanitizer } = setUp();
    const answer = {
      negotiateVersion: 1,
      connectionId: 'public-id',
      connectionToken: 'connection-secret',
      tokenLifetimeSeconds: 60,
    };
    inner.answer = () => json(answer);
    const response = await client.post(NEGOTIATE);
    expect(JSON.parse(response.content as string)).toEqual(answer);
    expect(negotiated).toEqual([
      { connectionToken: 'connection-secret', tokenLifetimeSeconds: 60, statefulReconnect: false },
    ]);
    expect(sanitizer.redact('public-id connection-secret')).toBe('public-id [redacted]');
  });

  it('that redirects keeps its token from SignalR and uses it for everything after', async () => {
    const { client, inner, negotiated, bearer, fetch } = setUp();
    inner.answer = (request) =>
      request.url === NEGOTIATE
        ? json({ url: 'https://service.test/client/?hub=ops', accessToken: 'service-token', tokenLifetimeSeconds: 60 })
        : json({ connectionId: 'i', connectionToken: 'connection-secret' });

    const first = await client.post(NEGOTIATE);
    expect(JSON.parse(first.content as string)).toEqual({
      url: 'https://service.test/client/?hub=ops',
      tokenLifetimeSeconds: 60,
    });
    await client.post('https://service.test/client/negotiate?hub=ops&negotiateVersion=1');
    await client.get('https://service.test/client/?hub=ops&id=connection-secret');

    expect(inner.authorizations).toEqual(['Bearer a-token-1', 'Bearer service-token', 'Bearer service-token']);
    expect(bearer.peek()).toBe('service-token');
    expect(bearer.presented).toBe('a-token-1');
    expect(negotiated).toEqual([
      { connectionToken: 'connection-secret', tokenLifetimeSeconds: 60, statefulReconnect: false },
    ]);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('that redirects to a URL with a token takes it out of the URL', async () => {
    const { client, inner, sanitizer } = setUp();
    inner.answer = (request) =>
      request.url === NEGOTIATE
        ? json({ url: 'https://service.test/client/?hub=ops&access_token=in-the-url' })
        : json({});
    const first = await client.post(NEGOTIATE);
    expect(JSON.parse(first.content as string)).toEqual({ url: 'https://service.test/client/?hub=ops' });
    await client.post('https://service.test/client/negotiate?hub=ops&negotiateVersion=1');
    expect(inner.authorizations).toEqual(['Bearer a-token-1', 'Bearer in-the-url']);
    expect(sanitizer.redact('in-the-url')).toBe('[redacted]');
  });

  it('that redirects twice uses the newer token, also for a request that the older one was refused to', async () => {
    const { client, inner, bearer, fetch } = setUp();
    bearer.redirect('service-1');
    inner.answer = (request) => {
      if (request.headers?.['Authorization'] !== 'Bearer service-1') return json({});
      bearer.redirect('service-2');
      return unauthorized();
    };
    await client.get('https://service.test/client/?id=x');
    expect(inner.authorizations).toEqual(['Bearer service-1', 'Bearer service-2']);
    expect(fetch).not.toHaveBeenCalled();
  });

  it('is the start of a client of its own: what an earlier one was handed is unknown to it', async () => {
    const { bearer, hubBearer } = setUp();
    bearer.redirect('service-token');
    expect(await redirectableBearer(hubBearer).get()).toBe('a-token-1');
    expect(bearer.peek()).toBe('service-token');
  });

  it('never sends the app’s token where a redirect token was refused', async () => {
    const { client, inner, bearer, fetch, failures } = setUp();
    bearer.redirect('service-token');
    inner.answer = unauthorized;
    await expect(client.get('https://service.test/client/?id=x')).rejects.toMatchObject({ statusCode: 401 });
    expect(inner.authorizations).toEqual(['Bearer service-token']);
    // A new start mends it: the user's own token was not refused.
    expect(failures).toMatchObject([{ httpStatus: 401, error: { code: 'hub-refused' } }]);
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each(['<!doctype html>', '[1]', 'null', ''])(
    'that is no negotiate answer (%j) is left to SignalR',
    async (content) => {
      const { client, inner, negotiated } = setUp();
      inner.answer = () => new HttpResponse(200, 'OK', content);
      await expect(client.post(NEGOTIATE)).resolves.toMatchObject({ content });
      expect(negotiated).toEqual([]);
    },
  );
});

describe('an error', () => {
  it('keeps its kind and status, without tokens, queries and pages', async () => {
    const { client, inner, failures } = setUp();
    inner.answer = () => {
      throw new HttpError(`bad a-token-1 at https://h.test/x?y=1 ${'long '.repeat(200)}`, 500);
    };
    const error = await client.post(NEGOTIATE).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ statusCode: 500 });
    const { message, stack } = error as Error;
    expect(message).toMatch(/^bad \[redacted\] at https:\/\/h\.test\/x\?\[redacted\]/);
    expect(message).toMatch(/: Status code '500'$/);
    expect(message.length).toBeLessThan(350);
    expect(`${message} ${stack ?? ''}`).not.toMatch(/a-token-1|y=1/);
    expect(failures).toEqual([{ step: 'negotiate', httpStatus: 500, error: null }]);
  });

  it('of the network is the same object, if there is nothing in it', async () => {
    const { client, inner } = setUp();
    const failed = new TypeError('Failed to fetch');
    inner.answer = () => Promise.reject(failed);
    await expect(client.post(SEND)).rejects.toBe(failed);
  });

  it('of the time limit stays what long polling looks for', async () => {
    const { client, inner } = setUp();
    inner.answer = () => Promise.reject(new TimeoutError());
    await expect(client.get(SEND)).rejects.toBeInstanceOf(TimeoutError);
  });
});

describe('an abort', () => {
  it('by SignalR reaches the request under way', async () => {
    const { client, inner, failures } = setUp();
    inner.answer = (request) =>
      new Promise((_, reject) => {
        if (request.abortSignal) request.abortSignal.onabort = () => reject(new AbortError());
      });
    const theirs = { aborted: false, onabort: null as (() => void) | null };
    const polling = client.get(SEND, { abortSignal: theirs });
    await vi.waitFor(() => expect(inner.requests).toHaveLength(1));
    theirs.aborted = true;
    theirs.onabort?.();
    await expect(polling).rejects.toBeInstanceOf(AbortError);
    expect(theirs.onabort).toBeNull();
    expect(failures).toEqual([]);
  });

  it('by SignalR ends also the wait for a token', async () => {
    const { client, inner, fetch } = setUp();
    fetch.mockReturnValue(new Promise(() => undefined));
    const theirs = { aborted: false, onabort: null as (() => void) | null };
    const polling = client.get(SEND, { abortSignal: theirs });
    theirs.onabort?.();
    await expect(polling).rejects.toBeInstanceOf(AbortError);
    expect(inner.requests).toEqual([]);
  });

  it('of the whole run ends what SignalR would leave behind, and refuses what comes later', async () => {
    const run = new AbortController();
    const { client, inner } = setUp({ signal: run.signal });
    inner.answer = (request) =>
      new Promise((_, reject) => {
        if (request.abortSignal?.aborted === true) reject(new AbortError());
        else if (request.abortSignal) request.abortSignal.onabort = () => reject(new AbortError());
      });
    const polling = client.get(SEND);
    await vi.waitFor(() => expect(inner.requests).toHaveLength(1));
    run.abort();
    await expect(polling).rejects.toBeInstanceOf(AbortError);
    await expect(client.get(SEND)).rejects.toBeInstanceOf(AbortError);
    expect(inner.requests).toHaveLength(1);
  });
});
