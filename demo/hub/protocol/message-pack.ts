/** The hub protocol in MessagePack: one array per message, behind its length. */
import { Decoder, Encoder } from '@msgpack/msgpack';
import type { HubProtocol } from './hub-protocol.js';
import { cutLengthPrefixed, withLengthPrefix } from './length-prefix.js';
import { MessageType, type ClientMessage, type Outcome, type ServerMessage } from './messages.js';
import { ProtocolError } from './protocol-error.js';

/** Says in a completion what its last field is. */
const ResultKind = { error: 1, void: 2, nonVoid: 3 } as const;
const NO_HEADERS = {};
const NO_STREAMS: readonly string[] = [];

const encoder = new Encoder();
const decoder = new Decoder();

export const messagePackProtocol: HubProtocol = {
  name: 'messagepack',
  transferFormat: 'Binary',
  cut: cutLengthPrefixed,
  decode,
  // A view of the encoder's buffer will do: the prefix is put before a copy.
  encode: (message) => withLengthPrefix(encoder.encodeSharedRef(fieldsOf(message))),
};

function fieldsOf(message: ServerMessage): readonly unknown[] {
  switch (message.type) {
    case 1:
      return [1, NO_HEADERS, message.invocationId ?? null, message.target, message.arguments, NO_STREAMS];
    case 2:
      return [2, NO_HEADERS, message.invocationId, message.item];
    case 3: {
      const head = [3, NO_HEADERS, message.invocationId] as const;
      if ('error' in message) return [...head, ResultKind.error, message.error];
      return message.result === undefined ? [...head, ResultKind.void] : [...head, ResultKind.nonVoid, message.result];
    }
    case 6:
      return [6];
    case 7: {
      const error = message.error ?? null;
      return message.allowReconnect === true ? [7, error, true] : [7, error];
    }
  }
}

function decode(body: Buffer): ClientMessage {
  let fields: unknown;
  try {
    // As plain bytes: a part of a Buffer would be a Buffer, which other code takes for something else.
    fields = decoder.decode(new Uint8Array(body.buffer, body.byteOffset, body.length));
  } catch {
    throw new ProtocolError('A message is not MessagePack.');
  }
  if (!Array.isArray(fields)) throw new ProtocolError('A message is no array.');
  // The headers, second in all but the short messages, mean nothing to this hub. A longer array is a newer client's.
  const [type, , id] = fields as readonly unknown[];
  switch (type) {
    case MessageType.invocation:
      return { type: 1, ...callOf(fields), invocationId: id === null || id === '' ? null : idOf(id) };
    case MessageType.streamItem:
      if (fields.length < 4) throw new ProtocolError("Reading 'item' as Array element failed.");
      return { type: 2, invocationId: idOf(id), item: fields[3] as unknown };
    case MessageType.completion:
      return { type: 3, invocationId: idOf(id), outcome: outcomeOf(fields) };
    case MessageType.streamInvocation:
      return { type: 4, ...callOf(fields), invocationId: idOf(id) };
    case MessageType.cancelInvocation:
      return { type: 5, invocationId: idOf(id) };
    case MessageType.ping:
      return { type: 6 };
    case MessageType.close:
      return { type: 7 };
    default:
      if (typeof type !== 'number') throw new ProtocolError("Reading 'messageType' as Int32 failed.");
      return { type: 'other' };
  }
}

function callOf(fields: readonly unknown[]): {
  target: string;
  args: readonly unknown[];
  streamIds: readonly string[];
} {
  // Clients that are older than uploads send no stream ids.
  const [, , , target, args, streamIds = NO_STREAMS] = fields;
  if (typeof target !== 'string') throw new ProtocolError("Reading 'target' as String failed.");
  if (!Array.isArray(args)) throw new ProtocolError("Reading 'arguments' as Array failed.");
  if (streamIds === null) return { target, args: args as unknown[], streamIds: NO_STREAMS };
  if (!Array.isArray(streamIds) || !streamIds.every((id) => typeof id === 'string')) {
    throw new ProtocolError("Reading 'streamIds' as Array failed.");
  }
  return { target, args: args as unknown[], streamIds };
}

function outcomeOf(fields: readonly unknown[]): Outcome {
  const [, , , kind, last] = fields;
  switch (kind) {
    case ResultKind.void:
      return { kind: 'void' };
    case ResultKind.error:
      if (typeof last !== 'string') throw new ProtocolError("Reading 'error' as String failed.");
      return { kind: 'error', message: last };
    case ResultKind.nonVoid:
      if (fields.length < 5) throw new ProtocolError("Reading 'result' failed.");
      return { kind: 'result', value: last };
    default:
      throw new ProtocolError('Invalid invocation result kind.');
  }
}

function idOf(id: unknown): string {
  if (typeof id !== 'string') throw new ProtocolError("Reading 'invocationId' as String failed.");
  return id;
}
