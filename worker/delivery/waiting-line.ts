/** What waits for one tab, in order, and what happens when it grows too long: events are dropped, streams are refused, statuses conflated. */
import type { Encoded, OutboxLimits } from './outbox.js';

/** So many events of one hub were dropped here. */
export interface Gap {
  readonly kind: 'gap';
  readonly hub: number;
  readonly dropped: number;
}

export interface Slot {
  readonly number: number;
  readonly entry: Encoded | Gap;
}

export interface WaitingLine {
  /** Entries and gaps. */
  readonly waiting: number;
  /** Characters of all entries. */
  readonly chars: number;
  /** Events that were dropped so far. */
  readonly dropped: number;
  /** @returns `false`: an item of a stream for which there is no room; the line is as it was. */
  push(entry: Encoded, number: number): boolean;
  first(): Slot | undefined;
  /** Takes away what `first` gave. */
  shift(): void;
  /** Takes away all that waits of one hub, or of all hubs, but their names. */
  wipe(hub?: number): void;
}

/** Statuses that wait before only the newest of each hub is kept: a parked tab need not hear of every attempt of a night. */
const MAX_STATUSES = 256;

/** An entry that was taken away in the middle stays as a place without entry until the line is tidied. */
interface Place {
  readonly number: number;
  entry: Encoded | Gap | null;
}

/** Entries of one kind, and the characters in them. */
interface Load {
  count: number;
  chars: number;
}

export function createWaitingLine(limits: OutboxLimits): WaitingLine {
  let places: Place[] = [];
  let head = 0;
  /** No event waits before this place: what is to be dropped next is looked for from here. */
  let cursor = 0;
  /** Places from `head` on without an entry. */
  let empty = 0;
  const events: Load = { count: 0, chars: 0 };
  const items: Load = { count: 0, chars: 0 };
  const others: Load = { count: 0, chars: 0 };
  let dropped = 0;
  /** One gap a hub, in the place of its newest dropped event: a tab that never reads must not gather gaps either. */
  const gaps = new Map<number, Place>();
  /** The newest status of each hub among those before the cursor. */
  const passed = new Map<number, Place>();
  let statuses = 0;

  /** Only events, and lines of the log, may be dropped, and only they count towards the bound that drops them. */
  function loadOf(entry: Encoded): Load {
    return isDroppable(entry) ? events : entry.kind === 'item' ? items : others;
  }

  function count(entry: Encoded, sign: 1 | -1): void {
    const load = loadOf(entry);
    load.count += sign;
    load.chars += sign * charsOf(entry);
    if (entry.kind === 'status') statuses += sign;
  }

  /** Nothing to do for one that is empty: `gaps` and `passed` may still know it. */
  function clear(place: Place): void {
    if (place.entry === null) return;
    if (place.entry.kind !== 'gap') count(place.entry, -1);
    place.entry = null;
    empty += 1;
  }

  function hasRoomFor(entry: Encoded): boolean {
    // One that is larger than all that may wait passes when it is the only one.
    return (
      items.count === 0 ||
      (items.count < limits.maxStreamItems && items.chars + charsOf(entry) <= limits.maxStreamChars)
    );
  }

  function makeRoom(): void {
    const before = dropped + empty;
    while (events.count > 1 && (events.count > limits.maxQueuedEntries || events.chars > limits.maxQueuedChars)) {
      drop(toNextEvent());
    }
    if (statuses > MAX_STATUSES) keepNewestStatuses();
    if (dropped + empty > before) {
      // A status that would be followed by a newer one before any event is of no use to anybody.
      toNextEvent();
      tidy();
    }
  }

  /** Moves the cursor to the oldest entry that may be dropped. */
  function toNextEvent(): Place | undefined {
    for (; cursor < places.length; cursor += 1) {
      const place = places[cursor] as Place;
      if (place.entry === null || place.entry.kind === 'gap') continue;
      if (isDroppable(place.entry)) return place;
      if (place.entry.kind !== 'status') continue;
      const older = passed.get(place.entry.hub);
      if (older !== undefined) clear(older);
      passed.set(place.entry.hub, place);
    }
    return undefined;
  }

  function drop(place: Place | undefined): void {
    if (place === undefined || place.entry === null || place.entry.kind === 'gap') return;
    const { kind, hub } = place.entry;
    if (kind === 'log') return clear(place);
    count(place.entry, -1);
    dropped += 1;
    const before = gaps.get(hub);
    let more = 0;
    if (before?.entry?.kind === 'gap') {
      more = before.entry.dropped;
      clear(before);
    }
    place.entry = { kind: 'gap', hub, dropped: more + 1 };
    gaps.set(hub, place);
  }

  function keepNewestStatuses(): void {
    const seen = new Set<number>();
    for (let at = places.length - 1; at >= head; at -= 1) {
      const place = places[at] as Place;
      if (place.entry?.kind !== 'status') continue;
      const { hub } = place.entry;
      if (seen.has(hub)) clear(place);
      seen.add(hub);
    }
  }

  /** Frees what was read or emptied, in steps, so that a push stays cheap. */
  function tidy(): void {
    if (head === places.length) {
      places = [];
      head = cursor = 0;
    } else if (head + empty > 1024 && (head + empty) * 2 > places.length) {
      keepOnly(() => true);
    }
  }

  function keepOnly(stays: (entry: Encoded | Gap) => boolean): void {
    const kept: Place[] = [];
    let passing = 0;
    for (let at = head; at < places.length; at += 1) {
      const place = places[at] as Place;
      if (place.entry === null) continue;
      if (!stays(place.entry)) {
        clear(place);
        continue;
      }
      if (at < cursor) passing += 1;
      kept.push(place);
    }
    places = kept;
    head = empty = 0;
    cursor = passing;
  }

  function skipEmpty(): void {
    while (head < places.length && (places[head] as Place).entry === null) {
      head += 1;
      empty -= 1;
    }
    if (cursor < head) cursor = head;
  }

  return {
    get waiting() {
      return places.length - head - empty;
    },
    get chars() {
      return events.chars + items.chars + others.chars;
    },
    get dropped() {
      return dropped;
    },
    push(entry, number) {
      if (entry.kind === 'item' && !hasRoomFor(entry)) return false;
      places.push({ number, entry });
      count(entry, 1);
      makeRoom();
      return true;
    },
    first() {
      skipEmpty();
      return places[head] as Slot | undefined;
    },
    shift() {
      skipEmpty();
      const place = places[head];
      if (place === undefined || place.entry === null) return;
      head += 1;
      if (cursor < head) cursor = head;
      if (place.entry.kind === 'gap') gaps.delete(place.entry.hub);
      else count(place.entry, -1);
      if (place.entry.kind === 'status' && passed.get(place.entry.hub) === place) passed.delete(place.entry.hub);
      tidy();
    },
    wipe(hub) {
      // The hub's name stays: later entries need it, and it belongs to nobody.
      keepOnly((entry) => entry.kind === 'hub' || (hub !== undefined && entry.hub !== hub));
    },
  };
}

function isDroppable(entry: Encoded): boolean {
  return entry.kind === 'event' || entry.kind === 'log';
}

function charsOf(entry: Encoded): number {
  return entry.text === undefined ? entry.size : entry.text.length;
}
