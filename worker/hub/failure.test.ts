import { HttpError, TimeoutError } from '@microsoft/signalr';
import { describe, expect, it } from 'vitest';
import { HubshareError, wireError, type ErrorCode } from '../../src/contract/errors.js';
import { lossFailure, startFailure } from './failure.js';

const URL_SHOWN = 'https://h.test/hubs/ops';
const start = (error: unknown) => startFailure(error, URL_SHOWN, (text) => text);
const negotiate = (error: unknown) => new Error(`Failed to complete negotiation with the server: ${String(error)}`);
const negotiateStatus = (status: number, page = 'Some page') => negotiate(new HttpError(page, status));
const NO_TRANSPORT = 'Unable to connect to the server with any of the available transports.';

describe('a start that the hub answered with a status', () => {
  it.each<[number, ErrorCode, boolean]>([
    [400, 'hub-refused', false],
    [401, 'token-rejected', false],
    [403, 'hub-refused', false],
    [404, 'hub-not-found', false],
    [405, 'not-a-hub', false],
    [407, 'hub-refused', false],
    [408, 'hub-unreachable', true],
    [409, 'hub-refused', false],
    [410, 'hub-not-found', false],
    [428, 'hub-refused', false],
    [429, 'hub-unreachable', true],
    [430, 'hub-refused', false],
    [499, 'hub-refused', false],
    [500, 'hub-unreachable', true],
    [502, 'hub-unreachable', true],
    [503, 'hub-unreachable', true],
    [504, 'hub-unreachable', true],
  ])('%i is %s', (status, code, retryable) => {
    expect(start(negotiateStatus(status))).toMatchObject({ error: { code }, retryable });
  });

  it.each(['token-rejected', 'hub-not-found', 'hub-refused'])('says the status (%s)', (code) => {
    const status = { 'token-rejected': 401, 'hub-not-found': 404, 'hub-refused': 403 }[code] ?? 0;
    expect(start(negotiateStatus(status)).error).toMatchObject({ code, httpStatus: status });
  });

  it('is also known from a negotiate that answered neither 200 nor an error', () => {
    expect(start(new Error("Unexpected status code returned from negotiate '204'"))).toMatchObject({ retryable: true });
    expect(start(new Error("Unexpected status code returned from negotiate '404'"))).toMatchObject({
      error: { code: 'hub-not-found' },
    });
  });

  it('is also known when a transport was refused after negotiate', () => {
    const text = `${NO_TRANSPORT} WebSockets failed: Error: WebSocket failed to connect. LongPolling failed: Error: Forbidden: Status code '403'`;
    expect(start(new Error(text))).toMatchObject({ error: { code: 'hub-refused', httpStatus: 403 }, retryable: false });
  });

  it('keeps a passing 503 worth another try, whatever its page says', () => {
    expect(start(negotiateStatus(503, '{"message":"JSON backend is down"}'))).toMatchObject({
      error: { code: 'hub-unreachable' },
      retryable: true,
    });
  });
});

describe('a start that met no SignalR hub', () => {
  it.each([
    [
      'an HTML page (Chromium)',
      negotiate(new SyntaxError('Unexpected token \'<\', "<!doctype "... is not valid JSON')),
    ],
    [
      'an HTML page (Firefox)',
      negotiate(new SyntaxError('JSON.parse: unexpected character at line 1 column 1 of the JSON data')),
    ],
    ['an HTML page (WebKit)', negotiate(new SyntaxError("JSON Parse error: Unrecognized token '<'"))],
    ['an empty answer', negotiate(new SyntaxError('Unexpected end of JSON input'))],
    [
      'a JSON answer without transports',
      new Error('None of the transports supported by the client are supported by the server.'),
    ],
    [
      'an ASP.NET (not Core) SignalR server',
      new Error(
        'Detected a connection attempt to an ASP.NET SignalR Server. This client only supports connecting to an ASP.NET Core SignalR Server. See https://aka.ms/signalr-core-differences for details.',
      ),
    ],
    [
      'a WebSocket that speaks something else',
      new Error('Error parsing handshake response: SyntaxError: Unexpected token \'h\', "hello" is not valid JSON'),
    ],
  ])('is not tried again: %s', (_, error) => {
    expect(start(error)).toMatchObject({ error: { code: 'not-a-hub' }, retryable: false });
  });
});

describe('an answer that is not the hub’s', () => {
  const answers: [string, Error, ErrorCode][] = [
    ['a 404', negotiateStatus(404), 'hub-not-found'],
    ['a 405', negotiateStatus(405), 'not-a-hub'],
    [
      'an HTML page',
      negotiate(new SyntaxError('Unexpected token \'<\', "<!doctype "... is not valid JSON')),
      'not-a-hub',
    ],
  ];

  it.each(answers)('is final where the hub was never reached: %s', (_, error, code) => {
    expect(startFailure(error, URL_SHOWN, (text) => text, false)).toMatchObject({ error: { code }, retryable: false });
  });

  it.each(answers)('will pass where the hub was reached before: %s', (_, error, code) => {
    expect(startFailure(error, URL_SHOWN, (text) => text, true)).toMatchObject({ error: { code }, retryable: true });
  });

  it('does not make a rejected token worth another try, where the hub was reached before', () => {
    const said = new HubshareError(wireError('token-rejected', 'no', { httpStatus: 401 }));
    for (const error of [negotiateStatus(401), said]) {
      expect(startFailure(error, URL_SHOWN, (text) => text, true)).toMatchObject({
        error: { code: 'token-rejected' },
        retryable: false,
      });
    }
  });

  it('as a 404 of a transport says nothing of whether there is a hub', () => {
    const text = `${NO_TRANSPORT} LongPolling failed: Error: Not Found: Status code '404'`;
    expect(start(new Error(text))).toEqual({ error: { code: 'hub-unreachable', message: text }, retryable: true });
  });
});

describe('a start that may succeed later', () => {
  it.each([
    ['no network (Chromium)', new TypeError('Failed to fetch')],
    ['no network (Firefox)', new TypeError('NetworkError when attempting to fetch resource.')],
    ['no network (WebKit)', new TypeError('Load failed')],
    ['negotiate without network', negotiate(new TypeError('Failed to fetch'))],
    ['a request that took too long', negotiate(new TimeoutError())],
    [
      'no transport came up',
      new Error(
        `${NO_TRANSPORT} WebSockets failed: Error: WebSocket failed to connect. The connection could not be found on the server`,
      ),
    ],
    ['the socket closed before the handshake', new Error('WebSocket closed with status code: 1006 (no reason given).')],
    ['the hub refused the handshake', new Error('Server returned handshake error: The protocol is busy.')],
    ['the hub was silent', new Error('Server timeout elapsed without receiving a message from the server.')],
    ['stopped in between', new Error('The underlying connection was closed before the hub handshake could complete.')],
    ['something that is no error', 'WebSocket is not in the OPEN state'],
  ])('keeps SignalR’s own words: %s', (_, error) => {
    expect(start(error)).toEqual({
      error: { code: 'hub-unreachable', message: error instanceof Error ? error.message : error },
      retryable: true,
    });
  });

  it.each([4001, 4011, 4041, 4290])('does not take the close code %i of a WebSocket for a status of HTTP', (code) => {
    const error = new Error(`WebSocket closed with status code: ${code} (going away).`);
    expect(start(error)).toMatchObject({ error: { code: 'hub-unreachable' }, retryable: true });
  });
});

describe('a hub that gives no answer', () => {
  const elsewhere = (error: unknown, ownOrigin: string | null, wasLive = false) =>
    startFailure(error, URL_SHOWN, (text) => text, wasLive, ownOrigin).error?.message;
  const failed = negotiate(new TypeError('Failed to fetch'));

  it.each(['Failed to fetch', 'NetworkError when attempting to fetch resource.', 'Load failed'])(
    'of another origin: what may be in the way is said after SignalR’s own words (%s)',
    (said) => {
      const error = negotiate(new TypeError(said));
      const message = elsewhere(error, 'https://app.test') ?? '';
      expect(message.startsWith(error.message)).toBe(true);
      for (const word of ['https://app.test', 'CORS', 'connect-src']) expect(message).toContain(word);
    },
  );

  it.each([
    ['of the same origin', failed, 'https://h.test', false],
    ['where there is no own origin', failed, null, false],
    ['that was reached before', failed, 'https://app.test', true],
    ['but has the browser read one', negotiateStatus(503), 'https://app.test', false],
    ['to the handshake', new Error('Server timeout elapsed.'), 'https://app.test', false],
  ])('%s: nothing is added', (_, error, ownOrigin, wasLive) => {
    expect(elsewhere(error, ownOrigin, wasLive)).toBe(error.message);
  });
});

describe('an error that has a code already', () => {
  it.each<[HubshareError, boolean]>([
    [new HubshareError(wireError('token-rejected', 'no', { httpStatus: 401 })), false],
    [new HubshareError(wireError('signed-out', 'out', {})), false],
    [new HubshareError(wireError('option-invalid', 'bad', { option: 'x' })), false],
    [new HubshareError(wireError('option-unsupported', 'bad', { option: 'x' })), false],
    [new HubshareError(wireError('token-unavailable', 'later', {})), true],
    [new HubshareError(wireError('token-timed-out', 'later', { afterMs: 1 })), true],
    [new HubshareError(wireError('start-timed-out', 'later', { afterMs: 1 })), true],
  ])('stays as it is: %s', (error, retryable) => {
    expect(start(error)).toEqual({ error: error.wire, retryable });
  });
});

it.each([401, 403, 404, 405, 503])('redacts what a start of status %i says', (status) => {
  const { error } = startFailure(negotiateStatus(status, 'page with secret-part'), URL_SHOWN, (text) =>
    text.replaceAll('secret-part', '[redacted]'),
  );
  expect(error?.message).toContain('[redacted]');
  expect(error?.message).not.toContain('secret-part');
});

describe('a connection that was up and ended', () => {
  const loss = (error: unknown, close: { allowReconnect: boolean } | null) =>
    lossFailure(error, close, (text) => text.replaceAll('secret-part', '[redacted]'));

  it('is tried again when the transport was cut', () => {
    const error = new Error('WebSocket closed with status code: 1006 (no reason given).');
    expect(loss(error, null)).toEqual({ error: { code: 'connection-lost', message: error.message }, retryable: true });
  });

  it('is tried again when it ended without a word', () => {
    expect(loss(undefined, null)).toMatchObject({
      error: { code: 'connection-lost', message: 'The connection was closed by the hub.' },
      retryable: true,
    });
  });

  it('is tried again when the hub allows it', () => {
    const error = new Error('Server returned an error on close: Authentication expired');
    expect(loss(error, { allowReconnect: true })).toEqual({
      error: { code: 'connection-lost', message: error.message },
      retryable: true,
    });
  });

  it('rests with the hub’s reason when the hub does not allow a reconnect', () => {
    const error = new Error('Server returned an error on close: kicked');
    expect(loss(error, { allowReconnect: false })).toEqual({
      error: { code: 'hub-closed', message: error.message },
      retryable: false,
    });
  });

  it('rests without an error when the hub closed without one', () => {
    expect(loss(undefined, { allowReconnect: false })).toEqual({ error: null, retryable: false });
  });

  it.each([null, { allowReconnect: true }, { allowReconnect: false }])('is redacted (%j)', (close) => {
    expect(loss(new Error('said secret-part'), close).error?.message).toBe('said [redacted]');
  });
});

it('says what to do where the hub does not have the protocol', () => {
  const text = "Server returned handshake error: The protocol 'messagepack' is not supported.";
  const failure = start(new Error(text));
  expect(failure).toMatchObject({ error: { code: 'option-invalid', option: 'withHubProtocol' }, retryable: false });
  expect(failure.error?.message).toMatch(/^Server returned handshake error: .* Add the protocol on the server/);
});
