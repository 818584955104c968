import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { ask, NoAnswerError } from './ask.js';

function setUp() {
  const clock = new FakeClock();
  const gone = new AbortController();
  const unwanted = new AbortController();
  let answer: (value: string) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const question = new Promise<string>((resolve, reject) => {
    answer = resolve;
    fail = reject;
  });
  const asked = ask(question, { clock, afterMs: 10_000, gone: [gone.signal, unwanted.signal] });
  const outcome: unknown[] = [];
  asked.then(
    (value) => outcome.push(value),
    (error: unknown) => outcome.push(error),
  );
  return { clock, gone, unwanted, answer, fail, asked, outcome };
}

it('passes the answer on, and leaves no timer', async () => {
  const { clock, answer, asked } = setUp();
  answer('yes');
  await expect(asked).resolves.toBe('yes');
  expect(clock.pending).toBe(0);
});

it('passes an error on, and leaves no timer', async () => {
  const { clock, fail, asked } = setUp();
  fail(new Error('broken'));
  await expect(asked).rejects.toThrow('broken');
  expect(clock.pending).toBe(0);
});

it('makes an error of what is none', async () => {
  const { fail, asked } = setUp();
  fail('only a text');
  await expect(asked).rejects.toEqual(new Error('only a text'));
});

it('waits 9,999 ms, and not 10,000', async () => {
  const { clock, outcome } = setUp();
  await clock.advanceBy(9_999);
  expect(outcome).toEqual([]);
  await clock.advanceBy(1);
  expect(outcome).toEqual([new NoAnswerError(10_000)]);
  expect(clock.pending).toBe(0);
});

describe.each(['gone', 'unwanted'] as const)('when the tab is %s', (why) => {
  it('stops waiting at once, and leaves no timer', async () => {
    const parts = setUp();
    parts[why].abort();
    await expect(parts.asked).rejects.toBeInstanceOf(NoAnswerError);
    expect(parts.clock.pending).toBe(0);
  });

  it('does not mind an answer that comes later', async () => {
    const parts = setUp();
    parts[why].abort();
    await parts.asked.catch(() => undefined);
    parts.answer('late');
    await parts.clock.settle();
    expect(parts.outcome).toHaveLength(1);
  });
});

it('does not wait for a tab that has gone before', async () => {
  const clock = new FakeClock();
  const asked = ask(new Promise(() => undefined), { clock, afterMs: 10_000, gone: [AbortSignal.abort()] });
  await expect(asked).rejects.toBeInstanceOf(NoAnswerError);
  expect(clock.pending).toBe(0);
});
