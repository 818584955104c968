/**
 * The messages of the SignalR hub protocol in JSON. The client package's own parser cannot be used on a server: it
 * drops stream invocations and cancellations.
 *
 * @see {@link https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md}
 */
import { ProtocolError, RECORD_SEPARATOR } from './framing.js';

export const MessageType = {
  invocation: 1,
  streamItem: 2,
  completion: 3,
  streamInvocation: 4,
  cancelInvocation: 5,
  ping: 6,
  close: 7,
} as const;

export interface Invocation {
  readonly type: 1;
  /** `null`: the client wants no completion. */
  readonly invocationId: string | null;
  readonly target: string;
  readonly args: readonly unknown[];
  /** How many of the arguments are streams that the client will send. */
  readonly streams: number;
}

export interface StreamInvocation {
  readonly type: 4;
  readonly invocationId: string;
  readonly target: string;
  readonly args: readonly unknown[];
  readonly streams: number;
}

export interface CancelInvocation {
  readonly type: 5;
  readonly invocationId: string;
}

/** What a client may send. `other` is what this hub has no use for: stream items, client results, newer types. */
export type ClientMessage =
  | Invocation
  | StreamInvocation
  | CancelInvocation
  | { readonly type: 6 }
  | { readonly type: 7 }
  | { readonly type: 'other' };

export type ServerMessage =
  | { readonly type: 1; readonly target: string; readonly arguments: readonly unknown[] }
  | { readonly type: 2; readonly invocationId: string; readonly item: unknown }
  | { readonly type: 3; readonly invocationId: string; readonly result?: unknown }
  | { readonly type: 3; readonly invocationId: string; readonly error: string }
  | { readonly type: 6 }
  | { readonly type: 7; readonly error?: string; readonly allowReconnect?: boolean };

export function encode(message: ServerMessage): string {
  return JSON.stringify(message) + RECORD_SEPARATOR;
}

interface Raw {
  readonly type?: unknown;
  readonly invocationId?: unknown;
  readonly target?: unknown;
  readonly arguments?: unknown;
  readonly streamIds?: unknown;
}

/** @throws {ProtocolError} The text is no hub message. */
export function decode(text: string): ClientMessage {
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

function callOf(message: Raw): { target: string; args: readonly unknown[]; streams: number } {
  if (typeof message.target !== 'string') throw new ProtocolError("Missing required property 'target'.");
  if (!Array.isArray(message.arguments)) throw new ProtocolError("Missing required property 'arguments'.");
  const streams = message.streamIds ?? [];
  if (!Array.isArray(streams)) throw new ProtocolError("Expected 'streamIds' to be of type Array.");
  return { target: message.target, args: message.arguments as unknown[], streams: streams.length };
}

function optionalId(message: Raw): string | null {
  return message.invocationId === undefined || message.invocationId === null || message.invocationId === ''
    ? null
    : idOf(message);
}

function idOf(message: Raw): string {
  if (typeof message.invocationId !== 'string') throw new ProtocolError("Missing required property 'invocationId'.");
  return message.invocationId;
}
