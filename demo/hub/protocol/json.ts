/** The hub protocol in JSON: one object per message, as text records. */
import type { HubProtocol } from './hub-protocol.js';
import { MessageType, type ClientMessage, type Outcome } from './messages.js';
import { ProtocolError } from './protocol-error.js';
import { cutTextRecord, RECORD_SEPARATOR } from './text-records.js';

export const jsonProtocol: HubProtocol = {
  name: 'json',
  transferFormat: 'Text',
  cut: cutTextRecord,
  decode: (body) => decode(body.toString('utf8')),
  encode: (message) => JSON.stringify(message) + RECORD_SEPARATOR,
};

interface Raw {
  readonly type?: unknown;
  readonly invocationId?: unknown;
  readonly target?: unknown;
  readonly arguments?: unknown;
  readonly streamIds?: unknown;
  readonly item?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

function decode(text: string): ClientMessage {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new ProtocolError('A message is not JSON.');
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new ProtocolError('A message is no object.');
  const message = raw as Raw;
  switch (message.type) {
    case MessageType.invocation:
      return { type: 1, ...callOf(message), invocationId: optionalId(message) };
    case MessageType.streamItem:
      // What `undefined` becomes in JSON. ASP.NET Core closes the connection then, and so does this hub.
      if (message.item === undefined) throw new ProtocolError("Missing required property 'item'.");
      return { type: 2, invocationId: idOf(message), item: message.item };
    case MessageType.completion:
      return { type: 3, invocationId: idOf(message), outcome: outcomeOf(message) };
    case MessageType.streamInvocation:
      return { type: 4, ...callOf(message), invocationId: idOf(message) };
    case MessageType.cancelInvocation:
      return { type: 5, invocationId: idOf(message) };
    case MessageType.ping:
      return { type: 6 };
    case MessageType.close:
      return { type: 7 };
    default:
      if (typeof message.type !== 'number') throw new ProtocolError("Missing required property 'type'.");
      return { type: 'other' };
  }
}

function callOf(message: Raw): { target: string; args: readonly unknown[]; streamIds: readonly string[] } {
  if (typeof message.target !== 'string') throw new ProtocolError("Missing required property 'target'.");
  if (!Array.isArray(message.arguments)) throw new ProtocolError("Missing required property 'arguments'.");
  const streamIds: unknown = message.streamIds ?? [];
  if (!Array.isArray(streamIds) || !streamIds.every((id) => typeof id === 'string')) {
    throw new ProtocolError("Expected 'streamIds' to be of type Array.");
  }
  return { target: message.target, args: message.arguments as unknown[], streamIds };
}

function outcomeOf({ error, result }: Raw): Outcome {
  if (error === undefined || error === null) {
    return result === undefined ? { kind: 'void' } : { kind: 'result', value: result };
  }
  if (typeof error !== 'string') throw new ProtocolError("Expected 'error' to be of type String.");
  if (result !== undefined) throw new ProtocolError("The 'error' and 'result' properties are mutually exclusive.");
  return { kind: 'error', message: error };
}

function optionalId(message: Raw): string | null {
  return message.invocationId === undefined || message.invocationId === '' ? null : idOf(message);
}

function idOf(message: Raw): string {
  if (typeof message.invocationId !== 'string') throw new ProtocolError("Missing required property 'invocationId'.");
  return message.invocationId;
}
