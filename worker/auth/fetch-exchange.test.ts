import { describe, expect, it, vi } from 'vitest';
import { requestFor } from '../testing/fetch-request.js';
import { exchange } from './fetch-exchange.js';

const TOKEN = 'the-access-token';
const target = new URL('https://app.test/api?page=2');
const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;
const text = (buffer: ArrayBuffer | null): string => new TextDecoder().decode(buffer ?? new ArrayBuffer());

function setUp(answer: () => Response | Promise<Response>, maxAnswerBytes = 1_000) {
  const abort = new AbortController();
  const send = vi.fn<typeof fetch>(async () => answer());
  const run = (more = {}) =>
    exchange(requestFor(more), target, TOKEN, { fetch: send, maxAnswerBytes, signal: abort.signal });
  return { abort, send, run };
}

describe('the request', () => {
  it('carries the token, what the tab asked for, and no other credentials than it asked for', async () => {
    const { send, run } = setUp(() => new Response('ok'));
    const body = bytes('{"n":1}');
    await run({
      method: 'PUT',
      headers: [
        ['content-type', 'application/json'],
        ['x-csrf', '1'],
      ],
      body,
      cache: 'no-store',
      credentials: 'omit',
      keepalive: true,
      mode: 'same-origin',
      referrerPolicy: 'origin',
      integrity: 'sha256-x',
    });
    const [url, init] = send.mock.calls[0]!;
    expect(url).toBe(target.href);
    expect(init).toMatchObject({
      method: 'PUT',
      body,
      cache: 'no-store',
      credentials: 'omit',
      keepalive: true,
      mode: 'same-origin',
      referrerPolicy: 'origin',
      integrity: 'sha256-x',
    });
    expect(Object.fromEntries(new Headers(init?.headers))).toEqual({
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      'x-csrf': '1',
    });
  });

  it('asks the server again rather than give one user from the cache what another has fetched', async () => {
    const { send, run } = setUp(() => new Response('ok'));
    await run({ cache: 'default' });
    await run({ cache: 'only-if-cached' });
    expect(send.mock.calls.map(([, init]) => init?.cache)).toEqual(['no-cache', 'only-if-cached']);
  });

  it('carries no other Authorization, whoever put it there', async () => {
    const { send, run } = setUp(() => new Response('ok'));
    await run({ headers: [['authorization', 'Basic x']] });
    expect(new Headers(send.mock.calls[0]?.[1]?.headers).get('Authorization')).toBe(`Bearer ${TOKEN}`);
  });

  it('follows no redirect', async () => {
    const { send, run } = setUp(() => Response.redirect('https://evil.test/?hush=1', 307));
    await expect(run()).rejects.toMatchObject({
      code: 'fetch-failed',
      message: expect.stringMatching(/answered with a redirect/),
    });
    expect(send).toHaveBeenCalledTimes(1);
    expect(send.mock.calls[0]?.[1]).toMatchObject({ redirect: 'manual' });
  });
});

describe('the answer', () => {
  it('is passed on as data, whatever its status', async () => {
    const { run } = setUp(
      () => new Response('{"why":"no"}', { status: 404, statusText: 'Nowhere', headers: { 'X-Kind': 'a' } }),
    );
    const answer = await run();
    expect(answer).toMatchObject({ status: 404, statusText: 'Nowhere', url: target.href });
    expect(answer.headers).toContainEqual(['x-kind', 'a']);
    expect(text(answer.body)).toBe('{"why":"no"}');
  });

  it.each([
    ['none', () => new Response(null, { status: 204 })],
    ['an empty one', () => new Response('')],
    ['none, with 304', () => new Response(null, { status: 304 })],
  ])('has a body of null for %s', async (_, answer) => {
    expect((await setUp(answer).run()).body).toBeNull();
  });

  it('may be as long as the limit, and not one byte longer', async () => {
    expect(text((await setUp(() => new Response('x'.repeat(1_000))).run()).body)).toHaveLength(1_000);
    await expect(setUp(() => new Response('x'.repeat(1_001))).run()).rejects.toMatchObject({
      code: 'fetch-failed',
      message: expect.stringMatching(/longer than 1000 bytes/),
    });
  });

  it('that never ends is let go of at the limit', async () => {
    const cancel = vi.fn();
    const endless = new ReadableStream({ pull: (out) => out.enqueue(new Uint8Array(400)), cancel });
    await expect(setUp(() => new Response(endless)).run()).rejects.toMatchObject({ code: 'fetch-failed' });
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['its body', () => new Response(`{"sent":"Bearer ${TOKEN}"}`)],
    ['a header', () => new Response('', { headers: { 'X-Echo': `Bearer ${TOKEN}` } })],
  ])('that quotes the token in %s is not passed on', async (_, answer) => {
    const error = await setUp(answer)
      .run()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'fetch-refused', wire: { origin: 'https://app.test' } });
    expect((error as Error).message).not.toContain(TOKEN);
  });

  it('that never came is told without the words of the platform, which may quote the URL and the token', async () => {
    const error = await setUp(() => Promise.reject(new TypeError(`${target.href} Bearer ${TOKEN}`)))
      .run()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'fetch-failed',
      message: expect.stringMatching(/https:\/\/app\.test\. Check/),
    });
    expect(`${(error as Error).message}${String((error as Error).cause)}`).not.toMatch(/the-access-token|page=2/);
  });
});

it('ends with the reason of its signal, also while the body is read', async () => {
  let opened: () => void = () => undefined;
  const reading = new Promise<void>((resolve) => (opened = resolve));
  const { abort, run } = setUp(() => {
    const body = new ReadableStream({
      pull: (out) => {
        abort.signal.addEventListener('abort', () => out.error(new DOMException('', 'AbortError')));
        opened();
        return new Promise(() => undefined);
      },
    });
    return new Response(body);
  });
  const reason = new Error('signed out');
  const failed = expect(run()).rejects.toBe(reason);
  await reading;
  abort.abort(reason);
  await failed;
});

it('does not ask at all when its signal is aborted', async () => {
  const { abort, send, run } = setUp(() => new Response(''));
  abort.abort(new Error('signed out'));
  await expect(run()).rejects.toThrow('signed out');
  expect(send).not.toHaveBeenCalled();
});
