import { describe, expect, it, vi } from 'vitest';
import { createFlushTurn, messageTasks } from './flush-turn.js';

function setUp() {
  let tasks: (() => void)[] = [];
  const flushed: string[] = [];
  const schedule = createFlushTurn((run) => tasks.push(run));
  return {
    flushed,
    schedule: (name: string) => schedule(() => flushed.push(name)),
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
    turn.scheduleRaw(() => turn.schedule('again'));
    await turn.microtasks();
    expect(turn.flushed).toEqual([]);
    turn.nextTask();
    expect(turn.flushed).toEqual(['again']);
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
