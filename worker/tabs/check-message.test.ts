import { afterAll, describe, expect, it } from 'vitest';
import { HubshareError } from '../../src/contract/errors.js';
import type { HubWish } from '../../src/contract/rpc.js';
import { PLAIN_SETTINGS, wishFor } from '../testing/fake-tab.js';
import {
  checkCall,
  checkCallId,
  checkClaimId,
  checkHello,
  checkHubUrl,
  checkParking,
  checkPiece,
  checkQuestionId,
  checkResult,
  checkVisibility,
  checkWish,
} from './check-message.js';
import { checkMethod } from './check-method.js';
import { checkNumber } from './check-value.js';

const channel = new MessageChannel();
afterAll(() => channel.port1.close());

const HUB = 'https://h.test/hubs/ops';
const hello = {
  contractVersion: 1,
  tabId: 'tab',
  tabKey: 'key',
  tabLock: 'lock',
  visibility: 'visible',
  events: channel.port1,
};
const call = { hub: HUB, callId: 'id-1', method: 'Add', args: [1, 2], uploads: 0 };
const piece = { hub: HUB, callId: 'id-1', stream: 0, items: [1, 'two'], end: null };
const wish: HubWish = wishFor(HUB, { methods: ['metric'], hasTokenFactory: true });
const settings = (change: Record<string, unknown>): unknown => ({
  ...wish,
  settings: { ...PLAIN_SETTINGS, ...change },
});

function tooMuch(check: () => unknown): void {
  expect(check).toThrow(expect.objectContaining({ code: 'limit-reached' }));
}

function refused(check: () => unknown): void {
  let thrown: unknown;
  try {
    check();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(HubshareError);
  expect(thrown).toMatchObject({ code: 'message-invalid', wire: { detail: expect.any(String) as string } });
}

it('lets what is right pass, without what does not belong to it', () => {
  expect(checkHello({ ...hello, more: 1 })).toEqual(hello);
  expect(checkCall({ ...call, more: 1 })).toEqual(call);
  expect(checkWish({ ...wish, more: 1 })).toEqual(wish);
  expect(checkWish({ ...wish, hasRetryPolicy: true, wantsLog: true })).toMatchObject({
    hasRetryPolicy: true,
    wantsLog: true,
  });
  expect(checkWish(settings({ protocol: 'messagepack' })).settings.protocol).toBe('messagepack');
  expect(checkCall({ ...call, uploads: 2 }).uploads).toBe(2);
  expect(checkPiece({ ...piece, more: 1 })).toEqual(piece);
  expect(checkPiece({ ...piece, end: { error: null, more: 1 } }).end).toEqual({ error: null });
  expect(checkPiece({ ...piece, end: { error: '' } }).end).toEqual({ error: '' });
  expect(checkResult({ kind: 'result', value: undefined, more: 1 })).toEqual({ kind: 'result', value: undefined });
  expect(checkResult({ kind: 'none', more: 1 })).toEqual({ kind: 'none' });
  expect(checkResult({ kind: 'error', text: '', more: 1 })).toEqual({ kind: 'error', text: '' });
  expect(checkQuestionId('1.1')).toBe('1.1');
  expect(checkVisibility('hidden')).toBe('hidden');
  expect(checkNumber(-1, 'n')).toBe(-1);
});

const NO_OBJECTS: unknown[] = [undefined, null, 0, '', 'text', true, [], [{}], () => undefined];

describe.each<[string, (value: unknown) => unknown]>([
  ['join', checkHello],
  ['attach', checkWish],
  ['invoke', checkCall],
  ['upload', checkPiece],
  ['answer', checkResult],
])('%s', (_, check) => {
  it.each(NO_OBJECTS)('refuses %j in place of an object', (value) => refused(() => check(value)));
  it('refuses an object without anything in it', () => refused(() => check({})));
});

describe('join refuses', () => {
  it.each<[string, unknown]>([
    ['contractVersion', '1'],
    ['contractVersion', -1],
    ['contractVersion', NaN],
    ['contractVersion', Infinity],
    ['tabId', ''],
    ['tabId', 'x'.repeat(101)],
    ['tabId', 5],
    ['tabKey', undefined],
    ['tabKey', ''],
    ['tabKey', 'x'.repeat(101)],
    ['tabLock', ''],
    ['tabLock', 'x'.repeat(201)],
    ['tabLock', null],
    ['visibility', 'prerender'],
    ['visibility', undefined],
    ['events', undefined],
    ['events', {}],
    ['events', { postMessage: () => undefined }],
  ])('%s: %j', (field, value) => refused(() => checkHello({ ...hello, [field]: value })));

  it.each([
    ['tabId', 100],
    ['tabKey', 100],
    ['tabLock', 200],
  ])('no %s of %i characters', (field, length) => {
    expect(checkHello({ ...hello, [field]: 'x'.repeat(length) })).toHaveProperty(field);
  });
});

describe('attach refuses', () => {
  it.each<[string, unknown]>([
    ['hub', '/hubs/ops'],
    ['hub', 5],
    ['hub', ''],
    ['hub', 'ws://h.test/hubs/ops'],
    ['hub', 'https://h.test/hubs/ops#part'],
    ['hub', 'file:///etc/passwd'],
    ['hub', 'javascript:alert(1)'],
    ['hub', `https://h.test/${'x'.repeat(2_048)}`],
    ['methods', undefined],
    ['methods', 'metric'],
    ['methods', [1]],
    ['methods', ['']],
    ['methods', ['x'.repeat(1_001)]],
    ['hasTokenFactory', undefined],
    ['hasTokenFactory', 1],
    ['opens', undefined],
    ['methods', ['constructor']],
    ['methods', ['__proto__']],
    ['hasRetryPolicy', undefined],
    ['hasRetryPolicy', 'yes'],
    ['wantsLog', undefined],
    ['wantsLog', null],
    ['methods', [, 'metric']],
    ['settings', undefined],
    ['settings', []],
    ['topics', undefined],
    ['topics', []],
    ['settledClaims', undefined],
    ['settledClaims', {}],
    ['settledClaims', ['']],
    ['settledClaims', [5]],
    ['settledClaims', ['x'.repeat(1_001)]],
    ['settledClaims', Array.from({ length: 1_001 }, (_, n) => `alarm-${n}`)],
  ])('%s: %j', (field, value) => refused(() => checkWish({ ...wish, [field]: value })));

  it.each([
    ['a user name', 'https://user@h.test/hubs/ops'],
    ['a password', 'https://:pass@h.test/hubs/ops'],
    ['a token in its query', 'https://h.test/hubs/ops?room=1&access_token=x'],
  ])('a hub URL with %s', (_, hub) => refused(() => checkWish({ ...wish, hub })));

  it.each<[string, unknown]>([
    ['protocol', undefined],
    ['protocol', null],
    ['protocol', 'JSON'],
    ['transport', 'WebSockets'],
    ['transport', undefined],
    ['transport', -1],
    ['skipNegotiation', null],
    ['withCredentials', 'yes'],
    ['headers', null],
    ['headers', []],
    ['requestTimeoutMs', NaN],
    ['serverTimeoutMs', -1],
    ['keepAliveIntervalMs', '15000'],
    ['retryDelaysMs', 5],
    ['retryDelaysMs', [1, null]],
    ['retryDelaysMs', [-1]],
    ['retryDelaysMs', [Infinity]],
    ['logLevel', 'Debug'],
  ])('settings.%s: %j', (field, value) => refused(() => checkWish(settings({ [field]: value }))));

  it('not what is as much as it may be', () => {
    const settledClaims = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000));
    expect(checkWish({ ...wish, settledClaims }).settledClaims).toEqual(settledClaims);
  });

  it('more client methods than one page may hear, and takes as many', () => {
    const methods = Array.from({ length: 10_000 }, (_, n) => `m${n}`);
    expect(checkWish({ ...wish, methods }).methods).toHaveLength(10_000);
    tooMuch(() => checkWish({ ...wish, methods: [...methods, 'one-more'] }));
  });

  it('lists that say a length of billions, without going through them', () => {
    const endless: unknown[] = new Array(2 ** 32 - 1);
    tooMuch(() => checkWish({ ...wish, methods: endless }));
    refused(() => checkWish({ ...wish, settledClaims: endless }));
    refused(() => checkWish(settings({ retryDelaysMs: endless })));
  });

  it('more headers than a request has, or one that is no text', () => {
    const headers = Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`X-${n}`, '']));
    refused(() => checkWish(settings({ headers })));
    refused(() => checkWish(settings({ headers: { 'X-App': 5 } })));
    expect(checkWish(settings({ headers: { 'X-App': '5' } })).settings.headers).toEqual({ 'X-App': '5' });
  });

  it('takes a header named __proto__ for a header', () => {
    const headers = JSON.parse('{"__proto__":"x"}') as unknown;
    const checked = checkWish(settings({ headers })).settings.headers;
    expect(Object.keys(checked)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(checked)).toBe(Object.prototype);
  });
});

it('refuses what would be written as gigabytes, in a call, an upload and an answer', () => {
  const ring: unknown[] = [];
  ring.push(ring);
  const endless: unknown[] = [new Array(2 ** 32 - 1)];
  for (const heavy of [ring, endless]) {
    tooMuch(() => checkCall({ ...call, args: heavy }));
    tooMuch(() => checkPiece({ ...piece, items: heavy }));
    tooMuch(() => checkResult({ kind: 'result', value: heavy }));
  }
});

describe('invoke refuses', () => {
  it.each<[string, unknown]>([
    ['hub', 'not a url'],
    ['callId', ''],
    ['callId', 5],
    ['callId', 'x'.repeat(101)],
    ['method', ''],
    ['method', null],
    ['method', 'x'.repeat(1_001)],
    ['args', undefined],
    ['args', {}],
    ['args', 'text'],
    ['uploads', undefined],
    ['uploads', -1],
    ['uploads', 1.5],
    ['uploads', '1'],
    ['uploads', NaN],
    ['uploads', 101],
  ])('%s: %j', (field, value) => refused(() => checkCall({ ...call, [field]: value })));
});

describe('upload refuses', () => {
  it.each<[string, unknown]>([
    ['hub', 'not a url'],
    ['callId', ''],
    ['stream', undefined],
    ['stream', -1],
    ['stream', 0.5],
    ['stream', 100],
    ['stream', '0'],
    ['items', undefined],
    ['items', {}],
    ['end', undefined],
    ['end', true],
    ['end', {}],
    ['end', { error: 5 }],
    ['end', { error: undefined }],
  ])('%s: %j', (field, value) => refused(() => checkPiece({ ...piece, [field]: value })));
});

describe('answer refuses', () => {
  it.each([{ kind: 'maybe' }, { kind: 'error' }, { kind: 'error', text: 5 }, { kind: null, value: 1 }])('%j', (value) =>
    refused(() => checkResult(value)),
  );
  it.each([undefined, null, '', 5, 'x'.repeat(101)])('%j as the id of a question', (value) =>
    refused(() => checkQuestionId(value)),
  );
});

it.each([undefined, null, '', 5, 'x'.repeat(101)])('refuses %j as the id of a call', (value) =>
  refused(() => checkCallId(value)),
);

it.each([undefined, null, '', 5, {}, []])('refuses %j as a method', (value) => refused(() => checkMethod(value)));
it.each([undefined, null, '5', NaN, Infinity, {}])('refuses %j as a number', (value) =>
  refused(() => checkNumber(value, 'n')),
);
it.each([undefined, null, true, 'Cached', '', 'visible', ['hidden']])('refuses %j as a kind of parking', (value) =>
  refused(() => checkParking(value)),
);
it.each(['cached', 'frozen', 'hidden'])('knows parking as %s', (value) => expect(checkParking(value)).toBe(value));
it.each([undefined, null, 5, '', 'x'.repeat(1_001), ['id']])('refuses %j as the id of a claim', (value) =>
  refused(() => checkClaimId(value)),
);
it.each([undefined, null, 'Visible', '', 1])('refuses %j as a visibility', (value) =>
  refused(() => checkVisibility(value)),
);

it('gives the hub one name, however its URL is written', () => {
  expect(checkHubUrl('HTTPS://H.test:443/hubs/../hubs/ops')).toBe(HUB);
});
