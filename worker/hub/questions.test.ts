import { describe, expect, it, vi } from 'vitest';
import type { Reply } from '../../src/contract/rpc.js';
import { encodeEvent } from '../delivery/encode.js';
import { createJournal } from '../observe/journal.js';
import type { Tab } from '../tabs/tab.js';
import { FakeClock } from '../testing/fake-clock.js';
import { PartTab } from '../testing/fake-tab.js';
import { createQuestions } from './questions.js';

const HUB = 'https://h.test/hubs/ops';
const TAKE_MS = 5_000;
const takes = (): Reply<boolean> => ({ ok: true, value: true });

function setUp(ids: readonly string[] = ['a', 'b', 'c']) {
  const clock = new FakeClock();
  const journal = createJournal({
    now: () => clock.now(),
    redact: (text) => text,
    maxEntries: 100,
    onChange: () => undefined,
  });
  const parts = ids.map((id, index) => new PartTab(id, { ordinal: index + 1 }));
  /** Who has a handler, the primary first. */
  let able: Tab[] = parts.map(({ tab }) => tab);
  const questions = createQuestions({
    url: HUB,
    hub: 7,
    clock,
    journal,
    takeMs: TAKE_MS,
    tabs: () => able,
    attachmentOf: () => 5,
  });
  /** Asks, and keeps what comes of it. */
  const ask = () => {
    const outcome: { value?: unknown; error?: unknown; settled: boolean } = { settled: false };
    questions.ask('askname', [1, 'two']).then(
      (value) => Object.assign(outcome, { value, settled: true }),
      (error: unknown) => Object.assign(outcome, { error, settled: true }),
    );
    return outcome;
  };
  const idOf = (part: PartTab | undefined): string => part?.questions.at(-1)?.questionId ?? 'none';
  const setAble = (list: readonly (PartTab | undefined)[]): void => {
    able = list.flatMap((part) => (part === undefined ? [] : [part.tab]));
  };
  const [a, b, c] = parts;
  return {
    clock,
    questions,
    ask,
    idOf,
    setAble,
    a: a!,
    b: b!,
    c: c!,
    parts,
    texts: () => journal.since(0).map(({ text }) => text),
  };
}

describe('a question', () => {
  it('is answered by the first that takes it, and no other tab hears of it', async () => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = takes;
    a.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    const outcome = ask();
    await clock.settle();
    expect(a.questions).toEqual([
      {
        hub: HUB,
        questionId: idOf(a),
        attachment: 5,
        method: 'askname',
        args: [1, 'two'],
        after: a.tab.outbox.lastNumber,
      },
    ]);
    expect(outcome.settled).toBe(false);
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 'Ada' });
    await clock.settle();
    expect(outcome).toEqual({ settled: true, value: 'Ada' });
    expect(b.questions).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('that the handlers gave nothing for gives nothing: SignalR has the words for it', async () => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = takes;
    const outcome = ask();
    await clock.settle();
    questions.answer(a.tab, idOf(a), { kind: 'none' });
    await clock.settle();
    expect(outcome).toEqual({ settled: true, value: undefined });
    expect(b.questions).toEqual([]);
  });

  it('that the handlers failed at fails with the bare text', async () => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = takes;
    const outcome = ask();
    await clock.settle();
    questions.answer(a.tab, idOf(a), { kind: 'error', text: 'Error: no name' });
    await clock.settle();
    expect(String(outcome.error)).toBe('Error: no name');
    expect(outcome.error).toBe('Error: no name');
    expect(b.questions).toEqual([]);
  });

  it('has an id of its own', async () => {
    const { clock, ask, a } = setUp();
    a.take = takes;
    ask();
    ask();
    await clock.settle();
    expect(new Set(a.questions.map(({ questionId }) => questionId)).size).toBe(2);
  });

  it('may be answered before it is said to be taken: these come over two ports', async () => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = () => new Promise(() => undefined);
    const outcome = ask();
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 1 });
    await clock.settle();
    expect(outcome.value).toBe(1);
    expect(clock.pending).toBe(0);
    expect(b.questions).toEqual([]);
  });

  it('that is taken may be thought about as long as one likes', async () => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = takes;
    const outcome = ask();
    await clock.advanceBy(24 * 3_600_000);
    expect(b.questions).toEqual([]);
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 'late' });
    await clock.settle();
    expect(outcome.value).toBe('late');
  });
});

describe('the next tab is asked', () => {
  it.each<[string, (part: PartTab) => void]>([
    ['has no handler', (part) => (part.take = () => ({ ok: true, value: false }))],
    [
      'fails at saying so',
      (part) => (part.take = () => ({ ok: false, error: { code: 'stopped', message: 'no longer' } })),
    ],
    ['cannot be reached', (part) => (part.take = () => Promise.reject(new Error('port closed')))],
    ['says neither', (part) => (part.take = () => ({ ok: true, value: 'yes' as unknown as boolean }))],
  ])('when the first %s', async (_, spoil) => {
    const { clock, questions, ask, idOf, a, b, c, texts } = setUp();
    spoil(a);
    b.take = takes;
    const outcome = ask();
    await clock.settle();
    expect([a, b, c].map((part) => part.questions.length)).toEqual([1, 1, 0]);
    questions.answer(b.tab, idOf(b), { kind: 'result', value: 'from b' });
    await clock.settle();
    expect(outcome.value).toBe('from b');
    expect(clock.pending).toBe(0);
    expect(texts()).toEqual([]);
  });

  it('when the first does not say in time whether it answers, and not before', async () => {
    const { clock, questions, ask, idOf, a, b, texts } = setUp();
    a.take = () => new Promise(() => undefined);
    b.take = takes;
    const outcome = ask();
    await clock.advanceBy(TAKE_MS - 1);
    expect(b.questions).toEqual([]);
    await clock.advanceBy(1);
    expect(b.questions).toHaveLength(1);
    expect(texts()).toEqual(['tab 1 did not say in time whether it answers askname, the next one is asked']);
    // It is too late for the first one.
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 'from a' });
    questions.answer(b.tab, idOf(b), { kind: 'result', value: 'from b' });
    await clock.settle();
    expect(outcome.value).toBe('from b');
  });

  it.each(['while it is asked', 'after it has taken the question'])('when the first goes %s', async (when) => {
    const { clock, questions, ask, a, b, texts } = setUp();
    a.take = when === 'while it is asked' ? () => new Promise(() => undefined) : takes;
    b.take = takes;
    ask();
    await clock.settle();
    a.tab.end();
    questions.drop(a.tab);
    await clock.settle();
    expect(b.questions).toHaveLength(1);
    expect(clock.pending).toBe(0);
    expect(texts()).toEqual([]);
  });

  it('when the first lets the hub go after it has taken the question, though it lives', async () => {
    const { clock, questions, ask, a, b } = setUp();
    a.take = takes;
    b.take = takes;
    ask();
    await clock.settle();
    questions.drop(a.tab);
    await clock.settle();
    expect(b.questions).toHaveLength(1);
  });

  it.each([
    ['while it is asked', 'cached'],
    ['while it is asked', 'frozen'],
    ['after it has taken the question', 'cached'],
    ['after it has taken the question', 'frozen'],
  ] as const)('when the page of the first, %s, is %s: it cannot think', async (when, how) => {
    const { clock, questions, ask, idOf, a, b, texts } = setUp();
    a.take = when === 'while it is asked' ? () => new Promise(() => undefined) : takes;
    b.take = takes;
    const outcome = ask();
    await clock.settle();
    a.tab.setParking(how);
    await clock.settle();
    expect(b.questions).toHaveLength(1);
    // Back again: too late.
    a.tab.setParking(null);
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 'from a' });
    questions.answer(b.tab, idOf(b), { kind: 'result', value: 'from b' });
    await clock.settle();
    expect(outcome.value).toBe('from b');
    expect(clock.pending).toBe(0);
    expect(texts()).toEqual([]);
  });

  it('not when the first is only hidden: it runs', async () => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = takes;
    const outcome = ask();
    await clock.settle();
    a.tab.setParking('hidden');
    await clock.settle();
    expect(b.questions).toEqual([]);
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 'from a' });
    await clock.settle();
    expect(outcome.value).toBe('from a');
  });

  it('and it is one that is there now, not one that was there at first', async () => {
    const { clock, ask, setAble, a, b, c } = setUp();
    a.take = () => new Promise(() => undefined);
    ask();
    await clock.settle();
    setAble([a, c]);
    await clock.advanceBy(TAKE_MS);
    expect([a, b, c].map((part) => part.questions.length)).toEqual([1, 0, 1]);
  });
});

it('leaves no listener at a tab that lives on', async () => {
  const { clock, questions, ask, idOf, a } = setUp();
  a.take = takes;
  const { away } = a.tab;
  const left = new Set<unknown>();
  vi.spyOn(away, 'addEventListener').mockImplementation((_, listener, options) => {
    left.add(listener);
    if (typeof options === 'object') options.signal?.addEventListener('abort', () => left.delete(listener));
  });
  vi.spyOn(away, 'removeEventListener').mockImplementation((_, listener) => void left.delete(listener));
  ask();
  await clock.settle();
  expect(left.size).toBeGreaterThan(0);
  questions.answer(a.tab, idOf(a), { kind: 'none' });
  await clock.settle();
  expect(left.size).toBe(0);
});

describe('nobody', () => {
  it('who has a handler: gives nothing, at once', async () => {
    const { clock, ask, setAble } = setUp();
    setAble([]);
    const outcome = ask();
    await clock.settle();
    expect(outcome).toEqual({ settled: true, value: undefined });
  });

  it('who takes it: gives nothing after each was asked once', async () => {
    const { clock, ask, parts } = setUp();
    const outcome = ask();
    await clock.settle();
    expect(parts.map((part) => part.questions.length)).toEqual([1, 1, 1]);
    expect(outcome).toEqual({ settled: true, value: undefined });
  });
});

describe('an answer', () => {
  it('of a tab that was not asked, or of another id, is ignored', async () => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = takes;
    const outcome = ask();
    await clock.settle();
    questions.answer(b.tab, idOf(a), { kind: 'result', value: 'from b' });
    questions.answer(a.tab, '7.999', { kind: 'result', value: 'of another' });
    await clock.settle();
    expect(outcome.settled).toBe(false);
  });

  it('given twice counts once', async () => {
    const { clock, questions, ask, idOf, a } = setUp();
    a.take = takes;
    const outcome = ask();
    await clock.settle();
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 1 });
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 2 });
    await clock.settle();
    expect(outcome.value).toBe(1);
  });
});

describe('a connection that has ended', () => {
  it.each(['while a tab is asked', 'while a tab thinks'])('drops its questions (%s)', async (when) => {
    const { clock, questions, ask, idOf, a, b } = setUp();
    a.take = when === 'while a tab thinks' ? takes : () => new Promise(() => undefined);
    const outcome = ask();
    await clock.settle();
    questions.end();
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 'late' });
    await clock.advanceBy(TAKE_MS);
    expect(outcome.settled).toBe(false);
    expect(b.questions).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('drops a question between two tabs as well', async () => {
    const { clock, questions, ask, a, b } = setUp();
    const told = vi.fn(() => {
      // The connection ends in the very turn in which the tab says no.
      queueMicrotask(() => questions.end());
      return { ok: true as const, value: false };
    });
    a.take = told;
    const outcome = ask();
    await clock.settle();
    expect(told).toHaveBeenCalledTimes(1);
    expect(b.questions).toEqual([]);
    expect(outcome.settled).toBe(false);
  });

  it('leaves the questions of the next one alone', async () => {
    const { clock, questions, ask, idOf, a } = setUp();
    questions.end();
    a.take = takes;
    const outcome = ask();
    await clock.settle();
    questions.answer(a.tab, idOf(a), { kind: 'result', value: 'new' });
    await clock.settle();
    expect(outcome.value).toBe('new');
  });
});
