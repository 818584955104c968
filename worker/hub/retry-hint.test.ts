import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { createRetryHint, MAX_HINT_MS } from './retry-hint.js';

function setUp({ jitter = 0, spreadMs = 0, random = 0 } = {}) {
  const clock = new FakeClock(1_000_000);
  const notes: string[] = [];
  const hint = createRetryHint({
    now: () => clock.now(),
    spread: { jitter, spreadMs, random: () => random },
    note: (text) => notes.push(text),
  });
  const answered = (retryAfter: string, status = 503): void =>
    hint.answered({ status, headers: new Headers({ 'retry-after': retryAfter }) });
  return { clock, notes, hint, answered };
}

it('leaves the delays as they are while the hub has asked for nothing', () => {
  const { hint, notes } = setUp({ jitter: 1, spreadMs: 500, random: 1 });
  expect([0, 2_000, null].map((delay) => hint.lengthen(delay))).toEqual([0, 2_000, null]);
  expect(notes).toEqual([]);
});

describe('an answer', () => {
  it('sets the least wait, from the moment at which it came', async () => {
    const { clock, hint, answered, notes } = setUp();
    answered('30');
    expect(hint.lengthen(2_000)).toBe(30_000);
    await clock.advanceBy(10_000);
    expect(hint.lengthen(2_000)).toBe(20_000);
    expect(hint.lengthen(60_000)).toBe(60_000);
    expect(notes).toEqual(['the hub asks to wait 30000 ms before the next attempt']);
  });

  it('is nothing any more for an attempt after that moment', async () => {
    const { clock, hint, answered } = setUp();
    answered('30');
    await clock.advanceBy(30_000);
    expect(hint.lengthen(0)).toBe(0);
  });

  it('does not make a link try again that has given up', () => {
    const { hint, answered } = setUp();
    answered('30');
    expect(hint.lengthen(null)).toBeNull();
  });

  it('asks all clients for the same, so the wait is spread out on top', () => {
    const { hint, answered } = setUp({ jitter: 0.2, spreadMs: 500, random: 1 });
    answered('30');
    expect(hint.lengthen(2_000)).toBe(36_500);
  });

  it('is known until it is taken back, or ten minutes old', async () => {
    const { clock, hint } = setUp();
    expect(hint.isAnnounced).toBe(false);
    hint.announced([20_000]);
    expect(hint.isAnnounced).toBe(true);
    hint.announced([0]);
    expect(hint.isAnnounced).toBe(false);
    hint.announced([20_000]);
    await clock.advanceBy(MAX_HINT_MS + 1);
    expect(hint.isAnnounced).toBe(false);
  });

  it('is not shortened by what a proxy answers in place of the hub', () => {
    const { hint, answered } = setUp();
    hint.follow('live');
    hint.announced([60_000]);
    answered('1');
    hint.follow('waiting');
    expect(hint.lengthen(0)).toBe(60_000);
  });

  it('can ask for ten minutes at most', () => {
    const { hint, answered, notes } = setUp();
    answered('86400');
    expect(hint.lengthen(0)).toBe(MAX_HINT_MS);
    expect(notes).toEqual(['the hub asks to wait 86400000 ms before the next attempt, of which 600000 ms are kept to']);
  });

  it('of another status, or without a wait, changes nothing', () => {
    const { hint, answered, notes } = setUp();
    answered('30', 500);
    answered('never');
    expect(hint.lengthen(0)).toBe(0);
    expect(notes).toEqual([]);
  });
});

describe('connection.retryAfter', () => {
  it('counts from the end of the connection, not from the moment at which it was said', async () => {
    const { clock, hint } = setUp();
    hint.follow('live');
    hint.announced([20_000]);
    await clock.advanceBy(45_000);
    expect(hint.lengthen(0)).toBe(20_000);
    await clock.advanceBy(15_000);
    expect(hint.lengthen(0)).toBe(5_000);
  });

  it('counts from there also while a policy is being asked, and through an early attempt', async () => {
    const { clock, hint } = setUp();
    hint.announced([20_000]);
    hint.follow('waiting');
    await clock.advanceBy(4_000);
    hint.follow('starting');
    expect(hint.lengthen(0)).toBe(16_000);
  });

  it('is forgotten when the connection goes on for ten minutes', async () => {
    const { clock, hint } = setUp();
    hint.announced([20_000]);
    await clock.advanceBy(MAX_HINT_MS + 1);
    expect(hint.lengthen(0)).toBe(0);
  });

  it('is taken back by 0', () => {
    const { hint } = setUp();
    hint.announced([20_000]);
    hint.announced([0]);
    expect(hint.lengthen(0)).toBe(0);
  });

  it('can ask for ten minutes at most', () => {
    const { hint } = setUp();
    hint.announced([1e12]);
    expect(hint.lengthen(0)).toBe(MAX_HINT_MS);
  });

  it.each([[[]], [['20']], [[-1]], [[NaN]], [[Infinity]], [[null]], [[{ ms: 1 }]], [[1, 2]]])(
    'with %j is ignored, noted, and takes nothing back',
    (args) => {
      const { hint, notes } = setUp();
      hint.announced([20_000]);
      hint.announced(args);
      expect(hint.lengthen(0)).toBe(20_000);
      expect(notes.slice(1)).toEqual([
        'connection.retryAfter of the hub is ignored: it takes one argument, a number of milliseconds from 0',
      ]);
    },
  );
});

describe('is over', () => {
  it('when the hub is reached, whoever caused the attempt', () => {
    const { hint, answered } = setUp();
    answered('30');
    hint.follow('starting');
    hint.follow('live');
    expect(hint.lengthen(0)).toBe(0);
  });

  it('but not by an early attempt that failed', async () => {
    const { clock, hint, answered } = setUp();
    answered('30');
    expect(hint.lengthen(0)).toBe(30_000);
    await clock.advanceBy(5_000);
    hint.follow('starting');
    expect(hint.lengthen(0)).toBe(25_000);
  });

  it('for a new connection that another had announced its own end', () => {
    const { hint } = setUp();
    hint.announced([20_000]);
    hint.follow('starting');
    hint.follow('live');
    expect(hint.lengthen(0)).toBe(0);
  });

  it('but not if it came with the handshake, before the link was live', () => {
    const { hint } = setUp();
    hint.follow('starting');
    hint.announced([20_000]);
    hint.follow('live');
    expect(hint.lengthen(0)).toBe(20_000);
  });

  it.each(['answer', 'announcement'])('when nobody wants the hub any more (%s)', (what) => {
    const { hint, answered } = setUp();
    if (what === 'answer') answered('30');
    else hint.announced([30_000]);
    hint.follow('idle');
    expect(hint.lengthen(0)).toBe(0);
  });
});
