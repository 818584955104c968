/** Tells a question of the hub from an event: SignalR calls the same handler for both and does not say which it is. */
import { MessageType, type HubMessage } from '@microsoft/signalr';
import { takeArgumentsText } from './raw-messages.js';

/** The last argument of a question. Made here and never sent, so no hub can forge it and no value is equal to it. */
const MARK = Symbol('the hub wants a result');

/** Marks each invocation that has an id: the hub waits for its result. */
export function markQuestion(message: HubMessage): HubMessage {
  if (message.type !== MessageType.Invocation || !message.invocationId) return message;
  const args: unknown = message.arguments ?? [];
  // SignalR cannot call handlers with what is no list, and tells the hub so.
  return Array.isArray(args) ? { ...message, arguments: [...(args as unknown[]), MARK] } : message;
}

/** What a handler was called with: the arguments as the hub sent them, and whether it wants a result. */
export function readCall(args: readonly unknown[]): { readonly args: unknown[]; readonly isQuestion: boolean } {
  const withText = takeArgumentsText(args);
  if (withText !== null) return { args: withText, isQuestion: false };
  return args.at(-1) === MARK ? { args: args.slice(0, -1), isQuestion: true } : { args: [...args], isQuestion: false };
}
