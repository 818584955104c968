import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { createFlushTurn, messageTasks } from './flush-turn.js';

function setUp(maxSpacingMs = 0) {
  const clock = new FakeClock(1_000);
  let tasks: (() => void)[] = [];
  const flushed: string[] = [];
  const schedule = createFlushTurn({ nextTask: (run) => tasks.push(run), clock, maxSpacingMs });
  return {
    clock,
    flushed,
    /** What somebody waits for. */
    schedule: (name: string) =>
      schedule(() => {
        flushed.push(name);
        return 0;
      }),
    /** Events, which can wait. */
    event: (name: string, events = 1, tabs = 10) => {
      for (let tab = 0; tab < tabs; tab += 1)
        schedule(() => {
          if (tab === 0) flushed.push(name);
          return events;
        }, true);
    },
    scheduleRaw: schedule,
    microtasks: () => Promise.resolve(),
    get tasks() {
      return tasks.length;
    },
    nextTask() {
      const due = tasks;
      tasks = [];
      for (const run of due) run();
    },
  };
}

describe('the flush turn', () => {
  it('what comes after a quiet moment is flushed at once, after the code that caused it', async () => {
    const turn = setUp();
    turn.schedule('a');
    turn.schedule('b');
    expect(turn.flushed).toEqual([]);
    await turn.microtasks();
    expect(turn.flushed).toEqual(['a', 'b']);
  });

  it('what comes while the queued tasks still run is flushed together behind them', async () => {
    const turn = setUp();
    turn.schedule('first');
    await turn.microtasks();
    turn.schedule('second');
    await turn.microtasks();
    turn.schedule('third');
    await turn.microtasks();
    expect(turn.flushed).toEqual(['first']);
    turn.nextTask();
    expect(turn.flushed).toEqual(['first', 'second', 'third']);
  });

  it('is quiet again after a task in which nothing came, and holds nothing then', async () => {
    const turn = setUp();
    turn.schedule('first');
    await turn.microtasks();
    turn.nextTask();
    expect(turn.tasks).toBe(0);
    turn.schedule('second');
    await turn.microtasks();
    expect(turn.flushed).toEqual(['first', 'second']);
  });

  it('a flush that fails keeps none of the others from running, and is reported', async () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    const turn = setUp();
    turn.scheduleRaw(() => {
      throw new Error('port');
    });
    turn.schedule('other');
    await turn.microtasks();
    expect(turn.flushed).toEqual(['other']);
    expect(reported).toHaveBeenCalledWith(new Error('port'));
    vi.unstubAllGlobals();
  });

  it('a flush that is scheduled by a flush comes in the next task', async () => {
    const turn = setUp();
    turn.scheduleRaw(() => {
      turn.schedule('again');
      return 0;
    });
    await turn.microtasks();
    expect(turn.flushed).toEqual([]);
    turn.nextTask();
    expect(turn.flushed).toEqual(['again']);
  });
});

describe('spacing', () => {
  /** Flushes one after a quiet moment, and lets its turn end. */
  async function flushOnce(turn: ReturnType<typeof setUp>, events: number, tabs = 10): Promise<void> {
    turn.event('first', events, tabs);
    await turn.microtasks();
    turn.nextTask();
  }

  it('holds an event back until 4 ms after the flush of one event, and not longer', async () => {
    const turn = setUp(16);
    await flushOnce(turn, 1);
    await turn.clock.advanceBy(2);
    turn.event('second');
    await turn.clock.advanceBy(1);
    turn.event('third');
    expect(turn.flushed).toEqual(['first']);
    await turn.clock.advanceBy(1);
    expect(turn.flushed).toEqual(['first', 'second', 'third']);
  });

  it.each([
    [2, 10, 8],
    [4, 10, 16],
    [100, 10, 16],
    [1, 50, 4],
    [2, 5, 4],
    [10, 1, 4],
    [1_000, 1, 16],
  ])('after a flush of %i events to each of %i tabs it is %i ms', async (events, tabs, spacingMs) => {
    const turn = setUp(16);
    await flushOnce(turn, events, tabs);
    turn.event('second');
    await turn.clock.advanceBy(spacingMs - 1);
    expect(turn.flushed).toEqual(['first']);
    await turn.clock.advanceBy(1);
    expect(turn.flushed).toEqual(['first', 'second']);
  });

  it.each([
    [1, 1],
    [2, 1],
    [1, 2],
  ])('after a flush of %i events to each of %i tabs there is none', async (events, tabs) => {
    const turn = setUp(16);
    await flushOnce(turn, events, tabs);
    turn.event('second');
    await turn.microtasks();
    turn.nextTask();
    expect(turn.flushed).toEqual(['first', 'second']);
    expect(turn.clock.pending).toBe(0);
  });

  it('lets an event leave at once when it is over', async () => {
    const turn = setUp(16);
    await flushOnce(turn, 1);
    await turn.clock.advanceBy(4);
    turn.event('second');
    await turn.microtasks();
    expect(turn.flushed).toEqual(['first', 'second']);
  });

  it('holds back what comes in the task behind a flush of several events, but not behind that of one', async () => {
    const turn = setUp(16);
    turn.event('first');
    await turn.microtasks();
    turn.event('rest of the burst', 8);
    turn.nextTask();
    expect(turn.flushed).toEqual(['first', 'rest of the burst']);
    turn.event('later');
    turn.nextTask();
    await turn.microtasks();
    expect(turn.flushed).toEqual(['first', 'rest of the burst']);
    await turn.clock.advanceBy(16);
    expect(turn.flushed).toEqual(['first', 'rest of the burst', 'later']);
  });

  it('lets what is waited for leave at once, and takes along what waits', async () => {
    const turn = setUp(16);
    await flushOnce(turn, 4);
    turn.event('second');
    turn.schedule('outcome');
    await turn.microtasks();
    expect(turn.flushed).toEqual(['first', 'second', 'outcome']);
    expect(turn.clock.pending).toBe(0);
  });

  it('follows no flush that posted no event', async () => {
    const turn = setUp(16);
    turn.schedule('status');
    await turn.microtasks();
    turn.nextTask();
    turn.event('event');
    await turn.microtasks();
    expect(turn.flushed).toEqual(['status', 'event']);
  });

  it('arms no timer while nothing waits', async () => {
    const turn = setUp(16);
    await flushOnce(turn, 4);
    expect(turn.clock.pending).toBe(0);
  });

  it('is not fooled by a clock that was set back', async () => {
    const turn = setUp(16);
    await flushOnce(turn, 1);
    turn.clock.jumpBy(-60_000);
    turn.event('second');
    await turn.microtasks();
    expect(turn.flushed).toEqual(['first', 'second']);
  });
});

describe('message tasks', () => {
  it('run once each, in order, in a task of their own', async () => {
    const nextTask = messageTasks();
    const ran: number[] = [];
    nextTask(() => ran.push(1));
    nextTask(() => ran.push(2));
    await Promise.resolve();
    expect(ran).toEqual([]);
    await vi.waitFor(() => expect(ran).toEqual([1, 2]));
  });
});
