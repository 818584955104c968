import { describe, expect, it } from 'vitest';
import { EntryKind, type Entry, type WorkerFrame } from '../../src/contract/frames.js';
import { createOutbox, DEFAULT_OUTBOX_LIMITS, type Encoded, type OutboxLimits } from './outbox.js';

type Batch = Extract<WorkerFrame, { kind: 'batch' | 'values' }>;

type Text = Encoded & { readonly text: string };

const event = (id: number, hub = 1, padding = ''): Text => ({
  kind: 'event',
  hub,
  text: JSON.stringify([1, hub, 'e', padding === '' ? [id] : [id, padding]]),
});
const status = (id: number, hub = 1): Encoded => ({ kind: 'status', hub, text: JSON.stringify([2, hub, id]) });
const item = (id: number, callId = 'i', hub = 1, padding = ''): Text => ({
  kind: 'item',
  hub,
  text: JSON.stringify([4, hub, callId, padding === '' ? id : [id, padding]]),
});
const log = (id: number, hub = 1): Text => ({ kind: 'log', hub, text: JSON.stringify([5, hub, 3, String(id)]) });
/** An event of a hub that speaks MessagePack. */
const valued = (id: number, hub = 1, size = 20): Encoded => ({
  kind: 'event',
  hub,
  entry: [EntryKind.event, hub, 'e', [id]],
  size,
});
const named = (hub = 1): Encoded => ({ kind: 'hub', hub, text: JSON.stringify([0, hub, `https://h.test/${hub}`]) });

function setUp(limits: Partial<OutboxLimits> = {}) {
  const batches: Batch[] = [];
  let scheduled: (() => unknown)[] = [];
  const outbox = createOutbox({
    limits: { ...DEFAULT_OUTBOX_LIMITS, ...limits },
    post: (frame) => {
      if (frame.kind === 'batch' || frame.kind === 'values') batches.push(frame);
    },
    schedule: (flush) => scheduled.push(flush),
  });
  return {
    outbox,
    batches,
    get scheduled() {
      return scheduled.length;
    },
    /** The end of the present task. */
    endTask() {
      const due = scheduled;
      scheduled = [];
      for (const flush of due) flush();
    },
    ackAll() {
      const last = batches.at(-1)?.last;
      if (last !== undefined) outbox.acknowledge(last, 7);
    },
    /** Lets everything out. */
    drain() {
      this.ackAll();
      while (scheduled.length > 0) {
        this.endTask();
        this.ackAll();
      }
    },
    /** What was posted, entry by entry: `e1`, `s2`, `h1`, `gap 3`; with the hub where it is not hub 1. */
    get posted() {
      return batches.flatMap(read);
    },
  };
}

const entriesOf = (batch: Batch): readonly Entry[] =>
  batch.kind === 'batch'
    ? (JSON.parse(batch.text) as Entry[])
    : batch.entries.map((entry) => (typeof entry === 'string' ? (JSON.parse(entry) as Entry) : entry));

function read(batch: Batch): string[] {
  return entriesOf(batch).map((entry) => {
    const at = entry[1] === 1 ? '' : `@${entry[1]}`;
    switch (entry[0]) {
      case 0:
        return `h${at}`;
      case 1:
        return `e${String(entry[3][0])}${at}`;
      case 2:
        return `s${JSON.stringify(entry[2])}${at}`;
      case 3:
        return `gap ${entry[2]}${at}`;
      case 4:
        return `${entry[2]}:${String(entry[3])}${at}`;
      case 5:
        return `log ${entry[3]}${at}`;
      case 6:
        return `end ${entry[2]}${at}`;
      case 7:
        return `retained ${entry[3]}${at}`;
      case 8:
        return `refused ${entry[3]}${at}`;
    }
  });
}

describe('at rest', () => {
  it('a batch holds one event and leaves at the end of the task', () => {
    const { outbox, batches, endTask } = setUp();
    outbox.push(event(1));
    expect(batches).toEqual([]);
    endTask();
    expect(batches).toEqual([{ kind: 'batch', last: 1, text: '[[1,1,"e",[1]]]' }]);
    expect(outbox.waiting).toBe(0);
    expect(outbox.waitingChars).toBe(0);
  });

  it('what is pushed in one task leaves in one batch', () => {
    const box = setUp();
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    expect(box.scheduled).toBe(1);
    box.endTask();
    expect(box.batches.map(read)).toEqual([['e1', 'e2', 'e3']]);
    expect(box.batches[0]?.last).toBe(3);
  });

  it('nothing is scheduled when nothing waits', () => {
    const box = setUp();
    box.outbox.acknowledge(1, 0);
    box.outbox.setParked(false);
    expect(box.scheduled).toBe(0);
  });
});

describe('under load', () => {
  it('batches grow while the tab has not acknowledged', () => {
    const box = setUp({ window: 1 });
    box.outbox.push(event(1));
    box.endTask();
    for (let id = 2; id <= 40; id += 1) {
      box.outbox.push(event(id));
      box.endTask();
    }
    expect(box.batches).toHaveLength(1);
    box.ackAll();
    box.endTask();
    expect(box.batches.map((batch) => read(batch).length)).toEqual([1, 39]);
  });

  it('no more batches are on the way than the window allows', () => {
    const box = setUp({ window: 3 });
    for (let id = 1; id <= 10; id += 1) {
      box.outbox.push(event(id));
      box.endTask();
    }
    expect(box.outbox.unacknowledged).toBe(3);
    expect(box.batches).toHaveLength(3);
    expect(box.outbox.waiting).toBe(7);

    box.outbox.acknowledge(1, 0);
    box.endTask();
    expect(box.batches.map(read)).toEqual([['e1'], ['e2'], ['e3'], ['e4', 'e5', 'e6', 'e7', 'e8', 'e9', 'e10']]);
    expect(box.outbox.unacknowledged).toBe(3);
  });

  it('a batch holds at most the given number of entries', () => {
    const box = setUp({ maxBatchEntries: 4, window: 10 });
    for (let id = 1; id <= 9; id += 1) box.outbox.push(event(id));
    box.endTask();
    expect(box.batches.map((batch) => read(batch).length)).toEqual([4, 4, 1]);
    expect(box.batches.map(({ last }) => last)).toEqual([4, 8, 9]);
  });

  it('a batch holds at most the given number of characters', () => {
    const size = event(1).text.length;
    const box = setUp({ maxBatchChars: 2 * size, window: 10 });
    for (let id = 1; id <= 5; id += 1) box.outbox.push(event(id));
    box.endTask();
    expect(box.batches.map(read)).toEqual([['e1', 'e2'], ['e3', 'e4'], ['e5']]);
  });

  it('an entry that is larger than a batch may be travels alone', () => {
    const box = setUp({ maxBatchChars: 20, window: 10 });
    box.outbox.push(event(1));
    box.outbox.push(event(2, 1, 'x'.repeat(100)));
    box.outbox.push(event(3));
    box.endTask();
    expect(box.batches.map(read)).toEqual([['e1'], ['e2'], ['e3']]);
  });

  it('the order is kept through many thousand entries', () => {
    const box = setUp({ window: 2, maxBatchEntries: 700 });
    for (let id = 1; id <= 9_000; id += 1) box.outbox.push(event(id));
    box.drain();
    expect(box.posted).toEqual(Array.from({ length: 9_000 }, (_, n) => `e${n + 1}`));
    expect(box.outbox.delivered).toBe(9_000);
    expect(box.outbox.dropped).toBe(0);
  });
});

describe('an acknowledgement', () => {
  function withThreeOnTheWay() {
    const box = setUp({ window: 3 });
    for (let id = 1; id <= 4; id += 1) {
      box.outbox.push(event(id));
      box.endTask();
    }
    return box;
  }

  it('gives credit for every batch up to its number, so out of order is as good', () => {
    const box = withThreeOnTheWay();
    box.outbox.acknowledge(2, 10);
    box.outbox.acknowledge(1, 20);
    expect(box.outbox.lastAckAtMs).toBe(10);
    for (const id of [5, 6, 7]) {
      box.endTask();
      box.outbox.push(event(id));
    }
    // The third is on the way still, so there was room for two.
    expect(box.posted).toEqual(['e1', 'e2', 'e3', 'e4', 'e5']);
  });

  it('is asked for when half of the window is on the way, and not again before it has come', () => {
    const box = setUp({ window: 4 });
    const asks: boolean[] = [];
    for (let id = 1; id <= 4; id += 1) {
      box.outbox.push(event(id));
      box.endTask();
      asks.push(box.batches.at(-1)?.wantsAck === true);
    }
    expect(asks).toEqual([false, true, false, false]);
    box.outbox.acknowledge(2, 0);
    expect(box.outbox.unacknowledged).toBe(0);
    box.outbox.push(event(5));
    box.endTask();
    expect(box.batches.at(-1)).toMatchObject({ last: 5, wantsAck: true });
  });

  it.each([1, 2, 3, 5, 8])('that is given whenever it is asked for keeps a window of %i open for ever', (window) => {
    const box = setUp({ window });
    for (let id = 1; id <= 100; id += 1) {
      box.outbox.push(event(id));
      box.endTask();
      const newest = box.batches.at(-1);
      if (newest?.wantsAck === true) box.outbox.acknowledge(newest.last, 0);
      box.endTask();
    }
    expect(box.posted).toHaveLength(100);
  });

  it('given twice is given once', () => {
    const { outbox } = withThreeOnTheWay();
    outbox.acknowledge(1, 0);
    outbox.acknowledge(1, 0);
    expect(outbox.unacknowledged).toBe(2);
  });

  it('of a number that was never posted gives no more credit than there was', () => {
    const box = withThreeOnTheWay();
    box.outbox.acknowledge(1_000_000, 0);
    expect(box.outbox.unacknowledged).toBe(0);
    for (let id = 5; id <= 20; id += 1) {
      box.endTask();
      box.outbox.push(event(id));
    }
    box.endTask();
    expect(box.outbox.unacknowledged).toBe(3);
  });

  it.each([0, -1])('of %i gives nothing', (last) => {
    const { outbox } = withThreeOnTheWay();
    outbox.acknowledge(last, 5);
    expect(outbox.unacknowledged).toBe(3);
    expect(outbox.lastAckAtMs).toBeNull();
  });

  it('of the middle of a batch does not count for the batch', () => {
    const box = setUp({ window: 1 });
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    box.endTask();
    box.outbox.acknowledge(2, 0);
    expect(box.outbox.unacknowledged).toBe(1);
    box.outbox.acknowledge(3, 0);
    expect(box.outbox.unacknowledged).toBe(0);
  });

  it('while nothing is on the way is no news', () => {
    const { outbox } = setUp();
    outbox.acknowledge(1, 5);
    expect(outbox.lastAckAtMs).toBeNull();
  });
});

describe('an outbox that fills', () => {
  it('keeps as many entries as it may, and drops none', () => {
    const box = setUp({ maxQueuedEntries: 3 });
    box.outbox.setParked(true);
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    expect(box.outbox.waiting).toBe(3);
    expect(box.outbox.dropped).toBe(0);
  });

  it('drops the oldest, and says how many before the next event', () => {
    const box = setUp({ maxQueuedEntries: 3 });
    box.outbox.setParked(true);
    for (let id = 1; id <= 8; id += 1) box.outbox.push(event(id));
    expect(box.outbox.dropped).toBe(5);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 5', 'e6', 'e7', 'e8']);
  });

  it('is bound by characters too', () => {
    const size = event(1).text.length;
    const box = setUp({ maxQueuedChars: 3 * size });
    box.outbox.setParked(true);
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    expect(box.outbox.dropped).toBe(0);
    box.outbox.push(event(4));
    expect(box.outbox.dropped).toBe(1);
    expect(box.outbox.waitingChars).toBe(3 * size);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 1', 'e2', 'e3', 'e4']);
  });

  it('lets an event pass that is larger than all that may wait, when it is the only one', () => {
    const box = setUp({ maxQueuedChars: 200 });
    box.outbox.push(event(1, 1, 'x'.repeat(1_000)));
    box.drain();
    expect(box.posted).toEqual(['e1']);
  });

  it('drops it when another one comes before it could go', () => {
    const box = setUp({ maxQueuedChars: 200 });
    box.outbox.setParked(true);
    box.outbox.push(event(1, 1, 'x'.repeat(1_000)));
    box.outbox.push(event(2));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 1', 'e2']);
  });

  it('counts a gap that has been told no second time', () => {
    const box = setUp({ maxQueuedEntries: 2, window: 1 });
    box.outbox.push(event(0));
    box.endTask();
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    box.ackAll();
    box.endTask();
    expect(box.posted).toEqual(['e0', 'gap 1', 'e2', 'e3']);
    for (const id of [4, 5, 6, 7]) box.outbox.push(event(id));
    box.drain();
    expect(box.posted).toEqual(['e0', 'gap 1', 'e2', 'e3', 'gap 2', 'e6', 'e7']);
  });

  it('tells each hub of its own gap', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    box.outbox.push(event(1));
    box.outbox.push(event(2));
    box.outbox.push(event(3, 2));
    box.outbox.push(event(4, 2));
    box.outbox.push(event(5));
    box.outbox.push(event(6));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 2', 'gap 2@2', 'e5', 'e6']);
  });

  it('never drops the name of a hub', () => {
    const box = setUp({ maxQueuedEntries: 1 });
    box.outbox.setParked(true);
    box.outbox.push(named());
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['h', 'gap 2', 'e3']);
  });

  it('keeps the newest status of each hub only, where all between them was dropped', () => {
    const box = setUp({ maxQueuedEntries: 1 });
    box.outbox.setParked(true);
    for (const id of [1, 2, 3]) {
      box.outbox.push(status(id));
      box.outbox.push(status(id, 2));
      box.outbox.push(event(id));
    }
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted.filter((entry) => entry.startsWith('s'))).toEqual(['s3', 's3@2']);
    expect(box.posted.at(-1)).toBe('e3');
  });

  it('stays bounded for a tab that never reads, whatever two hubs and their statuses do', () => {
    const box = setUp({ maxQueuedEntries: 10, window: 1 });
    for (let id = 1; id <= 5_000; id += 1) {
      box.outbox.push(event(id, (id % 2) + 1));
      if (id % 5 === 0) box.outbox.push(status(id, (id % 3) + 1));
      box.endTask();
    }
    // Ten events that wait, two statuses among them, and for each of three hubs at most a gap and a status before them.
    expect(box.outbox.waiting).toBeLessThanOrEqual(18);
  });

  it('goes on in order once there is room again', () => {
    const box = setUp({ maxQueuedEntries: 2, window: 1 });
    for (let id = 1; id <= 6; id += 1) box.outbox.push(event(id));
    box.drain();
    box.outbox.push(event(7));
    box.drain();
    expect(box.posted).toEqual(['gap 4', 'e5', 'e6', 'e7']);
    expect(box.outbox.waiting).toBe(0);
    expect(box.outbox.waitingChars).toBe(0);
  });
});

describe('a parked tab', () => {
  it('is posted nothing, also by a flush that was scheduled before', () => {
    const box = setUp();
    box.outbox.push(event(1));
    box.outbox.setParked(true);
    box.endTask();
    box.outbox.push(event(2));
    box.outbox.acknowledge(1, 0);
    box.endTask();
    expect(box.batches).toEqual([]);
    expect(box.scheduled).toBe(0);
  });

  it('is given what waited when it is back', () => {
    const box = setUp();
    box.outbox.setParked(true);
    box.outbox.push(event(1));
    box.outbox.setParked(false);
    box.endTask();
    expect(box.posted).toEqual(['e1']);
  });
});

describe('events with a key', () => {
  it('are all told while there is room: conflation is for a tab that is behind', () => {
    const box = setUp({ window: 1 });
    for (const id of [1, 2, 3]) box.outbox.push(event(id), 'cpu');
    box.endTask();
    for (const id of [4, 5, 6]) box.outbox.push(event(id), 'cpu');
    box.drain();
    expect(box.posted).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
    expect(box.outbox.conflated).toBe(0);
  });

  it('that a newer one of their key follows go first when too much waits, without a gap', () => {
    const box = setUp({ window: 1, maxQueuedEntries: 4 });
    box.outbox.push(event(0));
    box.endTask();
    box.outbox.push(event(1), 'cpu');
    box.outbox.push(event(2));
    box.outbox.push(event(3), 'ram');
    box.outbox.push(event(4), 'cpu');
    expect(box.outbox.waiting).toBe(4);
    box.outbox.push(event(5), 'ram');
    expect([box.outbox.conflated, box.outbox.dropped]).toEqual([2, 0]);
    box.drain();
    expect(box.posted).toEqual(['e0', 'e2', 'e4', 'e5']);
    expect([box.outbox.waiting, box.outbox.waitingChars]).toEqual([0, 0]);
  });

  it('are dropped last when the newest of each key is too much still, the oldest first', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    box.outbox.push(event(1), 'cpu');
    box.outbox.push(event(2));
    box.outbox.push(event(3), 'ram');
    expect([box.outbox.conflated, box.outbox.dropped]).toEqual([0, 1]);
    box.outbox.push(event(4), 'disk');
    expect(box.outbox.dropped).toBe(2);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 2', 'e3', 'e4']);
  });

  it('never come before the gap that tells of an older event', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    box.outbox.push(event(1));
    box.outbox.push(event(2), 'cpu');
    for (const id of [3, 4, 5]) box.outbox.push(event(id));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 3', 'e2', 'e5']);
  });

  it('are conflated while too much waits and until nothing does, and no longer', () => {
    const box = setUp({ window: 1, maxQueuedEntries: 3, maxBatchEntries: 2 });
    box.outbox.push(event(0));
    box.endTask();
    for (const id of [1, 2, 3, 4]) box.outbox.push(event(id), id === 1 ? 'ram' : 'cpu');
    box.outbox.push(event(5), 'disk');
    box.outbox.push(event(6), 'cpu');
    expect(box.outbox.conflated).toBe(3);
    box.drain();
    expect(box.posted).toEqual(['e0', 'e1', 'e5', 'e6']);
    for (const id of [7, 8, 9]) box.outbox.push(event(id), 'cpu');
    box.drain();
    expect(box.posted.slice(4)).toEqual(['e7', 'e8', 'e9']);
  });

  it('of two hubs, or of two keys, do not replace each other', () => {
    const box = setUp();
    box.outbox.setParked(true);
    box.outbox.push(event(1), 'cpu');
    box.outbox.push(event(2, 2), 'cpu');
    box.outbox.push(event(3), 'ram');
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['e1', 'e2@2', 'e3']);
  });

  it('are conflated at once for a parked tab, those that waited before too, and it costs one event a key for a whole night', () => {
    const box = setUp({ window: 1 });
    box.outbox.push(event(0), 'cpu');
    box.endTask();
    box.outbox.push(event(1), 'cpu');
    box.outbox.push(event(2), 'cpu');
    box.outbox.setParked(true);
    expect(box.outbox.waiting).toBe(1);
    for (let id = 3; id <= 50_000; id += 1) box.outbox.push(event(id), id % 2 === 0 ? 'cpu' : 'ram');
    expect(box.outbox.waiting).toBe(2);
    expect([box.outbox.conflated, box.outbox.dropped]).toEqual([49_998, 0]);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['e0', 'e49999', 'e50000']);
  });

  it('are all told again to a tab that is back', () => {
    const box = setUp();
    box.outbox.setParked(true);
    box.outbox.setParked(false);
    for (const id of [1, 2]) box.outbox.push(event(id), 'cpu');
    box.drain();
    expect(box.posted).toEqual(['e1', 'e2']);
  });

  it('that were left out leave no number that is never reached', () => {
    const box = setUp({ window: 1 });
    box.outbox.push(event(0));
    box.endTask();
    box.outbox.push(event(1), 'cpu');
    const promised = box.outbox.lastNumber;
    box.outbox.setParked(true);
    box.outbox.push(event(2, 2), 'cpu');
    box.outbox.push(event(3, 2), 'cpu');
    const all = box.outbox.lastNumber;
    box.outbox.wipe(2);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['e0', 'e1']);
    expect(box.batches.at(-1)?.last).toBe(all);
    expect(promised).toBeLessThan(all);
  });

  it('that a wipe took are not replaced by later ones', () => {
    const box = setUp();
    box.outbox.setParked(true);
    box.outbox.push(event(1, 2), 'cpu');
    box.outbox.push(event(1), 'cpu');
    box.outbox.wipe(1);
    box.outbox.push(event(2), 'cpu');
    expect(box.outbox.conflated).toBe(0);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['e1@2', 'e2']);
    expect(box.outbox.waitingChars).toBe(0);
  });

  it('do not hide the status that came before them', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    box.outbox.push(status(1));
    box.outbox.push(event(1), 'cpu');
    box.outbox.push(status(2));
    box.outbox.push(event(2));
    box.outbox.push(event(3));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['s1', 'e1', 's2', 'gap 1', 'e3']);
  });
});

describe('takeGaps', () => {
  it('takes the gaps out of the line and says how many events each hub has missed', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    for (const id of [1, 2]) box.outbox.push(event(id, 2));
    expect(box.outbox.takeGaps()).toEqual(new Map([[1, 3]]));
    expect(box.outbox.takeGaps().size).toBe(0);
    expect(box.outbox.dropped).toBe(3);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['e1@2', 'e2@2']);
  });

  it('leaves no number that is never reached, and later losses are a gap again', () => {
    const box = setUp({ maxQueuedEntries: 1 });
    box.outbox.setParked(true);
    box.outbox.push(event(1));
    box.outbox.push(event(2));
    box.outbox.wipe(1);
    expect(box.outbox.takeGaps().size).toBe(0);
    box.outbox.push(event(3));
    box.outbox.push(event(4));
    expect(box.outbox.takeGaps()).toEqual(new Map([[1, 1]]));
    box.outbox.push(event(5));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 1', 'e5']);
    expect(box.batches.at(-1)?.last).toBe(5);
  });
});

describe('wipe', () => {
  it('takes back every event and status that waits, but keeps names of hubs', () => {
    const box = setUp();
    box.outbox.push(named());
    box.outbox.push(event(1));
    box.outbox.push(status(1));
    box.outbox.push(named(2));
    box.outbox.push(event(2, 2));
    box.outbox.wipe();
    box.outbox.push(status(9));
    box.drain();
    expect(box.posted).toEqual(['h', 'h@2', 's9']);
    expect(box.outbox.waitingChars).toBe(0);
  });

  it('takes back gaps as well', () => {
    const box = setUp({ maxQueuedEntries: 1 });
    for (const id of [1, 2, 3]) box.outbox.push(event(id));
    box.outbox.wipe();
    box.drain();
    expect(box.posted).toEqual([]);
  });

  it('of one hub leaves the others what waits for them, in order', () => {
    const box = setUp();
    box.outbox.push(named());
    box.outbox.push(named(2));
    box.outbox.push(event(1));
    box.outbox.push(event(1, 2));
    box.outbox.push(status(1));
    box.outbox.push(status(1, 2));
    box.outbox.push(event(2, 2));
    box.outbox.wipe(1);
    box.drain();
    expect(box.posted).toEqual(['h', 'h@2', 'e1@2', 's1@2', 'e2@2']);
    expect(box.outbox.waitingChars).toBe(0);
  });

  it('of one hub takes back its gap, and leaves the others theirs', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    for (const id of [1, 2]) for (const hub of [1, 2]) box.outbox.push(event(id, hub));
    box.outbox.wipe(1);
    box.drain();
    expect(box.posted).toEqual(['gap 1@2', 'e2@2']);
  });

  it('leaves the credit as it was', () => {
    const box = setUp({ window: 1 });
    box.outbox.push(event(1));
    box.endTask();
    box.outbox.wipe();
    box.outbox.push(event(2));
    box.endTask();
    expect(box.batches).toHaveLength(1);
    box.ackAll();
    box.endTask();
    expect(box.posted).toEqual(['e1', 'e2']);
  });
});

describe('what can wait', () => {
  it('is an event and a line of the log; what somebody waits for is scheduled anew, once', () => {
    const waits: (boolean | undefined)[] = [];
    const outbox = createOutbox({
      limits: DEFAULT_OUTBOX_LIMITS,
      post: () => undefined,
      schedule: (_flush, canWait) => waits.push(canWait),
    });
    const entry = (kind: 'event' | 'status' | 'log') => ({ kind, hub: 1, text: '[]' });
    outbox.push(entry('event'));
    outbox.push(entry('log'));
    expect(waits).toEqual([true]);
    outbox.push(entry('status'));
    outbox.push(entry('status'));
    outbox.push(entry('event'));
    expect(waits).toEqual([true, false]);
  });

  it('waits no longer when an outcome takes its place behind it', () => {
    const waits: (boolean | undefined)[] = [];
    const outbox = createOutbox({
      limits: DEFAULT_OUTBOX_LIMITS,
      post: () => undefined,
      schedule: (_flush, canWait) => waits.push(canWait),
    });
    expect(outbox.takePlace()).toBe(0);
    expect(waits).toEqual([]);
    outbox.push({ kind: 'event', hub: 1, text: '[]' });
    expect(outbox.takePlace()).toBe(1);
    expect(waits).toEqual([true, false]);
  });
});

describe('lastNumber', () => {
  it('is 0 while there was nothing', () => {
    expect(setUp().outbox.lastNumber).toBe(0);
  });

  it('is the number of the newest entry, before and after it is posted', () => {
    const box = setUp();
    box.outbox.push(event(1));
    box.outbox.push(event(2));
    expect(box.outbox.lastNumber).toBe(2);
    box.endTask();
    expect(box.outbox.lastNumber).toBe(2);
    box.ackAll();
    expect(box.outbox.lastNumber).toBe(2);
  });

  it('is reached though the entry that it named was wiped: a call may wait for it', () => {
    const box = setUp();
    box.outbox.push(event(1));
    box.endTask();
    box.outbox.push(event(2, 2));
    const promised = box.outbox.lastNumber;
    box.outbox.wipe(2);
    expect(box.outbox.lastNumber).toBeLessThanOrEqual(promised);
    box.drain();
    expect(box.posted).toEqual(['e1']);
    expect(box.batches.at(-1)?.last).toBe(promised);
  });

  it('is reached though the entry that it named was wiped while others wait before it', () => {
    const box = setUp({ window: 1 });
    box.outbox.push(event(0));
    box.endTask();
    box.outbox.push(event(1));
    box.outbox.push(event(2, 2));
    const promised = box.outbox.lastNumber;
    box.outbox.wipe(2);
    box.drain();
    expect(box.posted).toEqual(['e0', 'e1']);
    expect(box.batches.at(-1)?.last).toBe(promised);
  });

  it('is that of the name of a hub when the name is all that a wipe has left', () => {
    const box = setUp();
    box.outbox.push(named());
    box.outbox.push(event(1));
    box.outbox.wipe();
    const promised = box.outbox.lastNumber;
    box.drain();
    expect(box.batches.at(-1)?.last).toBe(promised);
  });

  it('is reached when the newest event was dropped, with the gap that stands for it', () => {
    const box = setUp({ maxQueuedChars: 10 });
    box.outbox.setParked(true);
    box.outbox.push(event(1));
    box.outbox.push(event(2));
    const promised = box.outbox.lastNumber;
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 1', 'e2']);
    expect(box.batches.at(-1)?.last).toBe(promised);
  });
});

describe('items of streams', () => {
  it('are never dropped, however many events are, and keep their place among them', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    for (let id = 1; id <= 5; id += 1) {
      box.outbox.push(event(id));
      expect(box.outbox.push(item(id))).toBe(true);
    }
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 3', 'i:1', 'i:2', 'i:3', 'e4', 'i:4', 'e5', 'i:5']);
  });

  it('do not count towards the bound that drops events, and neither do statuses and names', () => {
    const box = setUp({ maxQueuedEntries: 2, maxQueuedChars: 2 * event(1).text.length });
    box.outbox.setParked(true);
    box.outbox.push(named());
    for (let id = 1; id <= 50; id += 1) box.outbox.push(item(id));
    for (let id = 1; id <= 50; id += 1) box.outbox.push(status(id));
    box.outbox.push(event(1));
    box.outbox.push(event(2));
    expect(box.outbox.dropped).toBe(0);
    expect(box.outbox.waiting).toBe(103);
  });

  it('are refused when too many wait, and the outbox is as it was', () => {
    const box = setUp({ maxStreamItems: 2 });
    box.outbox.setParked(true);
    expect([box.outbox.push(item(1)), box.outbox.push(item(2)), box.outbox.push(item(3))]).toEqual([true, true, false]);
    expect(box.outbox.lastNumber).toBe(2);
    expect(box.outbox.waiting).toBe(2);
    expect(box.outbox.push(event(1))).toBe(true);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['i:1', 'i:2', 'e1']);
    expect(box.outbox.push(item(4))).toBe(true);
  });

  it('are refused when they are too large together, but one alone may be as large as it is', () => {
    const box = setUp({ maxStreamChars: 2 * item(1).text.length });
    box.outbox.setParked(true);
    expect([1, 2, 3].map((id) => box.outbox.push(item(id)))).toEqual([true, true, false]);
    box.outbox.setParked(false);
    box.drain();
    box.outbox.setParked(true);
    expect(box.outbox.push(item(4, 'i', 1, 'x'.repeat(1_000)))).toBe(true);
    expect(box.outbox.push(item(5))).toBe(false);
  });

  it('that a wipe takes back make room for others', () => {
    const box = setUp({ maxStreamItems: 2 });
    box.outbox.setParked(true);
    box.outbox.push(item(1));
    box.outbox.push(item(2, 'j', 2));
    box.outbox.wipe(1);
    expect(box.outbox.waiting).toBe(1);
    expect([box.outbox.push(item(3, 'j', 2)), box.outbox.push(item(4, 'j', 2))]).toEqual([true, false]);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['j:2@2', 'j:3@2']);
  });

  it('are not counted as delivered events', () => {
    const box = setUp();
    box.outbox.push(item(1));
    box.outbox.push(event(1));
    box.drain();
    expect(box.outbox.delivered).toBe(1);
  });
});

describe('lines of the log', () => {
  it('are dropped like events, but nobody is told and no event is said to be missing', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    for (const id of [1, 2, 3, 4]) box.outbox.push(log(id));
    box.outbox.push(event(1));
    expect(box.outbox.dropped).toBe(0);
    expect(box.outbox.waiting).toBe(2);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['log 4', 'e1']);
  });

  it('that were dropped leave no number that is never reached', () => {
    const box = setUp({ maxQueuedEntries: 1 });
    box.outbox.setParked(true);
    for (const id of [1, 2]) box.outbox.push(log(id));
    const promised = box.outbox.lastNumber;
    box.outbox.setParked(false);
    box.drain();
    expect(box.batches.at(-1)?.last).toBe(promised);
  });
});

describe('statuses that wait', () => {
  it('are all told while they are few', () => {
    const box = setUp();
    box.outbox.setParked(true);
    for (let id = 1; id <= 100; id += 1) box.outbox.push(status(id));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toHaveLength(100);
  });

  it('stay bounded for a tab that is parked for a night, and the newest of each hub is told', () => {
    const box = setUp();
    box.outbox.setParked(true);
    for (let id = 1; id <= 5_000; id += 1) box.outbox.push(status(id, (id % 2) + 1));
    expect(box.outbox.waiting).toBeLessThanOrEqual(256);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toContain('s5000');
    expect(box.posted).toContain('s4999@2');
    expect(box.outbox.waitingChars).toBe(0);
  });
});

describe('what was taken away', () => {
  it.each<[string, (box: ReturnType<typeof setUp>) => void]>([
    ['by a wipe', (box) => box.outbox.wipe(1)],
    [
      'for many statuses',
      (box) => {
        for (let id = 1; id <= 300; id += 1) box.outbox.push(status(id));
        box.outbox.wipe(1);
      },
    ],
  ])('%s is not counted a second time', (_, takeAway) => {
    const box = setUp({ maxQueuedEntries: 1 });
    box.outbox.setParked(true);
    const fill = (): void => {
      for (const id of [1, 2, 3]) {
        box.outbox.push(status(id));
        box.outbox.push(event(id));
      }
    };
    fill();
    takeAway(box);
    expect([box.outbox.waiting, box.outbox.waitingChars]).toEqual([0, 0]);
    fill();
    expect(box.outbox.waiting).toBe(3);
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 2', 's3', 'e3']);
    expect(box.outbox.waitingChars).toBe(0);
  });

  it('for newer statuses is not counted a second time when events are dropped after it', () => {
    const box = setUp({ maxQueuedEntries: 1 });
    box.outbox.setParked(true);
    for (const id of [1, 2]) {
      box.outbox.push(status(id));
      box.outbox.push(event(id));
    }
    for (let id = 3; id <= 300; id += 1) box.outbox.push(status(id));
    box.outbox.push(event(3));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted.filter((entry) => !entry.startsWith('s'))).toEqual(['gap 2', 'e3']);
    expect(box.posted.at(-2)).toBe('s300');
    expect([box.outbox.waiting, box.outbox.waitingChars]).toEqual([0, 0]);
  });
});

describe('values', () => {
  it('are posted as they are', () => {
    const box = setUp();
    box.outbox.push(valued(1));
    box.outbox.push(valued(2));
    box.endTask();
    expect(box.batches).toEqual([
      {
        kind: 'values',
        last: 2,
        entries: [
          [1, 1, 'e', [1]],
          [1, 1, 'e', [2]],
        ],
      },
    ]);
  });

  it('and text share a batch, in order: what is text stays text', () => {
    const box = setUp();
    box.outbox.push(named());
    box.outbox.push(valued(1));
    box.outbox.push(event(2));
    box.outbox.push(valued(3));
    box.endTask();
    expect(box.batches).toEqual([
      {
        kind: 'values',
        last: 4,
        entries: ['[0,1,"https://h.test/1"]', [1, 1, 'e', [1]], '[1,1,"e",[2]]', [1, 1, 'e', [3]]],
      },
    ]);
    box.ackAll();
    box.outbox.push(event(4));
    box.endTask();
    expect(box.batches[1]?.kind).toBe('batch');
  });

  it('count by their estimated size, in a batch and in the outbox', () => {
    const box = setUp({ maxBatchChars: 50, maxQueuedChars: 100, window: 10 });
    box.outbox.setParked(true);
    for (const id of [1, 2, 3, 4]) box.outbox.push(valued(id, 1, 30));
    expect(box.outbox.waitingChars).toBe(90);
    box.outbox.setParked(false);
    box.drain();
    expect(box.batches.map(read)).toEqual([['gap 1', 'e2'], ['e3'], ['e4']]);
  });

  it('and a gap among them are one batch', () => {
    const box = setUp({ maxQueuedEntries: 2 });
    box.outbox.setParked(true);
    for (const id of [1, 2]) box.outbox.push(valued(id, 2));
    box.outbox.push({ kind: 'item', hub: 2, entry: [EntryKind.item, 2, 'i', 0], size: 8 });
    box.outbox.push(valued(3));
    box.outbox.push(valued(4));
    box.outbox.setParked(false);
    box.drain();
    expect(box.posted).toEqual(['gap 2@2', 'i:0@2', 'e3', 'e4']);
    expect(box.batches.map(({ kind }) => kind)).toEqual(['values']);
  });
});

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

/**
 * One walk: random pushes of all kinds, ends of tasks, acknowledgements, parking. Returns what is wrong, or null. What conflation
 * and wipes take is compared with a model in `waiting-line.test.ts`.
 */
function walk(seed: number): string | null {
  const random = randomOf(seed);
  const upTo = (most: number): number => Math.floor(random() * most) + 1;
  const limits = {
    window: upTo(4),
    maxBatchEntries: upTo(6),
    maxBatchChars: upTo(120),
    maxQueuedEntries: upTo(12),
    maxQueuedChars: 20 + upTo(300),
    maxStreamItems: upTo(20),
    maxStreamChars: 20 + upTo(600),
  };
  const box = setUp(limits);
  const hubs = upTo(3);
  const pushed = new Map<number, number>();
  const itemsTaken: number[] = [];
  let promised = 0;
  for (let move = 0; move < 80; move += 1) {
    const dice = random();
    if (dice < 0.5) {
      const hub = upTo(hubs);
      const id = (pushed.get(hub) ?? 0) + 1;
      pushed.set(hub, id);
      box.outbox.push(
        random() < 0.3
          ? { kind: 'event', hub, entry: [EntryKind.event, hub, 'e', [id]], size: upTo(40) }
          : event(id, hub, 'x'.repeat(upTo(30))),
      );
    } else if (dice < 0.55) {
      box.outbox.push(status(move, upTo(hubs)));
    } else if (dice < 0.65) {
      if (box.outbox.push(item(move, 'i', upTo(hubs)))) itemsTaken.push(move);
    } else if (dice < 0.68) {
      box.outbox.push(log(move, upTo(hubs)));
    } else if (dice < 0.78) {
      box.endTask();
      if (box.outbox.unacknowledged > limits.window) return 'more batches on the way than the window allows';
    } else if (dice < 0.93) {
      const batch = box.batches[Math.floor(random() * box.batches.length)];
      if (batch !== undefined) box.outbox.acknowledge(batch.last, move);
    } else {
      box.outbox.setParked(dice < 0.96);
    }
    if (box.outbox.lastNumber < promised) return 'lastNumber went back';
    promised = box.outbox.lastNumber;
  }
  box.outbox.setParked(false);
  box.drain();

  let last = 0;
  for (const batch of box.batches) {
    if (batch.last <= last) return `batch numbers do not grow: ${last}, ${batch.last}`;
    last = batch.last;
  }
  if (last !== promised) return `lastNumber promised ${promised}, the last batch is ${last}`;
  // Every event arrives in order, or its place is taken by exactly one gap.
  const next = new Map<number, number>();
  const itemsSeen: number[] = [];
  for (const batch of box.batches) {
    for (const [kind, hub, third, fourth] of entriesOf(batch) as unknown as [number, number, unknown, unknown[]?][]) {
      const expected = next.get(hub) ?? 1;
      if (kind === 4) itemsSeen.push(Number(fourth));
      if (kind === 3) next.set(hub, expected + Number(third));
      if (kind !== 1) continue;
      if (fourth?.[0] !== expected) return `hub ${hub}: event ${expected} expected, ${String(fourth?.[0])} came`;
      next.set(hub, expected + 1);
    }
  }
  for (const [hub, count] of pushed) {
    if ((next.get(hub) ?? 1) !== count + 1)
      return `hub ${hub}: ${count} pushed, ${(next.get(hub) ?? 1) - 1} accounted for`;
  }
  if (itemsSeen.join() !== itemsTaken.join()) return `items ${itemsTaken.join()} taken, ${itemsSeen.join()} delivered`;
  const dropped = [...pushed.values()].reduce((sum, count) => sum + count, 0) - box.outbox.delivered;
  if (box.outbox.dropped !== dropped) return `dropped says ${box.outbox.dropped}, ${dropped} are missing`;
  if (box.outbox.waiting !== 0 || box.outbox.waitingChars !== 0) return 'something still waits';
  return null;
}

it('delivers every item and event exactly once in order, or counts the event in exactly one gap (1,000 random walks)', () => {
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const wrong = walk(seed);
    if (wrong !== null) expect.fail(`seed ${seed}: ${wrong}`);
  }
});

describe('dispatched', () => {
  /** Resolves to whether it has come. */
  async function isOver(waiting: Promise<void>): Promise<boolean> {
    return Promise.race([waiting.then(() => true), new Promise<false>((resolve) => setTimeout(resolve, 0, false))]);
  }

  it('asks for the acknowledgement of what waits, and resolves with it, not before', async () => {
    const { outbox, batches, endTask } = setUp();
    outbox.push(event(1));
    const over = outbox.dispatched();
    endTask();
    expect(batches).toMatchObject([{ last: 1, wantsAck: true }]);
    expect(await isOver(over)).toBe(false);
    outbox.acknowledge(1, 7);
    expect(await isOver(over)).toBe(true);
  });

  it('asks though what there is was posted without asking', async () => {
    const { outbox, batches, endTask } = setUp();
    outbox.push(event(1));
    endTask();
    const over = outbox.dispatched();
    endTask();
    expect(batches).toMatchObject([{ last: 1 }, { last: 2, wantsAck: true, text: '[]' }]);
    outbox.acknowledge(1, 7);
    expect(await isOver(over)).toBe(false);
    outbox.acknowledge(2, 7);
    expect(await isOver(over)).toBe(true);
  });

  it('asks again when an earlier batch is asked for, and once for all who wait', async () => {
    const { outbox, batches, endTask } = setUp({ window: 2 });
    outbox.push(event(1));
    endTask();
    expect(batches).toMatchObject([{ last: 1, wantsAck: true }]);
    outbox.push(event(2));
    const all = Promise.all([outbox.dispatched(), outbox.dispatched()]);
    endTask();
    expect(batches).toMatchObject([{}, { last: 2, wantsAck: true }]);
    outbox.acknowledge(2, 7);
    await all;
    expect(batches).toHaveLength(2);
  });

  it('is over when the tab parks, and at once for one that is parked or has read all', async () => {
    const { outbox, endTask, ackAll } = setUp();
    expect(await isOver(outbox.dispatched())).toBe(true);
    outbox.push(event(1));
    const over = outbox.dispatched();
    endTask();
    outbox.setParked(true);
    expect(await isOver(over)).toBe(true);
    outbox.push(event(2));
    expect(await isOver(outbox.dispatched())).toBe(true);
    ackAll();
  });
});

describe('a change is told', () => {
  it('when it has been posted and acknowledged, and not for what waits for the next flush', () => {
    const told: string[] = [];
    let flush: (() => unknown) | undefined;
    const outbox = createOutbox({
      limits: DEFAULT_OUTBOX_LIMITS,
      post: () => undefined,
      schedule: (run) => (flush = run),
      onChange: () => told.push(`${outbox.waiting} wait, ${outbox.delivered} delivered`),
    });
    outbox.push(event(1));
    outbox.push(event(2));
    expect(told).toEqual([]);
    flush?.();
    expect(told).toEqual(['0 wait, 2 delivered']);
    outbox.acknowledge(2, 7);
    expect(told).toHaveLength(2);
  });

  it('at once while nothing is posted: the tab is parked, or has not acknowledged', () => {
    const told: number[] = [];
    let flush: (() => unknown) | undefined;
    const outbox = createOutbox({
      limits: { ...DEFAULT_OUTBOX_LIMITS, window: 1 },
      post: () => undefined,
      schedule: (run) => (flush = run),
      onChange: () => told.push(outbox.waiting),
    });
    outbox.push(event(1));
    flush?.();
    outbox.push(event(2));
    expect(told).toEqual([0, 1]);
    outbox.acknowledge(1, 7);
    outbox.setParked(true);
    flush?.();
    told.length = 0;
    outbox.push(event(3));
    expect(told).toEqual([2]);
  });
});
