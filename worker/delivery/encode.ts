/** Turns what tabs are told into a form that can be posted, once for all tabs that are told the same. */
import type { WireError } from '../../src/contract/errors.js';
import { EntryKind, type Entry, type HubStatus } from '../../src/contract/frames.js';
import { ownBytes, sizeOf } from './value-size.js';
import type { Encoded } from './outbox.js';

/** `text`: the hub speaks JSON. `values`: it speaks MessagePack, so there may be bytes and dates, which JSON cannot hold. */
export type Format = 'text' | 'values';

export interface Encoder {
  event(hub: number, method: string, args: readonly unknown[]): Encoded;
  item(hub: number, callId: string, item: unknown): Encoded;
}

export function encoderFor(format: Format): Encoder {
  return format === 'text' ? { event: encodeEvent, item: encodeItem } : { event: eventValue, item: itemValue };
}

export function encodeHub(hub: number, url: string): Encoded & { readonly text: string } {
  return { kind: 'hub', hub, text: JSON.stringify([EntryKind.hub, hub, url]) };
}

export function encodeEvent(
  hub: number,
  method: string,
  args: readonly unknown[],
): Encoded & { readonly text: string } {
  return { kind: 'event', hub, text: JSON.stringify([EntryKind.event, hub, method, args]) };
}

export function encodeStatus(hub: number, status: HubStatus): Encoded & { readonly text: string } {
  return { kind: 'status', hub, text: JSON.stringify([EntryKind.status, hub, status]) };
}

export function encodeItem(hub: number, callId: string, item: unknown): Encoded & { readonly text: string } {
  return { kind: 'item', hub, text: JSON.stringify([EntryKind.item, hub, callId, item]) };
}

export function encodeEnd(hub: number, callId: string, error: WireError | null): Encoded & { readonly text: string } {
  return { kind: 'end', hub, text: JSON.stringify([EntryKind.end, hub, callId, error]) };
}

export function encodeLog(hub: number, level: number, text: string): Encoded & { readonly text: string } {
  return { kind: 'log', hub, text: JSON.stringify([EntryKind.log, hub, level, text]) };
}

function eventValue(hub: number, method: string, args: readonly unknown[]): Encoded {
  return value('event', hub, [EntryKind.event, hub, method, args.map(ownBytes)]);
}

function itemValue(hub: number, callId: string, item: unknown): Encoded {
  return value('item', hub, [EntryKind.item, hub, callId, ownBytes(item)]);
}

function value(kind: 'event' | 'item', hub: number, entry: Entry): Encoded {
  return { kind, hub, entry, size: sizeOf(entry) };
}
