/**
 * Lays out streams among the arguments of a call so that SignalR finds each of them: 10.0.11 looks for streams in a loop that
 * skips the argument after one that it has found, so of two that are next to each other the second would be sent as a plain value.
 * The hub pairs the streams with its parameters by their order alone, so they may stand before all other arguments.
 */
import { MessageType, type HubMessage } from '@microsoft/signalr';
import type { UploadSource } from '../hub-socket.js';

/** Stands between two streams, and is taken out again before the message is written. */
const SPACER = Symbol('between two streams');

/** @returns The arguments for SignalR's `invoke`, `send` or `stream`. */
export function withUploads(args: readonly unknown[], uploads: readonly UploadSource[] | undefined): unknown[] {
  return [...(uploads ?? []).flatMap((upload, index) => (index === 0 ? [upload] : [SPACER, upload])), ...args];
}

export function withoutSpacers(message: HubMessage): HubMessage {
  switch (message.type) {
    case MessageType.Invocation:
    case MessageType.StreamInvocation:
      return message.arguments.includes(SPACER)
        ? { ...message, arguments: message.arguments.filter((argument) => argument !== SPACER) }
        : message;
    default:
      return message;
  }
}
