import { beforeEach, describe, expect, it, vi } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { wireError } from '../contract/errors.js';
import type { HubQuestion } from '../contract/rpc.js';
import type { ChannelUser } from './channel-user.js';
import { createHubAnswers, type HubAnswers } from './hub-answers.js';
import { fakeUser } from './testing/fake-user.js';
import { notingWorker } from './testing/noting-worker.js';

const HUB = 'https://h.test/hubs/ops';

let worker: ReturnType<typeof notingWorker>;
let users: Set<ChannelUser>;
let isSignedIn: boolean;
let answers: HubAnswers;
beforeEach(() => {
  worker = notingWorker();
  users = new Set();
  isSignedIn = true;
  answers = createHubAnswers(users);
});

const take = (asked: HubQuestion): boolean => answers.takeQuestion(asked, worker.stay, () => isSignedIn);

describe('a question of the hub', () => {
  const question: HubQuestion = { hub: HUB, questionId: 'q-1', attachment: 1, method: 'ask', args: [1, 'a'], after: 0 };

  it('is left to another tab when no connection here has handlers for it', async () => {
    users.add(fakeUser({}, { other: () => 1 }));
    expect(take(question)).toBe(false);
    await quiet();
    expect(worker.answers).toEqual([]);
  });

  it('is taken at once, however long the handlers take', async () => {
    let go = (_value: string): void => undefined;
    users.add(fakeUser({}, { ask: () => new Promise((resolve) => (go = resolve)) }));
    expect(take(question)).toBe(true);
    await quiet();
    expect(worker.answers).toEqual([]);
    go('late');
    await quiet();
    expect(worker.answers).toEqual([{ questionId: 'q-1', result: { kind: 'result', value: 'late' } }]);
  });

  it('is answered by the handlers of all connections here', async () => {
    const seen: unknown[] = [];
    users.add(fakeUser({}, { ask: (...args) => void seen.push(args) }));
    users.add(fakeUser({}, { ask: (...args) => args.length }));
    expect(take(question)).toBe(true);
    await quiet();
    expect(seen).toEqual([[1, 'a']]);
    expect(worker.answers).toEqual([{ questionId: 'q-1', result: { kind: 'result', value: 2 } }]);
  });

  it('runs the handlers after the events that came before it', async () => {
    const handler = vi.fn(() => 1);
    users.add(fakeUser({}, { ask: handler }));
    expect(take({ ...question, after: 3 })).toBe(true);
    await quiet();
    expect(handler).not.toHaveBeenCalled();
    worker.reachEntry();
    await quiet();
    expect(worker.answers).toHaveLength(1);
  });

  it('of a worker that has died meanwhile runs no handler', async () => {
    const handler = vi.fn(() => 1);
    users.add(fakeUser({}, { ask: handler }));
    take({ ...question, after: 3 });
    worker.die();
    worker.reachEntry();
    await quiet();
    expect(handler).not.toHaveBeenCalled();
    expect(worker.answers).toEqual([]);
  });

  it('of a user who has signed out meanwhile runs no handler', async () => {
    const handler = vi.fn(() => 1);
    users.add(fakeUser({}, { ask: handler }));
    take({ ...question, after: 3 });
    isSignedIn = false;
    worker.reachEntry();
    await quiet();
    expect(handler).not.toHaveBeenCalled();
    expect(worker.answers).toEqual([]);
    expect(answers.isIdle).toBe(true);
  });

  it('whose result cannot cross to the worker is answered with that', async () => {
    users.add(fakeUser({}, { ask: () => () => 1 }));
    take(question);
    await quiet();
    expect(worker.answers).toEqual([
      { questionId: 'q-1', result: { kind: 'error', text: 'Error: could not be cloned' } },
    ]);
  });
});

describe('the retry policy', () => {
  const context = {
    previousRetryCount: 2,
    elapsedMilliseconds: 1_500,
    retryReason: wireError('connection-lost', 'The hub went away.', {}),
  };

  it('is asked with SignalR’s context, as a method of its object', () => {
    const asked: unknown[] = [];
    const policy = {
      nextRetryDelayInMilliseconds(given: unknown): number {
        asked.push([this === policy, given]);
        return 250;
      },
    };
    users.add(fakeUser());
    users.add(fakeUser({ retryPolicy: policy }));
    expect(answers.nextRetryDelay(context)).toEqual({ ok: true, value: 250 });
    expect(asked).toEqual([
      [true, { previousRetryCount: 2, elapsedMilliseconds: 1_500, retryReason: expect.any(Error) as Error }],
    ]);
    expect(asked).toMatchObject([[true, { retryReason: { message: 'The hub went away.', code: 'connection-lost' } }]]);
  });

  it.each<[unknown, number | null]>([
    [null, null],
    [0, 0],
    [undefined, 0],
    [-5, 0],
    [NaN, 0],
    ['fast', 0],
    [Promise.resolve(5), 0],
  ])('that gives %s means %s, as with SignalR', (given, expected) => {
    users.add(fakeUser({ retryPolicy: { nextRetryDelayInMilliseconds: () => given as number } }));
    expect(answers.nextRetryDelay(context)).toEqual({ ok: true, value: expected });
  });

  it('that throws gives up, and the log says so in SignalR’s words', () => {
    const user = fakeUser({
      retryPolicy: {
        nextRetryDelayInMilliseconds: () => {
          throw new Error('broken');
        },
      },
    });
    users.add(user);
    expect(answers.nextRetryDelay(context)).toEqual({ ok: true, value: null });
    expect(user.told).toEqual(["4 IRetryPolicy.nextRetryDelayInMilliseconds(2, 1500) threw error 'Error: broken'."]);
  });

  it('that has left with its connection is not asked', () => {
    const user = fakeUser({ retryPolicy: { nextRetryDelayInMilliseconds: () => 1 } });
    users.add(user);
    users.add(fakeUser());
    users.delete(user);
    expect(answers.nextRetryDelay(context)).toMatchObject({ ok: false, error: { code: 'stopped' } });
  });
});
