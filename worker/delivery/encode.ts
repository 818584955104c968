/** Turns what tabs are told into text, once for all tabs that are told the same. */
import { EntryKind, type HubStatus } from '../../src/contract/frames.js';
import type { Encoded } from './outbox.js';

export function encodeHub(hub: number, url: string): Encoded {
  return { kind: 'hub', hub, text: JSON.stringify([EntryKind.hub, hub, url]) };
}

export function encodeEvent(hub: number, method: string, args: readonly unknown[]): Encoded {
  return { kind: 'event', hub, text: JSON.stringify([EntryKind.event, hub, method, args]) };
}

export function encodeStatus(hub: number, status: HubStatus): Encoded {
  return { kind: 'status', hub, text: JSON.stringify([EntryKind.status, hub, status]) };
}
