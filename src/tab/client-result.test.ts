import { HubConnection, JsonHubProtocol, NullLogger } from '@microsoft/signalr';
import { describe, expect, it } from 'vitest';
import { until } from '../../worker/testing/settle.js';
import type { HandlersResult } from '../contract/rpc.js';
import { handlersResult, type AskedUser } from './client-result.js';

type TestHandler = (...args: unknown[]) => unknown;

function asUser(handlers: readonly TestHandler[], more: Partial<AskedUser> = {}): AskedUser {
  return {
    handlersOf: () => handlers.map((handler) => (args: unknown[]) => handler(...args)),
    form: (value) => JSON.parse(JSON.stringify(value)) as unknown,
    log: () => undefined,
    ...more,
  };
}

const RECORD_SEPARATOR = '\x1e';

/** What SignalR's own `HubConnection` answers a hub that asks these handlers. */
async function bySignalR(handlers: readonly TestHandler[], args: unknown[]): Promise<HandlersResult> {
  const sent: string[] = [];
  const transport = {
    features: {},
    onreceive: (_data: string): void => undefined,
    onclose: (_error?: Error): void => undefined,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    send: (data: string) => {
      sent.push(data);
      return Promise.resolve();
    },
  };
  const { create } = HubConnection as unknown as { create: (...parts: unknown[]) => HubConnection };
  const connection = create.call(HubConnection, transport, NullLogger.instance, new JsonHubProtocol());
  const starting = connection.start();
  await until(() => sent.length > 0);
  transport.onreceive(`{}${RECORD_SEPARATOR}`);
  await starting;
  for (const handler of handlers) connection.on('ask', handler);
  transport.onreceive(
    JSON.stringify({ type: 1, invocationId: '7', target: 'ask', arguments: args }) + RECORD_SEPARATOR,
  );
  const text = await until(() => sent.find((message) => message.includes('"invocationId":"7"')));
  // What it does for its own life would keep the process from ending.
  Object.assign(connection, { connection: { ...transport, features: { inherentKeepAlive: true } } });
  const internals = connection as unknown as { _cleanupTimeout(): void; _cleanupPingTimer(): void };
  internals._cleanupTimeout();
  internals._cleanupPingTimer();
  const { error, result } = JSON.parse(text.slice(0, -1)) as { error?: string; result?: unknown };
  if (error === "Client didn't provide a result.") return { kind: 'none' };
  return error === undefined ? { kind: 'result', value: result } : { kind: 'error', text: error };
}

const broken = (text = 'broken'): TestHandler => {
  return () => {
    throw new Error(text);
  };
};

describe('as SignalR answers a hub:', () => {
  it.each<[string, readonly TestHandler[], HandlersResult]>([
    ['one result', [(...args) => args], { kind: 'result', value: [1, 'a'] }],
    ['a result that comes later', [() => Promise.resolve('late')], { kind: 'result', value: 'late' }],
    ['nothing', [() => undefined], { kind: 'none' }],
    ['null, which is a result', [() => null], { kind: 'result', value: null }],
    ['0, which is a result', [() => 0], { kind: 'result', value: 0 }],
    ['an exception', [broken()], { kind: 'error', text: 'Error: broken' }],
    ['a rejection', [() => Promise.reject(new TypeError('no'))], { kind: 'error', text: 'TypeError: no' }],
    ['two results', [() => 1, () => 2], { kind: 'error', text: 'Client provided multiple results.' }],
    ['two results, of which one is falsy', [() => 1, () => 0], { kind: 'result', value: 0 }],
    ['a result, then nothing', [() => 1, () => undefined], { kind: 'none' }],
    ['nothing, then a result', [() => undefined, () => 2], { kind: 'result', value: 2 }],
    ['an exception, then a result', [broken(), () => 2], { kind: 'result', value: 2 }],
    ['a result, then an exception', [() => 1, broken()], { kind: 'error', text: 'Error: broken' }],
    ['two exceptions', [broken('first'), broken('second')], { kind: 'error', text: 'Error: second' }],
    [
      'two results and an exception',
      [() => 1, () => 2, broken()],
      { kind: 'error', text: 'Client provided multiple results.' },
    ],
  ])('%s', async (_, handlers, expected) => {
    expect(await handlersResult([asUser(handlers)], 'ask', [1, 'a'])).toEqual(expected);
    expect(await bySignalR(handlers, [1, 'a'])).toEqual(expected);
  });
});

it('takes the handlers of all connections of the tab as one list, one after the other', async () => {
  const seen: string[] = [];
  let go = (): void => undefined;
  const first = async (): Promise<void> => {
    seen.push('first begins');
    await new Promise<void>((resolve) => (go = resolve));
    seen.push('first ends');
  };
  const answer = handlersResult([asUser([first]), asUser([() => (seen.push('second'), 'ok')])], 'ask', []);
  await until(() => seen.length === 1);
  go();
  expect(await answer).toEqual({ kind: 'result', value: 'ok' });
  expect(seen).toEqual(['first begins', 'first ends', 'second']);
  expect(await handlersResult([asUser([() => 1]), asUser([() => 2])], 'ask', [])).toMatchObject({ kind: 'error' });
});

it('tells the hub when a result cannot be written, which SignalR keeps waiting', async () => {
  const lines: string[] = [];
  const user = asUser([() => 10n], { log: (level, text) => lines.push(`${level} ${text}`) });
  expect(await handlersResult([user], 'ask', [])).toMatchObject({
    kind: 'error',
    text: expect.stringContaining('BigInt') as string,
  });
  expect(lines).toHaveLength(1);
});

it('says of each connection what its handlers did, at the level of an error', async () => {
  const lines: string[] = [];
  const log = (level: number, text: string): unknown => lines.push(`${level} ${text}`);
  await handlersResult([asUser([broken(), () => 1, () => 2], { log })], 'ask', []);
  expect(lines).toEqual([
    "4 A callback for the method 'ask' threw error 'Error: broken'.",
    "4 Multiple results provided for 'ask'. Sending error to server.",
  ]);
});
