import { AbortError, HttpError, LogLevel, TimeoutError, type HttpRequest } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { FetchClient } from './fetch-client.js';
import type { Answer } from './retry-after.js';

const URL_OF_HUB = 'https://h.test/hubs/ops';

function setUp(answer: (signal: AbortSignal) => Response | Promise<Response> = () => new Response('{}')) {
  const clock = new FakeClock();
  const log = vi.fn();
  const onAnswer = vi.fn<(answer: Answer) => void>();
  const sent: { readonly url: string; readonly init: RequestInit }[] = [];
  const fetch = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    sent.push({ url: String(url), init });
    return answer(init.signal as AbortSignal);
  };
  const client = new FetchClient({ logger: { log }, clock, onAnswer, fetch });
  return { clock, log, onAnswer, sent, client };
}

/** As `fetch` does: rejects with the reason when the signal is aborted. */
const never = (signal: AbortSignal): Promise<Response> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });

/** SignalR's kind of signal: one listener, by property. */
function theirSignal() {
  const signal = { aborted: false, onabort: null as (() => void) | null };
  return {
    signal,
    abort: () => {
      signal.aborted = true;
      signal.onabort?.();
    },
  };
}

describe('a request', () => {
  it('goes out as SignalR’s own client sends it', async () => {
    const { client, sent } = setUp();
    await client.post(URL_OF_HUB, { content: 'text', headers: { 'X-App': '1' }, withCredentials: true });
    expect(sent).toMatchObject([
      {
        url: URL_OF_HUB,
        init: {
          method: 'POST',
          body: 'text',
          credentials: 'include',
          cache: 'no-cache',
          headers: {
            'X-App': '1',
            'X-Requested-With': 'XMLHttpRequest',
            'Content-Type': 'text/plain;charset=UTF-8',
          },
        },
      },
    ]);
  });

  it('without content has neither body nor type, and without credentials only those of its own origin', async () => {
    const { client, sent } = setUp();
    await client.post(URL_OF_HUB, { content: '' });
    expect(sent[0]?.init).not.toHaveProperty('body');
    expect(sent[0]?.init.headers).not.toHaveProperty('Content-Type');
    expect(sent[0]?.init.credentials).toBe('same-origin');
  });

  it('with bytes says so', async () => {
    const { client, sent } = setUp();
    await client.post(URL_OF_HUB, { content: new Uint8Array([1]).buffer });
    expect(sent[0]?.init.headers).toMatchObject({ 'Content-Type': 'application/octet-stream' });
  });

  it.each<[HttpRequest['responseType'], unknown]>([
    ['', 'ab'],
    ['text', 'ab'],
    ['arraybuffer', new TextEncoder().encode('ab').buffer],
  ])('for %j brings that', async (responseType, content) => {
    const { client } = setUp(() => new Response('ab', { status: 201 }));
    const response = await client.get(URL_OF_HUB, responseType === undefined ? {} : { responseType });
    expect(response).toMatchObject({ statusCode: 201, content });
  });
});

describe('a refusal', () => {
  it('is thrown with its status and text, and its headers are shown before', async () => {
    const { client, onAnswer } = setUp(
      () => new Response('come back later', { status: 503, headers: { 'retry-after': '9' } }),
    );
    await expect(client.get(URL_OF_HUB)).rejects.toEqual(new HttpError('come back later', 503));
    expect(onAnswer.mock.calls.map(([answer]) => answer.headers.get('retry-after'))).toEqual(['9']);
  });

  it('without text has the words of its status', async () => {
    const { client } = setUp(() => new Response(null, { status: 429, statusText: 'Too Many Requests' }));
    await expect(client.get(URL_OF_HUB)).rejects.toThrow("Too Many Requests: Status code '429'");
  });
});

describe('a request that does not end', () => {
  it('times out after its own limit, and says so in the log', async () => {
    const { client, clock, log } = setUp(never);
    const refused = expect(client.get(URL_OF_HUB, { timeout: 100 })).rejects.toBeInstanceOf(TimeoutError);
    await clock.advanceBy(99);
    expect(log).not.toHaveBeenCalled();
    await clock.advanceBy(1);
    await refused;
    expect(log.mock.calls).toEqual([[LogLevel.Warning, 'Timeout from HTTP request.']]);
    expect(clock.pending).toBe(0);
  });

  it('is broken off by SignalR', async () => {
    const { client, log } = setUp(never);
    const { signal, abort } = theirSignal();
    const refused = expect(client.get(URL_OF_HUB, { abortSignal: signal })).rejects.toBeInstanceOf(AbortError);
    abort();
    await refused;
    expect(log).not.toHaveBeenCalled();
    expect(signal.onabort).toBeNull();
  });

  it('is not sent when it was broken off before', async () => {
    const { client, sent } = setUp();
    await expect(client.get(URL_OF_HUB, { abortSignal: { aborted: true, onabort: null } })).rejects.toBeInstanceOf(
      AbortError,
    );
    expect(sent).toEqual([]);
  });
});

it('passes on what fetch says where there is no network, and leaves nothing behind', async () => {
  const { client, clock, log, onAnswer } = setUp(() => Promise.reject(new TypeError('Failed to fetch')));
  const { signal } = theirSignal();
  await expect(client.get(URL_OF_HUB, { timeout: 100, abortSignal: signal })).rejects.toThrow(
    new TypeError('Failed to fetch'),
  );
  expect(log.mock.calls).toEqual([[LogLevel.Warning, 'Error from HTTP request. TypeError: Failed to fetch.']]);
  expect(onAnswer).not.toHaveBeenCalled();
  expect(clock.pending).toBe(0);
  expect(signal.onabort).toBeNull();
});
