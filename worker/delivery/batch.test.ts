import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/contract/frames.js';
import { createBatchTexts, entryOf } from './batch.js';
import type { Encoded } from './outbox.js';

const event = (id: number): Encoded & { readonly text: string } => ({
  kind: 'event',
  hub: 1,
  text: `[1,1,"e",[${id}]]`,
});

/** Counts how often the text of an entry is looked up. */
function counted(id: number) {
  const { text, ...rest } = event(id);
  const entry = {
    ...rest,
    reads: 0,
    get text() {
      this.reads += 1;
      return text;
    },
  };
  return entry;
}

function setUp() {
  let forget: (() => void)[] = [];
  const textOf = createBatchTexts((then) => forget.push(then));
  return {
    textOf,
    get toForget() {
      return forget.length;
    },
    endTask() {
      for (const then of forget) then();
      forget = [];
    },
  };
}

describe('the text of a batch', () => {
  it('is a JSON list of its entries, with a gap where events were dropped', () => {
    expect(setUp().textOf([event(1), { kind: 'gap', hub: 1, dropped: 3 }, event(2)])).toBe(
      '[[1,1,"e",[1]],[3,1,3],[1,1,"e",[2]]]',
    );
    expect(setUp().textOf([])).toBe('[]');
  });

  it('is put together once for all tabs that are posted the same in one task', () => {
    const { textOf } = setUp();
    const [one, two] = [counted(1), counted(2)];
    const texts = [1, 2, 3].map(() => textOf([one, two]));
    expect(new Set(texts)).toEqual(new Set(['[[1,1,"e",[1]],[1,1,"e",[2]]]']));
    expect([one.reads, two.reads]).toEqual([1, 1]);
  });

  it('is never that of other entries, though they look the same or begin the same', () => {
    const { textOf } = setUp();
    const [one, two, three] = [event(1), event(2), event(3)];
    expect(textOf([one, two])).toBe('[[1,1,"e",[1]],[1,1,"e",[2]]]');
    expect(textOf([one])).toBe('[[1,1,"e",[1]]]');
    expect(textOf([one, three])).toBe('[[1,1,"e",[1]],[1,1,"e",[3]]]');
    expect(textOf([three, one])).toBe('[[1,1,"e",[3]],[1,1,"e",[1]]]');
    expect(textOf([{ kind: 'gap', hub: 1, dropped: 1 }])).toBe('[[3,1,1]]');
    expect(textOf([{ kind: 'gap', hub: 1, dropped: 2 }])).toBe('[[3,1,2]]');
  });

  it('is forgotten at the end of the task, and asked to be so once', () => {
    const box = setUp();
    const one = counted(1);
    box.textOf([one]);
    box.textOf([event(2)]);
    expect(box.toForget).toBe(1);
    box.textOf([one]);
    box.endTask();
    const before = one.reads;
    box.textOf([one]);
    expect(one.reads).toBe(before + 1);
    expect(box.toForget).toBe(1);
  });
});

it('gives an entry that JSON cannot hold as it is', () => {
  const entry: Entry = [1, 1, 'e', [new Date(5)]];
  expect(entryOf({ kind: 'event', hub: 1, entry, size: 8 })).toBe(entry);
  expect(entryOf(event(1))).toBe('[1,1,"e",[1]]');
});
