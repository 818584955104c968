import { expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { quiet } from '../testing/settle.js';
import { createJournal } from './journal.js';
import { createMonitorRegistry, KEPT_HUBS } from './metrics-registry.js';

const OPS = 'https://h.test/hubs/ops';
const OTHER = 'https://h.test/hubs/other';
const NOW = { tabs: 0, transport: null };

function setUp(sharesTokens = false) {
  const clock = new FakeClock(1_000);
  const now = (): number => clock.now();
  const journal = createJournal({ now, redact: (text) => text, maxEntries: 10, onChange: () => undefined });
  const onChange = vi.fn();
  const registry = createMonitorRegistry({ bootId: 'boot-1', now, journal, sharesTokens, onChange });
  const reader = { parked: false };
  /** What became of a question; `undefined` while it is open. */
  function ask(url = OPS, sinceId = 0, by = reader) {
    const question = { answer: undefined as readonly number[] | null | undefined };
    void registry.nextAlerts(by, url, sinceId).then((alerts) => {
      question.answer = alerts === null ? null : alerts.map(({ id }) => id);
    });
    return question;
  }
  return { clock, journal, onChange, registry, reader, ask };
}

it('gives zeros for a hub that was never open, and remembers nothing of it', () => {
  const { registry } = setUp();
  expect(registry.read(OPS, NOW)).toMatchObject({
    hub: OPS,
    bootId: 'boot-1',
    startedAtMs: 1_000,
    events: 0,
    alerts: [],
  });
  expect(registry.totals()).toMatchObject({ events: 0, starts: 0 });
});

it('goes on counting when a hub is opened anew', () => {
  const { registry } = setUp();
  registry.open(OPS).counters.events = 3;
  const again = registry.open(OPS);
  again.counters.events += 1;
  registry.dropped(OPS);
  registry.dropped(OTHER);
  expect(registry.read(OPS, NOW)).toMatchObject({ events: 4, dropped: 1 });
});

it('keeps the figures of a bounded number of hubs, never loses those of an open one, and keeps the sums', () => {
  const { registry } = setUp();
  const first = registry.open(OPS);
  first.isOpen = true;
  first.counters.events = 1;
  for (let n = 0; n < KEPT_HUBS; n += 1) registry.open(`${OTHER}${n}`).counters.events = 1;
  expect(registry.open(OPS)).toBe(first);
  expect(registry.read(`${OTHER}0`, NOW).events).toBe(0);
  expect(registry.read(`${OTHER}1`, NOW).events).toBe(1);
  expect(registry.totals().events).toBe(KEPT_HUBS + 1);
});

it('shares what is counted of the one source of tokens among all hubs', () => {
  const { registry } = setUp(true);
  const monitor = registry.open(OPS);
  registry.open(OTHER);
  monitor.tokens.noteFetch('received', 10);
  for (const url of [OPS, OTHER]) {
    expect(registry.read(url, NOW).token).toMatchObject({ isShared: true, fetches: { count: 1 } });
  }
});

it('raises an alert for each connected hub when the issuer of the shared token says no', () => {
  const { registry } = setUp(true);
  for (const url of [OPS, OTHER]) {
    const monitor = registry.open(url);
    monitor.follow({ kind: 'live', run: 1, connectionId: null, sinceMs: 1_000 }, { kind: 'idle', run: 0 }, true);
  }
  registry.open('https://h.test/hubs/closed');
  registry.sharedTokens.noteFetch('token-rejected', 5);
  expect(registry.alerts().map(({ hub }) => hub)).toEqual([OPS, OTHER]);
});

it('notes each alert in the journal, and says that the state has changed', () => {
  const { journal, onChange, registry } = setUp();
  registry.open(OPS).signInNeeded();
  expect(journal.since(0)).toMatchObject([{ kind: 'token', text: expect.stringMatching(/^alert: /) as string }]);
  expect(onChange).toHaveBeenCalled();
});

it('answers a question for alerts when one is raised, and only for that hub', async () => {
  const { registry, ask } = setUp();
  const question = ask();
  registry.open(OTHER).signInNeeded();
  await quiet();
  expect(question.answer).toBeUndefined();

  registry.open(OPS).signInNeeded();
  await quiet();

  expect(question.answer).toEqual([2]);
});

it('answers at once what was raised before, above the id that the reader knows', async () => {
  const { clock, registry, ask } = setUp();
  const monitor = registry.open(OPS);
  monitor.signInNeeded();
  await clock.advanceBy(60_001);
  monitor.signInNeeded();
  const [all, later, none] = [ask(OPS, 0, { parked: false }), ask(OPS, 1, { parked: false }), ask(OPS, 2)];
  await quiet();
  expect([all.answer, later.answer, none.answer]).toEqual([[1, 2], [2], undefined]);
});

it('gives a parked tab nothing until it is back', async () => {
  const { registry, reader, ask } = setUp();
  reader.parked = true;
  const question = ask();
  registry.open(OPS).signInNeeded();
  await quiet();
  expect(question.answer).toBeUndefined();

  reader.parked = false;
  registry.readerIsBack();
  await quiet();

  expect(question.answer).toEqual([1]);
});

it('holds one question per tab and hub, and none of a tab that has gone', async () => {
  const { registry, reader, ask } = setUp();
  const [first, elsewhere, second] = [ask(), ask(OTHER), ask()];
  await quiet();
  expect([first.answer, elsewhere.answer, second.answer]).toEqual([null, undefined, undefined]);

  registry.readerIsGone(reader);
  registry.readerIsGone(reader);
  await quiet();

  expect([elsewhere.answer, second.answer]).toEqual([null, null]);
});

it('drops a question that was asked again in the moment in which it was woken', async () => {
  const { registry, ask } = setUp();
  const first = ask();
  registry.open(OTHER).signInNeeded();
  const second = ask();
  await quiet();
  registry.open(OPS).signInNeeded();
  await quiet();
  expect([first.answer, second.answer]).toEqual([null, [2]]);
});

it('lets a tab that invents URLs hold no more than a bounded number of questions', async () => {
  const { ask } = setUp();
  const questions = Array.from({ length: KEPT_HUBS + 1 }, (_, n) => ask(`${OTHER}${n}`));
  await quiet();
  expect(questions.map(({ answer }) => answer).filter((answer) => answer === null)).toHaveLength(1);
  expect(questions[0]?.answer).toBeNull();
});
