import { expose, proxy, wrap } from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { quiet } from '../testing/settle.js';
import { guardPort } from './port-guard.js';

const METHODS = new Map<string, number | null>([
  ['add', null],
  ['hang', null],
  ['call', 1],
]);
const raw = (value: unknown) => ({ type: 'RAW', value });

function setUp() {
  const { port1, port2 } = new MessageChannel();
  const refused: string[] = [];
  const api = {
    add: vi.fn((a: number, b: number) => a + b),
    secret: vi.fn(() => 'secret'),
    value: 5,
    hang: () => undefined,
    call: vi.fn((name: string, back: (name: string) => Promise<string>) => back(name)),
  };
  expose(
    api,
    guardPort(port2, METHODS, (error) => refused.push(error.detail)),
  );
  const answers: unknown[] = [];
  port1.addEventListener('message', (event: MessageEvent) => answers.push(event.data));
  port1.start();
  const remote = wrap<typeof api>(port1);
  return { port1, port2, api, remote, refused, answers };
}

let open: ReturnType<typeof setUp>;
beforeEach(() => {
  open = setUp();
});
afterEach(() => {
  open.port1.close();
  open.port2.close();
});

async function post(message: unknown): Promise<unknown> {
  open.port1.postMessage(message);
  await quiet();
  return open.answers.at(-1);
}

it('lets a call of the contract pass', async () => {
  await expect(open.remote.add(1, 2)).resolves.toBe(3);
  expect(open.refused).toEqual([]);
});

describe('refuses', () => {
  it.each<[string, object]>([
    ['reading a member', { type: 'GET', path: ['value'] }],
    ['reading the whole object', { type: 'GET', path: [] }],
    ['reading a method', { type: 'GET', path: ['add'] }],
    ['setting a member', { type: 'SET', path: ['value'], value: raw(6) }],
    ['setting a method', { type: 'SET', path: ['add'], value: raw(6) }],
    ['setting a member of the prototype', { type: 'SET', path: ['__proto__', 'polluted'], value: raw(true) }],
    [
      'setting a member of Object.prototype',
      { type: 'SET', path: ['constructor', 'prototype', 'polluted'], value: raw(true) },
    ],
    ['constructing', { type: 'CONSTRUCT', path: ['add'], argumentList: [] }],
    ['constructing by constructor', { type: 'CONSTRUCT', path: ['constructor'], argumentList: [] }],
    ['asking for another port', { type: 'ENDPOINT' }],
    ['an unknown type', { type: 'EVAL', path: ['add'], argumentList: [] }],
    ['a type that is no text', { type: 5, path: ['add'], argumentList: [] }],
    ['a call of what is not in the contract', { type: 'APPLY', path: ['secret'], argumentList: [] }],
    ['a call of __proto__', { type: 'APPLY', path: ['__proto__'], argumentList: [] }],
    ['a call of constructor', { type: 'APPLY', path: ['constructor'], argumentList: [] }],
    ['a call of hasOwnProperty', { type: 'APPLY', path: ['hasOwnProperty'], argumentList: [raw('add')] }],
    ['a call through __proto__', { type: 'APPLY', path: ['__proto__', 'add'], argumentList: [] }],
    [
      'a call through a method of the contract',
      { type: 'APPLY', path: ['add', 'constructor'], argumentList: [raw('return 1')] },
    ],
    ['a call with call()', { type: 'APPLY', path: ['add', 'call'], argumentList: [] }],
    ['a path that is a text', { type: 'APPLY', path: 'add', argumentList: [] }],
    ['a path of no text', { type: 'APPLY', path: [5], argumentList: [] }],
    ['a path of a list', { type: 'APPLY', path: [['add']], argumentList: [] }],
    ['an empty path', { type: 'APPLY', path: [], argumentList: [] }],
    ['no path', { type: 'APPLY', argumentList: [] }],
    ['no arguments', { type: 'APPLY', path: ['add'] }],
    ['arguments that are no list', { type: 'APPLY', path: ['add'], argumentList: 5 }],
    ['an argument that is no wire value', { type: 'APPLY', path: ['add'], argumentList: [5] }],
    ['an argument of an unknown kind', { type: 'APPLY', path: ['add'], argumentList: [{ type: 'OTHER' }] }],
    [
      'an argument of another handler',
      { type: 'APPLY', path: ['add'], argumentList: [{ type: 'HANDLER', name: 'throw', value: {} }] },
    ],
    [
      'arguments that say a length of billions',
      { type: 'APPLY', path: ['add'], argumentList: new Array(2 ** 32 - 1) as unknown[] },
    ],
    ['more arguments than any method has', { type: 'APPLY', path: ['add'], argumentList: Array(6).fill(raw(1)) }],
    ['arguments with a hole', { type: 'APPLY', path: ['add'], argumentList: [, raw(1)] }],
    [
      'a proxy without a port',
      { type: 'APPLY', path: ['add'], argumentList: [{ type: 'HANDLER', name: 'proxy', value: {} }] },
    ],
  ])('%s: it is no call through a method of the contract', async (_, message) => {
    await expect(post({ id: 'id-1', ...message })).resolves.toMatchObject({
      id: 'id-1',
      type: 'RAW',
      value: { ok: false, error: { code: 'message-invalid' } },
    });
    expect(open.refused).toHaveLength(1);
    expect(open.api.add).not.toHaveBeenCalled();
    expect(open.api.secret).not.toHaveBeenCalled();
    expect(open.api.value).toBe(5);
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    { id: 'x'.repeat(201), type: 'APPLY', path: ['add'], argumentList: [] },
    null,
    undefined,
    5,
    'text',
    true,
    [],
    [{ id: 'a' }],
    {},
    { id: 5, type: 'APPLY', path: ['add'], argumentList: [] },
  ])('%j, which is no call at all', async (message) => {
    const answer = await post(message);
    expect(answer).toMatchObject({ type: 'RAW', value: { ok: false, error: { code: 'message-invalid' } } });
    expect(answer).not.toHaveProperty('id');
    expect(open.refused).toHaveLength(1);
  });

  it('one message, and takes the next', async () => {
    await post({ id: 'id-1', type: 'GET', path: ['value'] });
    await expect(open.remote.add(2, 3)).resolves.toBe(5);
  });

  it('a proxy’s read of a member with an answer, so that nobody waits for ever', async () => {
    await expect(open.remote.value as Promise<unknown>).resolves.toMatchObject({
      ok: false,
      error: { code: 'message-invalid' },
    });
  });
});

it('takes nothing to Comlink that was not looked at, such as a list with a constructor of its own', async () => {
  const argumentList = Object.assign([raw(1), raw(2)], { constructor: {} });
  const call = { id: 'id-1', type: 'APPLY', path: ['add'], argumentList };
  await expect(post(call)).resolves.toMatchObject({ id: 'id-1', value: 3 });
});

describe('a callback', () => {
  it('passes where the method has one', async () => {
    await expect(open.remote.call('a', proxy((name: string) => `${name}!`) as never)).resolves.toBe('a!');
  });

  it.each([
    ['of a method that has none', 'add', 1],
    ['in the place of another argument', 'call', 0],
  ])('does not pass %s: nobody listens on its port', async (_, method, place) => {
    const { port1, port2 } = new MessageChannel();
    const heard: unknown[] = [];
    port1.onmessage = ({ data }) => heard.push(data);
    const args: unknown[] = [raw(1), raw(2)];
    args[place] = { type: 'HANDLER', name: 'proxy', value: port2 };
    open.port1.postMessage({ id: 'id-1', type: 'APPLY', path: [method], argumentList: args }, [port2]);
    port1.postMessage({ id: 'id-2', type: 'GET', path: [] });
    await quiet();
    expect(open.refused).toHaveLength(1);
    expect(heard).toEqual([]);
    port1.close();
  });
});

describe('Comlink’s goodbye', () => {
  const listen = (port: MessagePort) => {
    const passed: unknown[] = [];
    const refused = vi.fn();
    guardPort(port, METHODS, refused).addEventListener('message', (event) => passed.push((event as MessageEvent).data));
    port.start();
    return { passed, refused };
  };

  it('passes', async () => {
    const { port1, port2 } = new MessageChannel();
    const { passed, refused } = listen(port2);
    port1.postMessage({ id: 'id-1', type: 'RELEASE' });
    await quiet();
    expect(passed).toHaveLength(1);
    expect(refused).not.toHaveBeenCalled();
    port1.close();
  });

  it.each([
    ['a path', { path: ['__proto__', 'x', 'y'] }],
    ['arguments that Comlink would stumble over', { argumentList: [{ type: 'HANDLER', name: 'no-such-handler' }] }],
    ['arguments that are no list', { argumentList: 5 }],
  ])('does not pass with %s', async (_, more) => {
    const { port1, port2 } = new MessageChannel();
    const { passed, refused } = listen(port2);
    port1.postMessage({ id: 'id-1', type: 'RELEASE', ...more });
    await quiet();
    expect(passed).toEqual([]);
    expect(refused).toHaveBeenCalledTimes(1);
    port1.close();
  });
});

it('takes its listener off the port', async () => {
  const { port1, port2 } = new MessageChannel();
  const guarded = guardPort(port2, METHODS, () => undefined);
  const listener = vi.fn();
  guarded.addEventListener('message', listener);
  guarded.removeEventListener('message', listener);
  guarded.removeEventListener('message', listener);
  port2.start();
  port1.postMessage({ id: 'id-1', type: 'APPLY', path: ['add'], argumentList: [] });
  await quiet();
  expect(listener).not.toHaveBeenCalled();
  port1.close();
});
