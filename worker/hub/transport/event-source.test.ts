import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { createSanitizer } from '../../auth/sanitizer.js';
import { createTokenBroker } from '../../auth/token-broker.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { createBearer, redirectableBearer } from './bearer.js';
import { createBearerEventSource, type BearerEventSourceDeps } from './event-source.js';
import type { Answer } from './retry-after.js';

const URL_WITH_ID = 'https://h.test/hub?id=connection-secret';

afterEach(() => {
  vi.useRealTimers();
});

/** An open event stream that the test feeds. */
function stream() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (own) => {
      controller = own;
    },
    cancel: () => {
      cancelled = true;
    },
  });
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    send: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
    break: () => controller?.error(new TypeError('network')),
    get cancelled() {
      return cancelled;
    },
  };
}

function setUp(
  answer: (authorization: string | null) => Response | Promise<Response>,
  deps: Partial<BearerEventSourceDeps> = {},
) {
  let issued = 0;
  const tokens = vi.fn(async () => ({ token: `token-${++issued}`, expiresInSeconds: 300 }));
  const broker = createTokenBroker({
    source: { kind: 'endpoint', fetch: tokens },
    clock: new FakeClock(),
    sanitizer: createSanitizer(),
    random: () => 0,
  });
  const requests: { readonly url: string; readonly init: RequestInit; readonly authorization: string | null }[] = [];
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const authorization = new Headers(init.headers).get('authorization');
    requests.push({ url: String(input), init, authorization });
    return answer(authorization);
  };
  const Source = createBearerEventSource({
    bearer: createBearer(broker),
    fetch,
    ...deps,
  });
  return { Source, requests, tokens };
}

/** Opens a source and collects what SignalR would see of it. */
function open(Source: ReturnType<typeof createBearerEventSource>, url = URL_WITH_ID) {
  const source = new Source(url, { withCredentials: true });
  const seen: string[] = [];
  source.onopen = () => seen.push('open');
  source.onmessage = (event) => seen.push(String(event.data));
  source.onerror = () => seen.push('error');
  return { source, seen };
}

it('sends the token in the header, and the cookies that SignalR asks for', async () => {
  const hub = stream();
  const { Source, requests } = setUp(() => hub.response, { headers: { 'X-App': '1' } });
  const { source, seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['open']));
  hub.send('data: one\n\n');
  await vi.waitFor(() => expect(seen).toEqual(['open', 'one']));
  expect(requests).toMatchObject([
    { url: URL_WITH_ID, authorization: 'Bearer token-1', init: { credentials: 'include' } },
  ]);
  expect(requests[0]?.init.headers).toMatchObject({ 'X-App': '1', Accept: 'text/event-stream' });
  source.close();
});

it('shows each answer to the hub’s hint, also the one after a refresh', async () => {
  const onAnswer = vi.fn<(answer: Answer) => void>();
  const { Source } = setUp(
    (authorization) =>
      authorization === 'Bearer token-1'
        ? new Response('', { status: 401 })
        : new Response('', { status: 503, headers: { 'retry-after': '7' } }),
    { onAnswer },
  );
  const { seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['error']));
  expect(onAnswer.mock.calls.map(([answer]) => [answer.status, answer.headers.get('retry-after')])).toEqual([
    [401, null],
    [503, '7'],
  ]);
});

it('takes a token out of the URL and sends it in the header', async () => {
  const { Source, requests, tokens } = setUp(() => new Response(null, { status: 401 }));
  const { seen } = open(Source, `${URL_WITH_ID}&access_token=of-a-redirect`);
  await vi.waitFor(() => expect(seen).toEqual(['error']));
  expect(requests).toMatchObject([{ url: URL_WITH_ID, authorization: 'Bearer of-a-redirect' }]);
  expect(tokens).not.toHaveBeenCalled();
});

it('tries a 401 once more with the next token', async () => {
  const hub = stream();
  const { Source, requests } = setUp((authorization) =>
    authorization === 'Bearer token-1' ? new Response(null, { status: 401 }) : hub.response,
  );
  const { source, seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['open']));
  expect(requests.map((request) => request.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  source.close();
});

it('gives a service to which negotiate points only the token that was handed over, also after a 401', async () => {
  const tokens = vi.fn(async () => ({ token: 'token-of-the-app', expiresInSeconds: 300 }));
  const bearer = redirectableBearer(
    createBearer(
      createTokenBroker({
        source: { kind: 'endpoint', fetch: tokens },
        clock: new FakeClock(),
        sanitizer: createSanitizer(),
        random: () => 0,
      }),
    ),
  );
  bearer.redirect('handed-over');
  const { Source, requests } = setUp(() => new Response(null, { status: 401 }), { bearer });
  const { seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['error']));
  expect(requests).toMatchObject([{ url: URL_WITH_ID, authorization: 'Bearer handed-over' }]);
  expect(tokens).not.toHaveBeenCalled();
});

it('is closed for good after a second 401', async () => {
  const { Source, requests } = setUp(() => new Response('no', { status: 401 }));
  const { source, seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['error']));
  expect(requests).toHaveLength(2);
  expect(source.readyState).toBe(2);
});

it.each(['end', 'break'] as const)('does not connect again by itself when the stream comes to an %s', async (how) => {
  vi.useFakeTimers();
  const hub = stream();
  const { Source, requests } = setUp(() => hub.response);
  const { source, seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['open']));
  hub[how]();
  await vi.waitFor(() => expect(seen).toEqual(['open', 'error']));
  expect(source.readyState).toBe(2);
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(requests).toHaveLength(1);
});

it('does not connect again by itself when the hub cannot be reached', async () => {
  vi.useFakeTimers();
  const { Source, requests } = setUp(() => Promise.reject(new TypeError('Failed to fetch')));
  const { source, seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['error']));
  expect(source.readyState).toBe(2);
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(requests).toHaveLength(1);
});

it('lets go of an answer that is no event stream', async () => {
  let cancelled = false;
  const body = new ReadableStream({ cancel: () => void (cancelled = true) });
  const { Source } = setUp(() => new Response(body, { headers: { 'content-type': 'text/html' } }));
  const { seen } = open(Source);
  await vi.waitFor(() => expect(seen).toEqual(['error']));
  expect(cancelled).toBe(true);
});

it('closes with the run that it belongs to, also while it connects', async () => {
  const run = new AbortController();
  const { Source, requests } = setUp(() => new Promise<Response>(() => undefined), { signal: run.signal });
  const { source } = open(Source);
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  run.abort();
  expect(source.readyState).toBe(2);
  expect(requests[0]?.init.signal?.aborted).toBe(true);
  expect(() => new Source(URL_WITH_ID)).toThrow();
});

it('over a real connection: a 401 is tried again, events arrive, and closing ends the request at the hub', async () => {
  const seenByHub: string[] = [];
  let gone = false;
  const server = createServer((request, response) => {
    seenByHub.push(`${request.url} ${request.headers.authorization}`);
    if (request.headers.authorization !== 'Bearer token-2') {
      response.writeHead(401).end();
      return;
    }
    response.on('close', () => (gone = true));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: one\n\n');
  }).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { Source } = setUp(() => new Response(), { fetch: (input, init) => globalThis.fetch(input, init) });
    const { source, seen } = open(Source, `http://127.0.0.1:${(server.address() as AddressInfo).port}/hub?id=x`);
    await vi.waitFor(() => expect(seen).toEqual(['open', 'one']), { timeout: 20_000 });
    expect(seenByHub).toEqual(['/hub?id=x Bearer token-1', '/hub?id=x Bearer token-2']);
    source.close();
    await vi.waitFor(() => expect(gone).toBe(true), { timeout: 20_000 });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
