/**
 * Keeps the text of the payloads in a frame of the JSON protocol: of the arguments of an event, and of an item of a stream. Only where
 * a message is written as hubs write it, and it is certain which piece of the text the payload is; all others are left alone.
 */
import { MessageType, type HubMessage } from '@microsoft/signalr';
import { keepRawText } from '../../delivery/raw-text.js';

const SEPARATOR = '\u001e';

/** Rides behind the arguments through SignalR, which calls handlers with each argument, not with the array. */
class ArgumentsText {
  constructor(readonly text: string) {}
}

/** @param messages - What SignalR's protocol has read from the frame. The arguments of events are given their text as one more argument. */
export function keepRawPayloads(frame: string, messages: readonly HubMessage[]): void {
  const ends = endsOf(frame);
  // SignalR leaves out messages of types that it does not know: then which text belongs to which is not certain.
  if (ends.length !== messages.length) return;
  messages.forEach((message, index) => {
    const start = index === 0 ? 0 : (ends[index - 1] as number) + 1;
    const text = payloadOf(frame, start, ends[index] as number, message);
    if (text === null) return;
    const own = ends.length === 1 ? text : freed(text);
    if (message.type === MessageType.StreamItem) keepRawText(message.item as object, own);
    else if (message.type === MessageType.Invocation) message.arguments.push(new ArgumentsText(own));
  });
}

/** @returns The arguments that the hub sent, which know their text now; `null`: no text was kept. */
export function takeArgumentsText(args: readonly unknown[]): unknown[] | null {
  const last = args.at(-1);
  if (!(last instanceof ArgumentsText)) return null;
  const own = args.slice(0, -1);
  keepRawText(own, last.text);
  return own;
}

function endsOf(frame: string): number[] {
  const ends: number[] = [];
  for (let end = frame.indexOf(SEPARATOR); end !== -1; end = frame.indexOf(SEPARATOR, end + 1)) ends.push(end);
  return ends;
}

interface Shape {
  /** How such a message begins, up to its first text. */
  readonly opening: string;
  /** What follows that text. */
  readonly middle: string;
  /** The end of the payload's name, and of no other name that such a message has. */
  readonly nameEnd: string;
}

const EVENT: Shape = { opening: '{"type":1,"target":"', middle: '","arguments":', nameEnd: 'guments"' };
const ITEM: Shape = { opening: '{"type":2,"invocationId":"', middle: '","item":', nameEnd: 'item"' };
const CLOSING_BRACKET = ']'.charCodeAt(0);
const CLOSING_BRACE = '}'.charCodeAt(0);

function shapeOf(message: HubMessage): Shape | null {
  if (message.type === MessageType.StreamItem) return ITEM;
  // SignalR does not look whether the arguments are a list.
  return message.type === MessageType.Invocation && Array.isArray(message.arguments) ? EVENT : null;
}

/** @returns The text of an array or an object that is the last member of the message; `null`: it is not certain that there is one. */
function payloadOf(frame: string, start: number, end: number, message: HubMessage): string | null {
  const shape = shapeOf(message);
  if (shape === null) return null;
  const { opening, middle, nameEnd } = shape;
  if (!frame.startsWith(opening, start)) return null;
  const at = frame.indexOf('"', start + opening.length);
  if (!frame.startsWith(middle, at)) return null;
  // These three and no other: SignalR has seen that the others are a number and a text, so what ends like this is the payload.
  if (Object.keys(message).length !== 3) return null;
  const last = frame.charCodeAt(end - 2);
  if ((last !== CLOSING_BRACKET && last !== CLOSING_BRACE) || frame.charCodeAt(end - 1) !== CLOSING_BRACE) return null;
  const text = frame.slice(at + middle.length, end - 1);
  // A second member of the same name would win, however it is written. Within the payload the name would do no harm; it is rare.
  if (text.includes(nameEnd) || text.includes('\\u006') || text.includes('\\u007')) return null;
  return text;
}

/** A piece of a text keeps all of the text in memory. One that is put together and then looked into is a text of its own. */
function freed(text: string): string {
  const own = ` ${text}`;
  own.charCodeAt(0);
  return own;
}
