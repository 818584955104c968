/** The feed asks only while somebody looks, never faster than five times a second, and survives a worker's death. */
import { expect, it } from 'vitest';
import type { WireError } from '../contract/errors.js';
import type { JournalEntry, WorkerReport } from '../contract/report.js';
import type { Reply } from '../contract/rpc.js';
import { createReportFeed, FAILURE_GAPS_MS, REPORT_GAP_MS, type FeedClock, type FeedNews } from './report-feed.js';

interface Question {
  readonly sinceVersion: number;
  readonly sinceJournal: number;
  readonly answer: (reply: Reply<WorkerReport>) => Promise<void>;
  readonly breakOff: () => Promise<void>;
}

const lost: WireError = { code: 'worker-lost', message: 'The worker is gone.' };

const totals = { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0, dropped: 0 };

function report(version: number, bootId = 'boot-a', journal: readonly number[] = []): Reply<WorkerReport> {
  const entries = journal.map((seq): JournalEntry => ({ seq, atMs: 0, kind: 'worker', text: 'line' }));
  return {
    ok: true,
    value: {
      version,
      bootId,
      contractVersion: 1,
      startedAtMs: 0,
      nowMs: 0,
      hubs: [],
      tabs: [],
      totals,
      alerts: [],
      journal: entries,
    },
  };
}

function setUp() {
  const questions: Question[] = [];
  const news: FeedNews[] = [];
  let nowMs = 0;
  let timers: { readonly dueMs: number; readonly then: () => void }[] = [];

  const clock: FeedClock = {
    nowMs: () => nowMs,
    after(ms, then) {
      const timer = { dueMs: nowMs + ms, then };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  };
  // The feed reads an answer within a few microtasks; a macrotask later all of them have run.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const source = {
    nextReport: (sinceVersion: number, sinceJournal: number) =>
      new Promise<Reply<WorkerReport>>((resolve, reject) => {
        questions.push({
          sinceVersion,
          sinceJournal,
          answer: (reply) => (resolve(reply), settle()),
          breakOff: () => (reject(new Error('port closed')), settle()),
        });
      }),
  };
  return {
    questions,
    news,
    feed: createReportFeed(source, clock, (item) => news.push(item)),
    timerCount: () => timers.length,
    async advanceBy(ms: number) {
      nowMs += ms;
      const due = timers.filter((timer) => timer.dueMs <= nowMs);
      timers = timers.filter((timer) => timer.dueMs > nowMs);
      for (const timer of due) timer.then();
      await settle();
    },
  };
}

it('asks nothing before it is switched on', () => {
  const { questions, timerCount } = setUp();
  expect([questions.length, timerCount()]).toEqual([0, 0]);
});

it('asks at once for all there is when it is switched on', () => {
  const { feed, questions } = setUp();
  feed.setActive(true);
  expect(questions).toMatchObject([{ sinceVersion: -1, sinceJournal: 0 }]);
});

it('waits the gap after a report and then asks for what is newer', async () => {
  const { feed, questions, advanceBy } = setUp();
  feed.setActive(true);
  await questions[0]?.answer(report(7, 'boot-a', [1, 2, 3]));
  await advanceBy(REPORT_GAP_MS - 1);
  expect(questions).toHaveLength(1);
  await advanceBy(1);
  expect(questions[1]).toMatchObject({ sinceVersion: 7, sinceJournal: 3 });
});

it('keeps its place in the journal when a report brings no new line', async () => {
  const { feed, questions, advanceBy } = setUp();
  feed.setActive(true);
  await questions[0]?.answer(report(7, 'boot-a', [1, 2, 3]));
  await advanceBy(REPORT_GAP_MS);
  await questions[1]?.answer(report(8));
  await advanceBy(REPORT_GAP_MS);
  expect(questions[2]).toMatchObject({ sinceVersion: 8, sinceJournal: 3 });
});

it('asks at most five times in a second however fast the worker changes', async () => {
  const { feed, questions, advanceBy } = setUp();
  feed.setActive(true);
  for (let ms = 0; ms < 1_000; ms += 10) {
    await questions.at(-1)?.answer(report(ms));
    await advanceBy(10);
  }
  expect(questions.length).toBeLessThanOrEqual(6); // One at 0 ms, and five within the second after it.
});

it('leaves no timer behind when it is switched off', async () => {
  const { feed, questions, timerCount, advanceBy } = setUp();
  feed.setActive(true);
  await questions[0]?.answer(report(1));
  expect(timerCount()).toBe(1);
  feed.setActive(false);
  expect(timerCount()).toBe(0);
  await advanceBy(60_000);
  expect(questions).toHaveLength(1);
});

it('drops an answer that comes while it is off and asks for it again', async () => {
  const { feed, questions, news } = setUp();
  feed.setActive(true);
  feed.setActive(false);
  await questions[0]?.answer(report(5, 'boot-a', [1]));
  expect(news).toEqual([]);
  feed.setActive(true);
  expect(questions[1]).toMatchObject({ sinceVersion: -1, sinceJournal: 0 });
});

it('never has two open questions, however often it is switched', async () => {
  const { feed, questions, news } = setUp();
  for (let round = 0; round < 10; round += 1) {
    feed.setActive(true);
    feed.setActive(false);
  }
  feed.setActive(true);
  expect(questions).toHaveLength(1);
  await questions[0]?.answer(report(1));
  expect(news).toHaveLength(1);
});

it('keeps the gap also over a switch off and on', async () => {
  const { feed, questions, advanceBy } = setUp();
  feed.setActive(true);
  await questions[0]?.answer(report(1));
  feed.setActive(false);
  feed.setActive(true);
  expect(questions).toHaveLength(1);
  await advanceBy(REPORT_GAP_MS);
  expect(questions).toHaveLength(2);
});

it('tells a failure and asks again after a growing gap', async () => {
  const { feed, questions, news, advanceBy } = setUp();
  feed.setActive(true);
  for (const [index, gapMs] of FAILURE_GAPS_MS.entries()) {
    await questions[index]?.answer({ ok: false, error: lost });
    await advanceBy(gapMs - 1);
    expect(questions).toHaveLength(index + 1);
    await advanceBy(1);
    expect(questions).toHaveLength(index + 2);
  }
  expect(news.every((item) => item.type === 'failed' && item.error === lost)).toBe(true);
});

it('treats a question that breaks as a failure', async () => {
  const { feed, questions, news } = setUp();
  feed.setActive(true);
  await questions[0]?.breakOff();
  expect(news).toEqual([{ type: 'failed', error: null }]);
});

it('names the worker that was replaced and reads the new journal from its start', async () => {
  const { feed, questions, news, advanceBy } = setUp();
  feed.setActive(true);
  await questions[0]?.answer(report(40, 'boot-a', [90]));
  await advanceBy(REPORT_GAP_MS);
  await questions[1]?.answer(report(2, 'boot-b'));
  expect(news[1]).toMatchObject({ type: 'report', replacedBootId: 'boot-a', report: { bootId: 'boot-b' } });
  await advanceBy(REPORT_GAP_MS);
  expect(questions[2]).toMatchObject({ sinceVersion: -1, sinceJournal: 0 });
  await questions[2]?.answer(report(3, 'boot-b', [1, 2]));
  expect(news[2]).toMatchObject({ replacedBootId: null });
});
