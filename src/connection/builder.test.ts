import { HttpTransportType, HubConnectionBuilder } from '@microsoft/signalr';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SharedHubConnectionBuilder } from './builder.js';

beforeEach(() => {
  vi.stubGlobal('location', { href: 'https://app.test/page' });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const builder = (): SharedHubConnectionBuilder => new SharedHubConnectionBuilder();
const factory = (): SharedWorker => expect.unreachable('nothing is constructed before start()');

it('builds a connection that is disconnected, without constructing the worker', () => {
  const connection = builder()
    .withUrl('/hubs/ops', HttpTransportType.WebSockets)
    .withAutomaticReconnect()
    .withWorker(factory)
    .build();
  expect(connection.state).toBe('Disconnected');
  expect(connection.baseUrl).toBe('https://app.test/hubs/ops');
  expect(connection.connectionId).toBeNull();
  expect(connection.snapshot.status).toBe('disconnected');
  expect(connection.isPrimary).toBe(false);
});

it('takes SignalR’s timeouts, and has its defaults', () => {
  const plain = builder().withUrl('/hubs/ops').withWorker(factory).build();
  expect([plain.serverTimeoutInMilliseconds, plain.keepAliveIntervalInMilliseconds]).toEqual([30_000, 15_000]);
  const own = builder()
    .withUrl('/hubs/ops')
    .withServerTimeout(5_000)
    .withKeepAliveInterval(2_000)
    .withWorker(factory)
    .build();
  expect([own.serverTimeoutInMilliseconds, own.keepAliveIntervalInMilliseconds]).toEqual([5_000, 2_000]);
});

it('gives connections of one worker the same tab', () => {
  const [a, b] = ['/hubs/ops', '/hubs/chat'].map((url) => builder().withUrl(url).withWorker(factory).build());
  const other = builder()
    .withUrl('/hubs/ops')
    .withWorker(() => factory())
    .build();
  expect(a?.tabId).toBe(b?.tabId);
  expect(other.tabId).not.toBe(a?.tabId);
});

describe('refuses', () => {
  it.each<[string, () => unknown, string, string]>([
    ['to build without a URL', () => builder().build(), 'option-invalid', 'withUrl'],
    [
      'a token in the URL',
      () => builder().withUrl('/hubs/ops?access_token=a-secret-value'),
      'option-invalid',
      'withUrl',
    ],
    ['a worker in place of its factory', () => builder().withWorker({} as never), 'option-invalid', 'withWorker'],
    ['a user without a name', () => builder().withIdentity(''), 'option-invalid', 'withIdentity'],
    ['a user that is a number', () => builder().withIdentity(7 as never), 'option-invalid', 'withIdentity'],
    ['a URL of a worker', () => builder().withWorker('/worker.js' as never), 'option-invalid', 'withWorker'],
    [
      'a second reconnect policy',
      () => builder().withAutomaticReconnect().withAutomaticReconnect([1]),
      'option-invalid',
      'withAutomaticReconnect',
    ],
    ['a server timeout of 0', () => builder().withServerTimeout(0), 'option-invalid', 'withServerTimeout'],
    [
      'a keep-alive interval as a text',
      () => builder().withKeepAliveInterval('15' as never),
      'option-invalid',
      'withKeepAliveInterval',
    ],
    [
      'a protocol of the app’s own',
      () => builder().withHubProtocol({ name: 'protobuf' } as never),
      'option-unsupported',
      'withHubProtocol',
    ],
    [
      'an HTTP client',
      () => builder().withUrl('/hubs/ops', { httpClient: {} as never }),
      'option-unsupported',
      'httpClient',
    ],
  ])('%s', (_, build, code, option) => {
    expect(build).toThrow(
      expect.objectContaining({ code, wire: expect.objectContaining({ option }) as object }) as Error,
    );
  });
});

it('builds the same connection settings again for each build()', () => {
  const one = builder().withUrl('/hubs/ops').withWorker(factory);
  expect(one.build()).not.toBe(one.build());
});

describe('in SignalR’s words refuses', () => {
  const messageOf = (refuse: () => unknown): string => {
    try {
      refuse();
    } catch (error) {
      return (error as Error).message;
    }
    return expect.unreachable('nothing was refused');
  };

  it.each<[string, (either: SharedHubConnectionBuilder | HubConnectionBuilder) => unknown]>([
    ['to build without a URL', (either) => either.build()],
    ['a second policy', (either) => either.withAutomaticReconnect([]).withAutomaticReconnect([])],
    ['no server timeout', (either) => either.withServerTimeout(undefined as never)],
    ['no keep-alive interval', (either) => either.withKeepAliveInterval(null as never)],
    ['an empty URL', (either) => either.withUrl('')],
  ])('%s', (_, refuse) => {
    expect(messageOf(() => refuse(builder()))).toBe(messageOf(() => refuse(new HubConnectionBuilder())));
  });
});

describe('the URL that a connection shows', () => {
  const shown = (url: string): string => builder().withUrl(url).withWorker(factory).build().baseUrl;

  it('is the one that was given, if that is absolute', () => {
    expect(shown('https://h.test')).toBe('https://h.test');
  });

  it('is resolved, if not', () => {
    expect(shown('hubs/ops')).toBe('https://app.test/hubs/ops');
  });

  it('is the one that was set', () => {
    const connection = builder().withUrl('/hubs/ops').withWorker(factory).build();
    connection.baseUrl = '/hubs/chat';
    expect(connection.baseUrl).toBe('/hubs/chat');
    expect(() => {
      connection.baseUrl = '';
    }).toThrow('The HubConnection url must be a valid url.');
  });
});
