import { JsonHubProtocol, MessageType, NullLogger, type HubMessage } from '@microsoft/signalr';
import { describe, expect, it, vi } from 'vitest';
import type { UploadSource } from '../hub-socket.js';
import { readCall } from './client-result.js';
import { createHubProtocol } from './hub-protocol.js';
import { withUploads } from './upload-arguments.js';

const END = '\u001e';
const frame = (...messages: object[]): string => messages.map((message) => JSON.stringify(message) + END).join('');

it.each([
  ['allows a reconnect', { type: 7, allowReconnect: true }, true],
  ['does not', { type: 7, allowReconnect: false }, false],
  ['does not say', { type: 7, error: 'kicked' }, false],
  ['says something else', { type: 7, allowReconnect: 'yes' }, false],
])('tells of a close message that %s', (_, message, allowReconnect) => {
  const onClose = vi.fn();
  createHubProtocol('json', { onClose, onFrame: () => undefined }).parseMessages(
    frame({ type: 6 }, message),
    NullLogger.instance,
  );
  expect(onClose.mock.calls).toEqual([[{ allowReconnect }]]);
});

it('tells of nothing else, and gives the messages as SignalR’s own protocol does', () => {
  const onClose = vi.fn();
  const text = frame(
    { type: 6 },
    { type: 2, invocationId: '1', item: { a: 1 } },
    { type: 1, target: 'ask', arguments: [{ a: 1 }], streamIds: [] },
    { type: 3, invocationId: '1', result: 3 },
  );
  expect(
    createHubProtocol('json', { onClose, onFrame: () => undefined }).parseMessages(text, NullLogger.instance),
  ).toEqual(new JsonHubProtocol().parseMessages(text, NullLogger.instance));
  expect(onClose).not.toHaveBeenCalled();
});

it('is SignalR’s JSON protocol in every other respect', () => {
  const [own, stock] = [
    createHubProtocol('json', { onClose: () => undefined, onFrame: () => undefined }),
    new JsonHubProtocol(),
  ];
  expect([own.name, own.version, own.transferFormat]).toEqual([stock.name, stock.version, stock.transferFormat]);
  const message: HubMessage = { type: MessageType.Invocation, target: 'Add', arguments: [1, 2], invocationId: '1' };
  expect(own.writeMessage(message)).toBe(stock.writeMessage(message));
});

it('tells of each frame once, before its messages, also of a ping', () => {
  const seen: string[] = [];
  const protocol = createHubProtocol('json', { onClose: () => seen.push('close'), onFrame: () => seen.push('frame') });
  protocol.parseMessages(frame({ type: 6 }, { type: 7 }), NullLogger.instance);
  protocol.parseMessages(frame({ type: 6 }), NullLogger.instance);
  expect(seen).toEqual(['frame', 'close', 'frame']);
});

/** A length below 128 is one byte. */
function binary(hex: string): ArrayBuffer {
  const bytes = hex.split(' ').map((byte) => Number.parseInt(byte, 16));
  return new Uint8Array([bytes.length, ...bytes]).buffer;
}

describe('MessagePack', () => {
  const messagePack = (onClose: (close: object) => void = () => undefined) =>
    createHubProtocol('messagepack', { onClose, onFrame: () => undefined });
  const [xyz, method] = ['a3 78 79 7a', 'a6 6d 65 74 68 6f 64'];
  const call = { target: 'method', arguments: [42], streamIds: [] };
  const common = { headers: {}, invocationId: 'xyz' };

  // https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md#messagepack-msgpack-encoding
  it.each<[string, string, HubMessage]>([
    [
      'Invocation',
      `96 01 80 ${xyz} ${method} 91 2a 90`,
      { type: MessageType.Invocation, invocationId: 'xyz', ...call },
    ],
    ['Invocation, non-blocking', `96 01 80 c0 ${method} 91 2a 90`, { type: MessageType.Invocation, ...call }],
    [
      'Invocation with headers',
      `96 01 82 a1 78 a1 79 a1 7a a1 7a ${xyz} ${method} 91 2a 90`,
      { type: MessageType.Invocation, headers: { x: 'y', z: 'z' }, invocationId: 'xyz', ...call },
    ],
    [
      'StreamInvocation',
      `96 04 80 ${xyz} ${method} 91 2a 90`,
      { type: MessageType.StreamInvocation, invocationId: 'xyz', ...call },
    ],
    ['StreamItem', `94 02 80 ${xyz} 2a`, { type: MessageType.StreamItem, invocationId: 'xyz', item: 42 }],
    [
      'Completion, error',
      `95 03 80 ${xyz} 01 a5 45 72 72 6f 72`,
      { type: MessageType.Completion, invocationId: 'xyz', error: 'Error' },
    ],
    ['Completion, void', `94 03 80 ${xyz} 02`, { type: MessageType.Completion, invocationId: 'xyz' }],
    [
      'Completion, non-void',
      `95 03 80 ${xyz} 03 2a`,
      { type: MessageType.Completion, invocationId: 'xyz', result: 42 },
    ],
    ['CancelInvocation', `93 05 80 ${xyz}`, { type: MessageType.CancelInvocation, invocationId: 'xyz' }],
    ['Ping', '91 06', { type: MessageType.Ping }],
    // The specification allows any size of number and shows a longer one.
    ['Ack', '92 08 24', { type: MessageType.Ack, sequenceId: 36 }],
    ['Sequence', '92 09 13', { type: MessageType.Sequence, sequenceId: 19 }],
  ])('writes the bytes of the specification: %s', (_, hex, message) => {
    expect(new Uint8Array(messagePack().writeMessage(message) as ArrayBuffer)).toEqual(new Uint8Array(binary(hex)));
  });

  it.each<[string, string, object]>([
    ['Invocation, non-blocking', `96 01 80 c0 ${method} 91 2a 90`, { type: 1, headers: {}, ...call }],
    ['StreamItem', `94 02 80 ${xyz} 2a`, { type: 2, ...common, item: 42 }],
    ['Completion, error', `95 03 80 ${xyz} 01 a5 45 72 72 6f 72`, { type: 3, ...common, error: 'Error' }],
    ['Completion, void', `94 03 80 ${xyz} 02`, { type: 3, ...common }],
    ['Completion, non-void', `95 03 80 ${xyz} 03 2a`, { type: 3, ...common, result: 42 }],
    ['Ping', '91 06', { type: 6 }],
    ['Close', `92 07 ${xyz}`, { type: 7, error: 'xyz' }],
    ['Close with a reconnect', `93 07 ${xyz} c3`, { type: 7, error: 'xyz', allowReconnect: true }],
    ['Ack', '92 08 cc 24', { type: 8, sequenceId: 36 }],
    ['Sequence', '92 09 cc 13', { type: 9, sequenceId: 19 }],
  ])('reads the bytes of the specification: %s', (_, hex, message) => {
    expect(messagePack().parseMessages(binary(hex), NullLogger.instance)).toEqual([message]);
  });

  it('tells of a close that allows a reconnect, and marks a question', () => {
    const onClose = vi.fn();
    const protocol = messagePack(onClose);
    protocol.parseMessages(binary(`93 07 ${xyz} c3`), NullLogger.instance);
    expect(onClose.mock.calls).toEqual([[{ allowReconnect: true }]]);
    const [question] = protocol.parseMessages(binary(`96 01 80 ${xyz} ${method} 91 2a 90`), NullLogger.instance);
    expect(readCall((question as { arguments: unknown[] }).arguments)).toEqual({ args: [42], isQuestion: true });
  });

  it('does not hand out the bytes of other messages with those of one', () => {
    const [one, two] = [1, 2].map(
      (n) =>
        messagePack().writeMessage({
          type: MessageType.Invocation,
          target: 'bytes',
          arguments: [new Uint8Array(20).fill(n)],
        }) as ArrayBuffer,
    );
    const frameOfTwo = new Uint8Array([...new Uint8Array(one as ArrayBuffer), ...new Uint8Array(two as ArrayBuffer)]);
    const messages = messagePack().parseMessages(frameOfTwo.buffer, NullLogger.instance);
    const [first] = messages.map(
      (message) => (message as unknown as { arguments: [Uint8Array<ArrayBuffer>] }).arguments[0],
    );
    expect(first).toEqual(new Uint8Array(20).fill(1));
    expect(new Uint8Array((first as Uint8Array<ArrayBuffer>).buffer)).not.toContain(2);
  });
});

describe('a question', () => {
  const parse = (message: object): unknown[] => {
    const protocol = createHubProtocol('json', { onClose: () => undefined, onFrame: () => undefined });
    const [parsed] = protocol.parseMessages(frame(message), NullLogger.instance);
    return (parsed as { arguments: unknown[] }).arguments;
  };

  it.each([[[]], [[1]], [[null]]])('is told from an event: %j', (args) => {
    const message = { type: 1, target: 'ask', arguments: args };
    expect(readCall(parse({ ...message, invocationId: '1' }))).toEqual({ args, isQuestion: true });
    expect(readCall(parse(message))).toEqual({ args, isQuestion: false });
  });
});

it('leaves the message that it writes as it was', () => {
  const source: UploadSource = { subscribe: () => ({ dispose: () => undefined }) };
  const args = withUploads(['a'], [source, source, source]);
  expect(args.filter((argument) => argument === source)).toHaveLength(3);
  const message: HubMessage = Object.freeze({
    type: MessageType.Invocation,
    target: 'Take',
    // What SignalR leaves of them.
    arguments: Object.freeze(args.filter((argument) => argument !== source)) as unknown[],
    streamIds: ['0', '1', '2'],
  });
  const protocol = createHubProtocol('json', { onClose: () => undefined, onFrame: () => undefined });
  expect(protocol.writeMessage(message)).toBe(new JsonHubProtocol().writeMessage({ ...message, arguments: ['a'] }));
});
