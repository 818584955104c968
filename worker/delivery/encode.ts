/** Turns what tabs are told into a form that can be posted, once for all tabs that are told the same. */
import type { WireError } from '../../src/contract/errors.js';
import { EntryKind, type Entry, type HubStatus } from '../../src/contract/frames.js';
import type { TopicMatch } from '../../src/contract/topics.js';
import { isJsonExact } from './json-exact.js';
import { toJson } from './raw-text.js';
import { ownBytes, sizeOf } from './value-size.js';
import type { Encoded } from './outbox.js';

/**
 * `text`: the hub speaks JSON. `values`: it speaks MessagePack, so there may be bytes and dates, which JSON cannot hold. What JSON can
 * hold goes as text there too: to write and read it costs half of cloning it for each of ten tabs, and no more for one.
 */
export type Format = 'text' | 'values';

export interface Encoder {
  /** @param topics - The members of topics that it belongs to; `undefined`: none. */
  event(hub: number, method: string, args: readonly unknown[], topics?: readonly TopicMatch[]): Encoded;
  item(hub: number, callId: string, item: unknown): Encoded;
  retained(hub: number, topic: string, key: string, args: readonly unknown[], atMs: number): Encoded;
}

export function encoderFor(format: Format): Encoder {
  return format === 'text'
    ? { event: encodeEvent, item: encodeItem, retained: encodeRetained }
    : { event: eventValue, item: itemValue, retained: retainedValue };
}

export function encodeHub(
  hub: number,
  url: string,
  attachment: number,
  opening: number,
): Encoded & { readonly text: string } {
  return { kind: 'hub', hub, text: JSON.stringify([EntryKind.hub, hub, url, attachment, opening]) };
}

export function encodeEvent(
  hub: number,
  method: string,
  args: readonly unknown[],
  topics?: readonly TopicMatch[],
): Encoded & { readonly text: string } {
  const end = topics === undefined ? ']' : `,${JSON.stringify(topics)}]`;
  return { kind: 'event', hub, text: `[${EntryKind.event},${hub},${JSON.stringify(method)},${toJson(args)}${end}` };
}

export function encodeRetained(
  hub: number,
  topic: string,
  key: string,
  args: readonly unknown[],
  atMs: number,
): Encoded & { readonly text: string } {
  const start = JSON.stringify([EntryKind.retained, hub, topic, key]).slice(0, -1);
  return { kind: 'retained', hub, text: `${start},${toJson(args)},${atMs}]` };
}

export function encodeRefused(
  hub: number,
  topic: string,
  key: string,
  error: WireError,
): Encoded & { readonly text: string } {
  return { kind: 'refused', hub, text: JSON.stringify([EntryKind.refused, hub, topic, key, error]) };
}

export function encodeStatus(hub: number, status: HubStatus): Encoded & { readonly text: string } {
  return { kind: 'status', hub, text: JSON.stringify([EntryKind.status, hub, status]) };
}

export function encodeItem(hub: number, callId: string, item: unknown): Encoded & { readonly text: string } {
  return { kind: 'item', hub, text: `[${EntryKind.item},${hub},${JSON.stringify(callId)},${toJson(item)}]` };
}

export function encodeEnd(hub: number, callId: string, error: WireError | null): Encoded & { readonly text: string } {
  return { kind: 'end', hub, text: JSON.stringify([EntryKind.end, hub, callId, error]) };
}

export function encodeLog(hub: number, level: number, text: string): Encoded & { readonly text: string } {
  return { kind: 'log', hub, text: JSON.stringify([EntryKind.log, hub, level, text]) };
}

function eventValue(hub: number, method: string, args: readonly unknown[], topics?: readonly TopicMatch[]): Encoded {
  const text = asText(args, () => encodeEvent(hub, method, args, topics));
  if (text !== null) return text;
  const own = args.map(ownBytes);
  const entry = [EntryKind.event, hub, method, own] as const;
  return asValue('event', hub, topics === undefined ? entry : [...entry, topics]);
}

function retainedValue(hub: number, topic: string, key: string, args: readonly unknown[], atMs: number): Encoded {
  return (
    asText(args, () => encodeRetained(hub, topic, key, args, atMs)) ??
    asValue('retained', hub, [EntryKind.retained, hub, topic, key, args.map(ownBytes), atMs])
  );
}

function itemValue(hub: number, callId: string, item: unknown): Encoded {
  return (
    asText(item, () => encodeItem(hub, callId, item)) ??
    asValue('item', hub, [EntryKind.item, hub, callId, ownBytes(item)])
  );
}

/** @returns `null`: the tab would get something else than the hub sent. */
function asText(payload: unknown, encode: () => Encoded): Encoded | null {
  if (!isJsonExact(payload)) return null;
  try {
    return encode();
  } catch (error) {
    // It is nested deeper than can be written, though not deeper than can be cloned.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function asValue(kind: 'event' | 'item' | 'retained', hub: number, entry: Entry): Encoded {
  return { kind, hub, entry, size: sizeOf(entry) };
}
