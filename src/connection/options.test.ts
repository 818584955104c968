import {
  HttpTransportType,
  HubConnectionBuilder,
  JsonHubProtocol,
  LogLevel,
  NullLogger,
  type IHubProtocol,
} from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { describe, expect, it } from 'vitest';
import { HubshareError } from '../contract/errors.js';
import {
  checkIdentity,
  checkHttpOptions,
  checkHubUrl,
  checkLogging,
  checkMs,
  checkProtocol,
  checkRetries,
} from './options.js';

const PAGE = 'https://app.test/page/index.html?x=1#top';

function refused(check: () => unknown, code: 'option-invalid' | 'option-unsupported', option: string): void {
  let thrown: unknown;
  try {
    check();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(HubshareError);
  expect(thrown).toMatchObject({ code, wire: { option } });
  expect((thrown as Error).message.length).toBeGreaterThan(10);
}

describe('the URL of a hub', () => {
  it.each([
    ['/hubs/ops', 'https://app.test/hubs/ops'],
    ['hubs/ops', 'https://app.test/page/hubs/ops'],
    ['https://h.test/hubs/ops', 'https://h.test/hubs/ops'],
    ['//h.test/hubs/ops', 'https://h.test/hubs/ops'],
    ['/hubs/ops?tenant=acme', 'https://app.test/hubs/ops?tenant=acme'],
    ['/hubs/ops#part', 'https://app.test/hubs/ops'],
    ['/hubs/ops?tokens=1&authority=x', 'https://app.test/hubs/ops?tokens=1&authority=x'],
  ])('%s is %s', (url, expected) => {
    expect(checkHubUrl(url, PAGE)).toBe(expected);
  });

  it.each([
    undefined,
    null,
    '',
    5,
    {},
    'https://',
    'http://:80',
    'ws://h.test/ops',
    'wss://h.test/ops',
    'ftp://h.test/ops',
    'data:,x',
    'blob:https://app.test/x',
    'javascript:1',
    'https://user:pass@h.test/',
    'https://user@h.test/',
  ])('must not be %j', (url) => refused(() => checkHubUrl(url, PAGE), 'option-invalid', 'withUrl'));

  it.each([
    'access_token',
    'ACCESS_TOKEN',
    'accessToken',
    'token',
    'auth',
    'authorization',
    'jwt',
    'bearer',
    'id_token',
    'refresh_token',
  ])('must not have %s in its query', (name) => {
    refused(() => checkHubUrl(`/hubs/ops?a=1&${name}=a-secret-value`, PAGE), 'option-invalid', 'withUrl');
  });

  it('is not repeated in the refusal, for it may hold the token', () => {
    expect(() => checkHubUrl('/hubs/ops?access_token=a-secret-value', PAGE)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('a-secret-value') as string }) as Error,
    );
  });
});

describe('the options of withUrl', () => {
  it('have defaults', () => {
    for (const options of [undefined, {}]) {
      expect(checkHttpOptions(options)).toMatchObject({
        settings: {
          transport: null,
          skipNegotiation: false,
          withCredentials: true,
          headers: {},
          requestTimeoutMs: null,
        },
        tokenFactory: null,
      });
    }
  });

  it('are taken as SignalR takes them', async () => {
    const checked = checkHttpOptions({
      transport: HttpTransportType.WebSockets,
      skipNegotiation: true,
      withCredentials: false,
      headers: { 'X-App': '1' },
      timeout: 5_000,
      accessTokenFactory: () => 'a-token',
      logMessageContent: true,
    });
    expect(checked.settings).toEqual({
      transport: 1,
      skipNegotiation: true,
      withCredentials: false,
      headers: { 'X-App': '1' },
      requestTimeoutMs: 5_000,
    });
    expect(await checked.tokenFactory?.()).toBe('a-token');
  });

  it('may be bits of transports alone', () => {
    expect(
      checkHttpOptions(HttpTransportType.ServerSentEvents | HttpTransportType.LongPolling).settings.transport,
    ).toBe(6);
  });

  it('take HttpTransportType.None for no preference, as SignalR does', () => {
    for (const given of [HttpTransportType.None, { transport: HttpTransportType.None }])
      expect(checkHttpOptions(given).settings.transport).toBeNull();
  });

  it.each<[string, unknown, string]>([
    ['a text', 'WebSockets', 'withUrl'],
    ['an empty transport', { transport: '' }, 'transport'],
    ['a list', [], 'withUrl'],
    ['a misspelt option', { accesTokenFactory: () => 'x' }, 'accesTokenFactory'],
    ['a transport by name', { transport: 'WebSockets' }, 'transport'],
    ['a transport that there is not', { transport: 8 }, 'transport'],
    ['half a transport', { transport: 1.5 }, 'transport'],
    ['a negative transport', { transport: -1 }, 'transport'],
    ['skipNegotiation as a text', { skipNegotiation: 'true', transport: 1 }, 'skipNegotiation'],
    ['skipNegotiation without WebSockets', { skipNegotiation: true }, 'skipNegotiation'],
    ['skipNegotiation with more than WebSockets', { skipNegotiation: true, transport: 3 }, 'skipNegotiation'],
    ['withCredentials as a text', { withCredentials: 'include' }, 'withCredentials'],
    ['a token in place of the factory', { accessTokenFactory: 'a-token' }, 'accessTokenFactory'],
    ['no factory but null', { accessTokenFactory: null }, 'accessTokenFactory'],
    ['headers as a text', { headers: 'X-App: 1' }, 'headers'],
    ['headers: null', { headers: null }, 'headers'],
    ['a header that is no text', { headers: { 'X-App': 1 } }, 'headers'],
    ['an Authorization header', { headers: { authorization: 'Bearer x' } }, 'headers'],
    ['a timeout of 0', { timeout: 0 }, 'timeout'],
    ['a timeout as a text', { timeout: '5000' }, 'timeout'],
  ])('must not be %s', (_, options, option) =>
    refused(() => checkHttpOptions(options as never), 'option-invalid', option),
  );

  it.each<[string, unknown, string]>([
    ['httpClient', { httpClient: { send: () => undefined } }, 'httpClient'],
    ['an ITransport object', { transport: { connect: () => undefined } }, 'transport'],
    ['a WebSocket class', { WebSocket: EventTarget }, 'WebSocket'],
    ['an EventSource class', { EventSource: EventTarget }, 'EventSource'],
  ])('cannot be %s, which does not cross to a worker', (_, options, option) =>
    refused(() => checkHttpOptions(options as never), 'option-unsupported', option),
  );

  it('never repeat a token in a refusal', () => {
    expect(() => checkHttpOptions({ headers: { Authorization: 'Bearer a-secret-value' } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('a-secret-value') as string }) as Error,
    );
  });
});

describe('the retries', () => {
  it('are the worker’s when none are given', () => {
    expect(checkRetries(undefined)).toEqual({ retryDelaysMs: null, retryPolicy: null });
  });

  it('are copied', () => {
    const delays = [0, 1_000];
    const checked = checkRetries(delays);
    delays.push(5);
    expect(checked).toEqual({ retryDelaysMs: [0, 1_000], retryPolicy: null });
    expect(checkRetries([])).toEqual({ retryDelaysMs: [], retryPolicy: null });
  });

  it('may be a policy, which stays in the tab', () => {
    const policy = { nextRetryDelayInMilliseconds: () => 1 };
    expect(checkRetries(policy)).toEqual({ retryDelaysMs: null, retryPolicy: policy });
  });

  it.each<[unknown]>([[5], ['fast'], [{}], [true], [[-1]], [['1']], [[NaN]], [[Infinity]], [[null]]])(
    'must not be %j',
    (delays) => {
      refused(() => checkRetries(delays as never), 'option-invalid', 'withAutomaticReconnect');
    },
  );
});

describe('the log', () => {
  it.each<[unknown, LogLevel]>([
    [LogLevel.Trace, 0],
    [LogLevel.None, 6],
    ['trace', 0],
    ['Debug', 1],
    ['info', 2],
    ['information', 2],
    ['WARN', 3],
    ['warning', 3],
    ['error', 4],
    ['critical', 5],
    ['none', 6],
  ])('of %j has level %i', (level, logLevel) => {
    expect(checkLogging(level)).toEqual({ logLevel });
  });

  it('may go to a logger of the app', () => {
    expect(checkLogging(NullLogger.instance)).toEqual({ logger: NullLogger.instance });
  });

  it.each(['', 'loud', 'constructor', '__proto__', -1, 7, 1.5, NaN, undefined, null, {}, { log: 5 }, true])(
    'must not be %j',
    (level) => {
      refused(() => checkLogging(level), 'option-invalid', 'configureLogging');
    },
  );
});

describe('the protocol', () => {
  it('is known by its name', () => {
    expect(checkProtocol(new JsonHubProtocol())).toBe('json');
    expect(checkProtocol(new MessagePackHubProtocol())).toBe('messagepack');
  });

  it('cannot be one of the app’s own', () => {
    const own = { name: 'protobuf', version: 1 } as IHubProtocol;
    refused(() => checkProtocol(own), 'option-unsupported', 'withHubProtocol');
  });

  it.each([undefined, null, {}, 'json', 5])('must not be %j', (protocol) => {
    refused(() => checkProtocol(protocol), 'option-invalid', 'withHubProtocol');
  });
});

describe('what SignalR refuses too is refused in its words:', () => {
  const messageOf = (refuse: () => unknown): string => {
    try {
      refuse();
    } catch (error) {
      return (error as Error).message;
    }
    return expect.unreachable('nothing was refused');
  };
  const plain = (): HubConnectionBuilder => new HubConnectionBuilder();

  it.each<[string, () => unknown, () => unknown]>([
    ['no URL', () => plain().withUrl(undefined as never), () => checkHubUrl(undefined, PAGE)],
    ['an empty URL', () => plain().withUrl(' '), () => checkHubUrl(' ', PAGE)],
    ['no log', () => plain().configureLogging(undefined as never), () => checkLogging(undefined)],
    ['an unknown level', () => plain().configureLogging('loud'), () => checkLogging('loud')],
    ['no protocol', () => plain().withHubProtocol(null as never), () => checkProtocol(null)],
  ])('%s', (_, bySignalR, byUs) => {
    expect(messageOf(byUs)).toBe(messageOf(bySignalR));
  });
});

it.each([0, -1, NaN, Infinity, '5', null, undefined, {}])('milliseconds must not be %j', (value) => {
  refused(() => checkMs('withServerTimeout', value), 'option-invalid', 'withServerTimeout');
});

it('milliseconds may be a part of one', () => {
  expect(checkMs('withServerTimeout', 0.5)).toBe(0.5);
});

describe('checkIdentity', () => {
  it('gives the name, or what the function gives now', () => {
    expect(checkIdentity('ann')()).toBe('ann');
    let user: string | null = null;
    const identity = checkIdentity(() => user);
    expect(identity()).toBeNull();
    user = 'bob';
    expect(identity()).toBe('bob');
  });

  it.each([[''], [7], [undefined], ['x'.repeat(201)]])('refuses %s, of a function too', (user) => {
    const wire: unknown = expect.objectContaining({ code: 'option-invalid', option: 'withIdentity' });
    expect(() => checkIdentity(user)).toThrow(expect.objectContaining({ wire }) as Error);
    expect(() => checkIdentity(() => user)()).toThrow(expect.objectContaining({ wire }) as Error);
  });
});
