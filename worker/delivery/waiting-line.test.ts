import { expect, it } from 'vitest';
import type { Encoded, OutboxLimits } from './outbox.js';
import { createWaitingLine } from './waiting-line.js';

/** Mulberry32: the same walk for the same seed, on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Waiting {
  readonly number: number;
  readonly kind: Encoded['kind'] | 'gap';
  readonly hub: number;
  readonly key: string | undefined;
  readonly chars: number;
  readonly dropped: number;
}

/** The same promises, kept by looking through a plain list. Statuses stay: which of them the line leaves out is checked apart. */
class Model {
  list: Waiting[] = [];
  dropped = 0;
  conflated = 0;
  #newestOnly = false;
  #conflates = false;

  constructor(readonly limits: OutboxLimits) {}

  push(entry: Waiting): void {
    if (this.#newestOnly) this.#conflates = true;
    this.list.push(entry);
    this.#conflate();
    while (this.#isTooLong()) {
      this.#conflates = true;
      this.#conflate();
      if (this.#isTooLong()) this.#drop();
    }
  }

  hasRoomFor(chars: number): boolean {
    const items = this.list.filter(({ kind }) => kind === 'item');
    return (
      items.length === 0 ||
      (items.length < this.limits.maxStreamItems && charsOf(items) + chars <= this.limits.maxStreamChars)
    );
  }

  keepNewestOnly(isWanted: boolean): void {
    this.#newestOnly = isWanted;
    this.#conflates ||= isWanted;
    this.#conflate();
    this.afterTaking();
  }

  wipe(hub: number | undefined): void {
    this.list = this.list.filter((entry) => entry.kind === 'hub' || (hub !== undefined && entry.hub !== hub));
    this.afterTaking();
  }

  takeGaps(): Map<number, number> {
    const gaps = this.list.filter(({ kind }) => kind === 'gap');
    this.list = this.list.filter(({ kind }) => kind !== 'gap');
    this.afterTaking();
    return new Map(gaps.map(({ hub, dropped }) => [hub, dropped]));
  }

  afterTaking(): void {
    if (this.list.length === 0) this.#conflates = false;
  }

  #droppable(): Waiting[] {
    return this.list.filter(({ kind }) => kind === 'event' || kind === 'log');
  }

  #isTooLong(): boolean {
    const droppable = this.#droppable();
    return (
      droppable.length > 1 &&
      (droppable.length > this.limits.maxQueuedEntries || charsOf(droppable) > this.limits.maxQueuedChars)
    );
  }

  #conflate(): void {
    if (!this.#conflates) return;
    const kept = this.list.filter(
      ({ number, kind, hub, key }) =>
        kind !== 'event' ||
        key === undefined ||
        !this.list.some(
          (other) => other.kind === 'event' && other.hub === hub && other.key === key && other.number > number,
        ),
    );
    this.conflated += this.list.length - kept.length;
    this.list = kept;
  }

  #drop(): void {
    const droppable = this.#droppable();
    const victim = droppable.find(({ key }) => key === undefined) ?? droppable[0]!;
    const gap = this.list.find(({ kind, hub }) => kind === 'gap' && hub === victim.hub);
    this.list = this.list.filter((entry) => entry !== victim && (victim.kind === 'log' || entry !== gap));
    if (victim.kind === 'log') return;
    this.dropped += 1;
    const number = Math.min(victim.number, gap?.number ?? Infinity);
    this.list.push({ ...victim, kind: 'gap', number, key: undefined, chars: 0, dropped: 1 + (gap?.dropped ?? 0) });
    this.list.sort((one, other) => one.number - other.number);
  }
}

const charsOf = (entries: readonly Waiting[]): number => entries.reduce((sum, { chars }) => sum + chars, 0);

/** One walk of random pushes of all kinds, with keys and without, takings, wipes and parking. Returns what is wrong, or null. */
function walk(seed: number): string | null {
  const random = randomOf(seed);
  const upTo = (most: number): number => Math.floor(random() * most) + 1;
  const limits: OutboxLimits = {
    window: 1,
    maxBatchEntries: 1,
    maxBatchChars: 1,
    maxQueuedEntries: upTo(12),
    maxQueuedChars: 20 + upTo(200),
    maxStreamItems: upTo(10),
    maxStreamChars: 20 + upTo(200),
  };
  const line = createWaitingLine(limits);
  const model = new Model(limits);
  const keyed = random();
  let number = 0;

  function push(): string | null {
    const dice = random();
    const kind = dice < 0.7 ? 'event' : dice < 0.8 ? 'status' : dice < 0.9 ? 'item' : dice < 0.95 ? 'log' : 'hub';
    const key = kind === 'event' && random() < keyed ? `key ${upTo(4)}` : undefined;
    const entry: Encoded = { kind, hub: upTo(2), text: 'x'.repeat(upTo(30)) };
    const isTaken = kind !== 'item' || model.hasRoomFor(entry.text.length);
    if (line.push(entry, number + 1, key) !== isTaken) return `push says ${!isTaken}`;
    if (!isTaken) return null;
    number += 1;
    model.push({ number, kind, hub: entry.hub, key, chars: entry.text.length, dropped: 0 });
    return null;
  }

  function take(): string | null {
    const slot = line.first();
    line.shift();
    for (let next = model.list.shift(); next !== undefined; next = model.list.shift()) {
      model.afterTaking();
      if (slot === undefined) return `nothing was first, ${next.kind} ${next.number} was due`;
      if (slot.number === next.number) {
        const { entry } = slot;
        if (entry.kind !== next.kind || entry.hub !== next.hub) return `${entry.kind} came for ${next.kind}`;
        return entry.kind === 'gap' && entry.dropped !== next.dropped ? `a gap of ${entry.dropped}` : null;
      }
      const follower = model.list.find(({ kind, hub }) => kind === 'event' || (kind === 'status' && next.hub === hub));
      if (next.kind !== 'status' || follower?.kind !== 'status') return `${next.kind} ${next.number} is missing`;
    }
    return slot === undefined ? null : `${slot.entry.kind} ${slot.number} came twice, or back`;
  }

  for (let move = 0; move < 120; move += 1) {
    const dice = random();
    let wrong: string | null = null;
    if (dice < 0.75) wrong = push();
    else if (dice < 0.9) wrong = take();
    else if (dice < 0.96) {
      const isWanted = random() < 0.5;
      line.keepNewestOnly(isWanted);
      model.keepNewestOnly(isWanted);
    } else if (dice < 0.98) {
      const hub = random() < 0.7 ? upTo(2) : undefined;
      line.wipe(hub);
      model.wipe(hub);
    } else {
      const [taken, expected] = [line.takeGaps(), model.takeGaps()];
      if (JSON.stringify([...taken].sort()) !== JSON.stringify([...expected].sort())) wrong = 'other gaps';
    }
    if (wrong !== null) return `move ${move}: ${wrong}`;
    if (line.dropped !== model.dropped) return `move ${move}: ${line.dropped} dropped, not ${model.dropped}`;
    if (line.conflated !== model.conflated) return `move ${move}: ${line.conflated} conflated, not ${model.conflated}`;
  }
  while (line.waiting > 0 || model.list.length > 0) {
    const wrong = take();
    if (wrong !== null) return `at the end: ${wrong}`;
  }
  return line.chars === 0 && line.first() === undefined ? null : 'something still waits';
}

it('keeps, conflates, drops and gives back what a plain list would (500 random walks)', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const wrong = walk(seed);
    if (wrong !== null) expect.fail(`seed ${seed}: ${wrong}`);
  }
});
