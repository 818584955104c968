/**
 * The bytes are the examples of the published specification (docs/specs/HubProtocol.md, «MessagePack (MsgPack) encoding»).
 * The document writes the messages without their length; here, as on the wire, each one stands behind it.
 */
import { MessageType, NullLogger, type HubMessage } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { describe, expect, it } from 'vitest';
import { createInbox } from './inbox.js';
import { cutLengthPrefixed, withLengthPrefix } from './length-prefix.js';
import { messagePackProtocol } from './message-pack.js';
import type { ClientMessage, ServerMessage } from './messages.js';
import { ProtocolError } from './protocol-error.js';

const client = new MessagePackHubProtocol();

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function decode(hex: string): ClientMessage {
  return messagePackProtocol.decode(bytes(hex));
}

const INVOCATION = '96 01 80 a3 78797a a6 6d6574686f64 91 2a 90';
const NON_BLOCKING = '96 01 80 c0 a6 6d6574686f64 91 2a 90';
const STREAM_INVOCATION = '96 04 80 a3 78797a a6 6d6574686f64 91 2a 90';
const STREAM_ITEM = '94 02 80 a3 78797a 2a';
// The document's comment calls this a 4-element array; its bytes, and the message, have five.
const ERROR_COMPLETION = '95 03 80 a3 78797a 01 a5 4572726f72';
const VOID_COMPLETION = '94 03 80 a3 78797a 02';
const COMPLETION = '95 03 80 a3 78797a 03 2a';
const CANCEL = '93 05 80 a3 78797a';
const PING = '91 06';
const CLOSE = '92 07 a3 78797a';
const CLOSE_AND_RECONNECT = '93 07 a3 78797a c3';
const WITH_HEADERS = '96 01 82 a1 78 a1 79 a1 7a a1 7a a3 78797a a6 6d6574686f64 91 2a 90';

const call = { target: 'method', args: [42], streamIds: [] };

describe('MessagePack messages of a client', () => {
  it.each<[string, string, ClientMessage]>([
    ['an invocation', INVOCATION, { type: 1, invocationId: 'xyz', ...call }],
    ['a non-blocking invocation', NON_BLOCKING, { type: 1, invocationId: null, ...call }],
    ['an invocation with headers', WITH_HEADERS, { type: 1, invocationId: 'xyz', ...call }],
    ['a stream invocation', STREAM_INVOCATION, { type: 4, invocationId: 'xyz', ...call }],
    ['a stream item', STREAM_ITEM, { type: 2, invocationId: 'xyz', item: 42 }],
    ['an error', ERROR_COMPLETION, { type: 3, invocationId: 'xyz', outcome: { kind: 'error', message: 'Error' } }],
    ['a void completion', VOID_COMPLETION, { type: 3, invocationId: 'xyz', outcome: { kind: 'void' } }],
    ['a result', COMPLETION, { type: 3, invocationId: 'xyz', outcome: { kind: 'result', value: 42 } }],
    ['a cancellation', CANCEL, { type: 5, invocationId: 'xyz' }],
    ['a ping', PING, { type: 6 }],
    ['a close', CLOSE, { type: 7 }],
    ['an acknowledgement, which this hub has no use for', '92 08 cc 24', { type: 'other' }],
    ['a sequence number, which this hub has no use for', '92 09 cc 13', { type: 'other' }],
    // As the document had it before uploads, and as the client package still writes a call without them.
    [
      'an invocation without stream ids',
      '95 01 80 a3 78797a a6 6d6574686f64 91 2a',
      { type: 1, invocationId: 'xyz', ...call },
    ],
    [
      'a stream invocation without stream ids',
      '95 04 80 a3 78797a a6 6d6574686f64 91 2a',
      { type: 4, invocationId: 'xyz', ...call },
    ],
    [
      'an invocation with uploads',
      '96 01 80 a3 78797a a6 6d6574686f64 91 2a 92 a1 31 a1 32',
      { type: 1, invocationId: 'xyz', ...call, streamIds: ['1', '2'] },
    ],
    [
      'a message with more fields than are known',
      '97 01 80 c0 a6 6d6574686f64 91 2a 90 01',
      { type: 1, invocationId: null, ...call },
    ],
  ])('are read: %s', (_, hex, message) => {
    expect(decode(hex)).toEqual(message);
  });

  it.each<[string, HubMessage]>([
    [
      INVOCATION,
      { type: MessageType.Invocation, invocationId: 'xyz', target: 'method', arguments: [42], streamIds: [] },
    ],
    [NON_BLOCKING, { type: MessageType.Invocation, target: 'method', arguments: [42], streamIds: [] }],
    [
      WITH_HEADERS,
      {
        type: MessageType.Invocation,
        headers: { x: 'y', z: 'z' },
        invocationId: 'xyz',
        target: 'method',
        arguments: [42],
        streamIds: [],
      },
    ],
    [
      STREAM_INVOCATION,
      { type: MessageType.StreamInvocation, invocationId: 'xyz', target: 'method', arguments: [42], streamIds: [] },
    ],
    [STREAM_ITEM, { type: MessageType.StreamItem, invocationId: 'xyz', item: 42 }],
    [ERROR_COMPLETION, { type: MessageType.Completion, invocationId: 'xyz', error: 'Error' }],
    [VOID_COMPLETION, { type: MessageType.Completion, invocationId: 'xyz' }],
    [COMPLETION, { type: MessageType.Completion, invocationId: 'xyz', result: 42 }],
    [CANCEL, { type: MessageType.CancelInvocation, invocationId: 'xyz' }],
    [PING, { type: MessageType.Ping }],
  ])('are written by the client package as the document has them: %s', (hex, message) => {
    expect(Buffer.from(client.writeMessage(message))).toEqual(withLengthPrefix(bytes(hex)));
  });

  it.each([
    ['no MessagePack', 'c1'],
    ['nothing', ''],
    ['bytes behind the message', '91 06 00'],
    ['no array', '80'],
    ['an empty array', '90'],
    ['a type that is no number', '91 a1 31'],
    ['a call without arguments', '94 01 80 c0 a1 41'],
    ['a call whose target is no text', '96 01 80 c0 01 90 90'],
    ['stream ids that are no texts', '96 01 80 c0 a1 41 90 91 01'],
    ['a stream invocation without an id', '96 04 80 c0 a1 41 90 90'],
    ['a stream item without an item', '93 02 80 a1 31'],
    ['a completion of an unknown kind', '95 03 80 a1 31 04 2a'],
    ['a completion without its result', '94 03 80 a1 31 03'],
    ['an error that is no text', '95 03 80 a1 31 01 2a'],
    ['a cancellation without an id', '92 05 80'],
  ])('are refused when they are %s', (_, hex) => {
    expect(() => decode(hex)).toThrow(ProtocolError);
  });

  it('are read after one that could not be', () => {
    expect(() => decode('92 93 01')).toThrow(ProtocolError);
    expect(decode(PING)).toEqual({ type: 6 });
  });
});

describe('MessagePack messages of the hub', () => {
  const cases: [string, ServerMessage, HubMessage][] = [
    [
      INVOCATION,
      { type: 1, invocationId: 'xyz', target: 'method', arguments: [42] },
      {
        type: MessageType.Invocation,
        headers: {},
        invocationId: 'xyz',
        target: 'method',
        arguments: [42],
        streamIds: [],
      },
    ],
    [
      NON_BLOCKING,
      { type: 1, target: 'method', arguments: [42] },
      { type: MessageType.Invocation, headers: {}, target: 'method', arguments: [42], streamIds: [] },
    ],
    [
      STREAM_ITEM,
      { type: 2, invocationId: 'xyz', item: 42 },
      { type: MessageType.StreamItem, headers: {}, invocationId: 'xyz', item: 42 },
    ],
    [
      ERROR_COMPLETION,
      { type: 3, invocationId: 'xyz', error: 'Error' },
      { type: MessageType.Completion, headers: {}, invocationId: 'xyz', error: 'Error' },
    ],
    [
      VOID_COMPLETION,
      { type: 3, invocationId: 'xyz' },
      { type: MessageType.Completion, headers: {}, invocationId: 'xyz' },
    ],
    [
      COMPLETION,
      { type: 3, invocationId: 'xyz', result: 42 },
      { type: MessageType.Completion, headers: {}, invocationId: 'xyz', result: 42 },
    ],
    [PING, { type: 6 }, { type: MessageType.Ping }],
    [CLOSE, { type: 7, error: 'xyz' }, { type: MessageType.Close, error: 'xyz' }],
    [
      CLOSE_AND_RECONNECT,
      { type: 7, error: 'xyz', allowReconnect: true },
      { type: MessageType.Close, error: 'xyz', allowReconnect: true },
    ],
  ];

  it.each(cases)('are written as the document has them: %s', (hex, message) => {
    expect(messagePackProtocol.encode(message)).toEqual(withLengthPrefix(bytes(hex)));
  });

  it.each(cases)('are read by the client package: %s', (hex, _, message) => {
    const framed = Uint8Array.from(withLengthPrefix(bytes(hex)));
    expect(client.parseMessages(framed.buffer, NullLogger.instance)).toEqual([message]);
  });

  it('keep what JSON would lose or change', () => {
    const value = {
      date: new Date(1_700_000_000_123),
      big: 2 ** 52,
      bytes: new Uint8Array([1, 2, 255]),
      text: 'ü\u001e',
    };
    const framed = messagePackProtocol.encode({ type: 1, target: 'Echo', arguments: [value] }) as Buffer;
    const [body] = createInbox(1000, cutLengthPrefixed).push(framed);
    expect(body && messagePackProtocol.decode(body)).toMatchObject({ args: [value] });
  });

  it('without an error and without a result say nil and null apart from nothing', () => {
    expect(messagePackProtocol.encode({ type: 7 })).toEqual(bytes('03 92 07 c0'));
    expect(messagePackProtocol.encode({ type: 3, invocationId: '1', result: null })).toEqual(
      bytes('07 95 03 80 a1 31 03 c0'),
    );
  });
});
