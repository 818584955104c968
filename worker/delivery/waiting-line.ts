/**
 * What waits for one tab, in order, and what happens when it grows too long: values that a newer one of their key follows go, then
 * events are dropped, streams are refused, statuses conflated.
 */
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
  /** Events that were left out so far because a newer one of their key waited. */
  readonly conflated: number;
  /**
   * @param conflateKey - Of an event that is of no use once a newer one of the same hub and key waits.
   * @returns `false`: an item of a stream for which there is no room; the line is as it was.
   */
  push(entry: Encoded, number: number, conflateKey?: string): boolean;
  first(): Slot | undefined;
  /** Takes away what `first` gave. */
  shift(): void;
  /** Whether only the newest event of each key is kept from now on, also while there is room. */
  keepNewestOnly(isWanted: boolean): void;
  /** Takes away all that waits of one hub, or of all hubs, but their names. */
  wipe(hub?: number): void;
  /** Takes the gaps away. How many events each hub's stood for. */
  takeGaps(): ReadonlyMap<number, number>;
}

/** Statuses that wait before only the newest of each hub is kept: a parked tab need not hear of every attempt of a night. */
const MAX_STATUSES = 256;

/** Places are linked: any of them can be taken away at once, wherever it is. */
interface Place {
  readonly number: number;
  entry: Encoded | Gap;
  /** With the hub in it: topics of two hubs may have the same name. */
  readonly key: string | null;
  before: Place | null;
  after: Place | null;
}

/** Entries of one kind, and the characters in them. */
interface Load {
  count: number;
  chars: number;
}

/** @param onDropped - An event of the hub of that number was dropped. */
export function createWaitingLine(
  limits: OutboxLimits,
  onDropped: (hub: number) => void = () => undefined,
): WaitingLine {
  let head: Place | null = null;
  let tail: Place | null = null;
  let waiting = 0;
  /** What is to be dropped next is looked for from here: before it is no event without a key, and no line of the log. */
  let fromUnkeyed: Place | null = null;
  /** The same for events with a key. */
  let fromKeyed: Place | null = null;
  const events: Load = { count: 0, chars: 0 };
  const items: Load = { count: 0, chars: 0 };
  const others: Load = { count: 0, chars: 0 };
  let statuses = 0;
  let dropped = 0;
  let conflated = 0;
  let newestOnly = false;
  /** The newest event of each key, and no other waits: from when the line was too long until it is empty. */
  let newest: Map<string, Place> | null = null;
  /** One gap a hub, where the oldest of the events that it stands for was: the tab is told before it gets any later event. */
  const gaps = new Map<number, Place>();
  /** The newest status of each hub among those before `fromUnkeyed`, if no event that waits follows it there. */
  const passed = new Map<number, Place>();

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

  function append(place: Place): void {
    if (tail === null) head = place;
    else tail.after = place;
    tail = place;
    waiting += 1;
    fromUnkeyed ??= place;
    fromKeyed ??= place;
  }

  /** Whatever knows of the place forgets it. */
  function remove(place: Place): void {
    const { before, after, entry } = place;
    if (before === null) head = after;
    else before.after = after;
    if (after === null) tail = before;
    else after.before = before;
    waiting -= 1;
    if (fromUnkeyed === place) fromUnkeyed = after;
    if (fromKeyed === place) fromKeyed = after;
    // Or a place that has aged would keep those after it until it is collected itself, and they those after them.
    place.before = place.after = null;
    if (entry.kind === 'gap') gaps.delete(entry.hub);
    else forget(place, entry);
    if (waiting === 0) newest = null;
  }

  /** The entry no longer waits; its place may stay, for a gap. */
  function forget(place: Place, entry: Encoded): void {
    count(entry, -1);
    if (place.key !== null && newest?.get(place.key) === place) newest.delete(place.key);
    if (entry.kind === 'status' && passed.get(entry.hub) === place) passed.delete(entry.hub);
  }

  function hasRoomFor(entry: Encoded): boolean {
    // One that is larger than all that may wait passes when it is the only one.
    return (
      items.count === 0 ||
      (items.count < limits.maxStreamItems && items.chars + charsOf(entry) <= limits.maxStreamChars)
    );
  }

  const isTooLong = (): boolean =>
    (events.count > limits.maxQueuedEntries || events.chars > limits.maxQueuedChars) && events.count > 1;

  function makeRoom(): void {
    if (isTooLong()) {
      conflate();
      while (isTooLong()) drop(oldestUnkeyed() ?? oldestKeyed());
      // A status that would be followed by a newer one before any event is of no use to anybody.
      oldestUnkeyed();
    }
    if (statuses > MAX_STATUSES) keepNewestStatuses();
  }

  /** From here until the line is empty, only the newest event of each key waits. */
  function conflate(): void {
    if (newest !== null) return;
    newest = new Map();
    for (let place = head; place !== null; place = place.after) noteNewest(place, newest);
  }

  function noteNewest(place: Place, places: Map<string, Place>): void {
    if (place.key === null || place.entry.kind === 'gap') return;
    const older = places.get(place.key);
    if (older !== undefined) {
      conflated += 1;
      remove(older);
    }
    places.set(place.key, place);
  }

  function oldestUnkeyed(): Place | null {
    for (; fromUnkeyed !== null; fromUnkeyed = fromUnkeyed.after) {
      const { entry, key } = fromUnkeyed;
      if (entry.kind === 'gap') continue;
      if (isDroppable(entry)) {
        if (key === null) return fromUnkeyed;
        passed.clear();
      } else if (entry.kind === 'status') {
        const older = passed.get(entry.hub);
        if (older !== undefined) remove(older);
        passed.set(entry.hub, fromUnkeyed);
      }
    }
    return null;
  }

  function oldestKeyed(): Place | null {
    while (fromKeyed !== null && (fromKeyed.key === null || fromKeyed.entry.kind === 'gap'))
      fromKeyed = fromKeyed.after;
    return fromKeyed;
  }

  function drop(place: Place | null): void {
    if (place === null || place.entry.kind === 'gap') return;
    const { entry } = place;
    if (entry.kind === 'log') return remove(place);
    dropped += 1;
    onDropped(entry.hub);
    const gap = gaps.get(entry.hub);
    const before = gap?.entry.kind === 'gap' ? gap.entry.dropped : 0;
    const more: Gap = { kind: 'gap', hub: entry.hub, dropped: before + 1 };
    if (gap !== undefined && gap.number < place.number) {
      gap.entry = more;
      remove(place);
      return;
    }
    if (gap !== undefined) remove(gap);
    forget(place, entry);
    place.entry = more;
    gaps.set(entry.hub, place);
  }

  function keepNewestStatuses(): void {
    const seen = new Set<number>();
    let next: Place | null;
    for (let place = tail; place !== null; place = next) {
      const { entry } = place;
      next = place.before;
      if (entry.kind !== 'status') continue;
      if (seen.has(entry.hub)) remove(place);
      seen.add(entry.hub);
    }
  }

  return {
    get waiting() {
      return waiting;
    },
    get chars() {
      return events.chars + items.chars + others.chars;
    },
    get dropped() {
      return dropped;
    },
    get conflated() {
      return conflated;
    },
    push(entry, number, conflateKey) {
      if (entry.kind === 'item' && !hasRoomFor(entry)) return false;
      const key = conflateKey === undefined ? null : `${entry.hub}\0${conflateKey}`;
      if (newestOnly) conflate();
      const place: Place = { number, entry, key, before: tail, after: null };
      append(place);
      count(entry, 1);
      if (newest !== null) noteNewest(place, newest);
      makeRoom();
      return true;
    },
    first: () => head ?? undefined,
    shift() {
      if (head === null) return;
      remove(head);
    },
    keepNewestOnly(isWanted) {
      newestOnly = isWanted;
      if (isWanted) conflate();
      else if (waiting === 0) newest = null;
    },
    wipe(hub) {
      let next: Place | null;
      for (let place = head; place !== null; place = next) {
        const { entry } = place;
        next = place.after;
        // The hub's name stays: later entries need it, and it belongs to nobody.
        if (entry.kind !== 'hub' && (hub === undefined || entry.hub === hub)) remove(place);
      }
    },
    takeGaps() {
      const taken = new Map<number, number>();
      for (const [hub, place] of [...gaps]) {
        if (place.entry.kind === 'gap') taken.set(hub, place.entry.dropped);
        remove(place);
      }
      return taken;
    },
  };
}

function isDroppable(entry: Encoded): boolean {
  return entry.kind === 'event' || entry.kind === 'log';
}

export function charsOf(entry: Encoded): number {
  return entry.text === undefined ? entry.size : entry.text.length;
}
