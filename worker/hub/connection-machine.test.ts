import { describe, expect, it } from 'vitest';
import { wireError } from '../../src/contract/errors.js';
import { transition, type Effect, type Event, type Failure, type State } from './connection-machine.js';

type Of<K extends State['kind']> = Extract<State, { kind: K }>;

const error = wireError('hub-unreachable', 'Failed to fetch', {});
const other = wireError('connection-lost', 'WebSocket closed', {});
const again: Failure = { error, retryable: true };
const final: Failure = { error: wireError('hub-not-found', 'no hub', { httpStatus: 404 }), retryable: false };

const idle: Of<'idle'> = { kind: 'idle', run: 3 };
const starting: Of<'starting'> = { kind: 'starting', run: 3, attempt: 2, wasLive: true, error, fellAtMs: 40 };
const live: Of<'live'> = { kind: 'live', run: 3, connectionId: 'c-3', sinceMs: 50 };
const waiting: Of<'waiting'> = {
  kind: 'waiting',
  run: 3,
  attempt: 2,
  wasLive: true,
  error,
  fellAtMs: 40,
  retryAtMs: 900,
};
const asking: Of<'waiting'> = { ...waiting, retryAtMs: null };
const resting: Of<'resting'> = { kind: 'resting', run: 3, attempt: 5, wasLive: true, error, final: false };
const restingForGood: Of<'resting'> = { ...resting, final: true };

const started = (run = 3): Event => ({ type: 'started', run, connectionId: 'c-new', atMs: 100 });
const failed = (run = 3, failure = again): Event => ({ type: 'failed', run, failure, atMs: 100 });
const lost = (run = 3, failure = again): Event => ({ type: 'lost', run, failure, atMs: 100 });
const retryDue = (run = 3): Event => ({ type: 'retry-due', run });
const said = (delayMs: number | null, run = 3): Event => ({ type: 'delay-known', run, delayMs, atMs: 150 });

const step = (state: State, event: Event, delayMs: number | null | 'ask' = 2_000) =>
  transition(state, event, () => delayMs);

describe('ignores', () => {
  it.each<[string, State, Event]>([
    ['an open while it starts', starting, { type: 'open' }],
    ['an open while it is live', live, { type: 'open' }],
    ['an open while a retry is due', waiting, { type: 'open' }],

    ['a wake when nobody wants the hub', idle, { type: 'wake' }],
    ['a wake while it starts', starting, { type: 'wake' }],
    ['a wake while it is live', live, { type: 'wake' }],
    ['a wake while a retry is due', waiting, { type: 'wake' }],

    ['a retry-now when nobody wants the hub', idle, { type: 'retry-now' }],
    ['a retry-now while it starts', starting, { type: 'retry-now' }],
    ['a retry-now while it is live', live, { type: 'retry-now' }],

    ['a reconnect when nobody wants the hub', idle, { type: 'reconnect' }],
    ['a reconnect while it starts', starting, { type: 'reconnect' }],

    ['a start that succeeds after close', idle, started()],
    ['a start that succeeds twice', live, started()],
    ['a start that succeeds after it was given up', waiting, started()],
    ['a wake when trying again cannot help', restingForGood, { type: 'wake' }],
    ['a retry-now when trying again cannot help', restingForGood, { type: 'retry-now' }],
    ['a start that succeeds after the last attempt', resting, started()],
    ['an older start that succeeds during the next', starting, started(2)],
    ['an older start that succeeds when live', live, started(2)],

    ['a start that fails after close', idle, failed()],
    ['a start that fails after it had succeeded', live, failed()],
    ['a start that fails twice', waiting, failed()],
    ['a start that fails after the last attempt', resting, failed()],
    ['an older start that fails during the next', starting, failed(2)],
    ['a failure of a run that is still to come', starting, failed(4)],

    ['a loss after close', idle, lost()],
    ['a loss during a start', starting, lost()],
    ['a loss that is told twice', waiting, lost()],
    ['a loss when all attempts are used up', resting, lost()],
    ['the loss of an older connection', live, lost(2)],
    ['the loss of a connection that is still to come', live, lost(4)],

    ['a retry that falls due after close', idle, retryDue()],
    ['a retry that falls due during a start', starting, retryDue()],
    ['a retry that falls due when live', live, retryDue()],
    ['a retry that falls due after the last attempt', resting, retryDue()],
    ['the retry of an older run', waiting, retryDue(2)],

    ['a policy that answers after close', idle, said(1)],
    ['a policy that answers when the next start is under way', starting, said(1)],
    ['a policy that answers when it is live', live, said(1)],
    ['a policy that answers twice', waiting, said(1)],
    ['a policy that answers after the last attempt', resting, said(1)],
    ['a policy that answers about an older run', asking, said(1, 2)],

    ['a close when nobody wants the hub', idle, { type: 'close' }],
  ])('%s', (_, state, event) => {
    expect(step(state, event)).toEqual({ state, effects: [] });
    expect(step(state, event).state).toBe(state);
  });
});

describe('moves', () => {
  it.each<[string, State, Event, State, Effect[]]>([
    [
      'from idle to the first start when somebody wants the hub',
      idle,
      { type: 'open' },
      { kind: 'starting', run: 4, attempt: 0, wasLive: false, error: null, fellAtMs: null },
      [{ type: 'start', run: 4 }],
    ],
    [
      'to live when the start succeeds',
      starting,
      started(),
      { kind: 'live', run: 3, connectionId: 'c-new', sinceMs: 100 },
      [],
    ],
    [
      'to waiting when a start fails, one attempt further',
      starting,
      failed(),
      { kind: 'waiting', run: 3, attempt: 3, wasLive: true, error, fellAtMs: 40, retryAtMs: 2_100 },
      [{ type: 'arm-retry', run: 3, atMs: 2_100 }],
    ],
    [
      'to waiting for attempt 1 when the connection is lost',
      live,
      lost(),
      { kind: 'waiting', run: 3, attempt: 1, wasLive: true, error, fellAtMs: 100, retryAtMs: 2_100 },
      [{ type: 'arm-retry', run: 3, atMs: 2_100 }],
    ],
    [
      'to the next run when the retry is due',
      waiting,
      retryDue(),
      { kind: 'starting', run: 4, attempt: 2, wasLive: true, error, fellAtMs: 40 },
      [{ type: 'start', run: 4 }],
    ],
    [
      'to the next run at retry-now, without the timer and without counting the attempt',
      waiting,
      { type: 'retry-now' },
      { kind: 'starting', run: 4, attempt: 1, wasLive: true, error, fellAtMs: 40 },
      [{ type: 'disarm-retry' }, { type: 'start', run: 4 }],
    ],
    [
      'to the next run at reconnect while a retry is due, without the timer',
      waiting,
      { type: 'reconnect' },
      { kind: 'starting', run: 4, attempt: 1, wasLive: true, error, fellAtMs: 40 },
      [{ type: 'disarm-retry' }, { type: 'start', run: 4 }],
    ],
    [
      'to a new connection at reconnect when live, after the old one is stopped',
      live,
      { type: 'reconnect' },
      { kind: 'starting', run: 4, attempt: 0, wasLive: true, error: null, fellAtMs: null },
      [
        { type: 'stop', run: 3 },
        { type: 'start', run: 4 },
      ],
    ],
    ...(['open', 'wake', 'retry-now', 'reconnect'] as const).map((type): [string, State, Event, State, Effect[]] => [
      `from resting to a new series of attempts at ${type}`,
      resting,
      { type },
      { kind: 'starting', run: 4, attempt: 0, wasLive: true, error, fellAtMs: null },
      [{ type: 'start', run: 4 }],
    ]),
    ...(['open', 'reconnect'] as const).map((type): [string, State, Event, State, Effect[]] => [
      `from resting for good to a new series of attempts at ${type}, for somebody asks for it`,
      restingForGood,
      { type },
      { kind: 'starting', run: 4, attempt: 0, wasLive: true, error, fellAtMs: null },
      [{ type: 'start', run: 4 }],
    ]),
    [
      'to idle at close, and stops a start',
      starting,
      { type: 'close' },
      { kind: 'idle', run: 3 },
      [{ type: 'stop', run: 3 }],
    ],
    [
      'to idle at close, and stops a live connection',
      live,
      { type: 'close' },
      { kind: 'idle', run: 3 },
      [{ type: 'stop', run: 3 }],
    ],
    [
      'to idle at close, and disarms the retry',
      waiting,
      { type: 'close' },
      { kind: 'idle', run: 3 },
      [{ type: 'disarm-retry' }],
    ],
    ['to idle at close from resting, with nothing to end', resting, { type: 'close' }, { kind: 'idle', run: 3 }, []],
  ])('%s', (_, state, event, expected, effects) => {
    expect(step(state, event)).toEqual({ state: expected, effects });
  });

  it('to resting when the delays are used up, counting the attempts that were made', () => {
    expect(step({ ...starting, attempt: 5 }, failed(), null)).toEqual({
      state: { kind: 'resting', run: 3, attempt: 5, wasLive: true, error, final: false },
      effects: [],
    });
  });

  it.each([
    ['a start', starting, failed(3, final), 2],
    ['a live connection', live, lost(3, final), 0],
  ])('to resting when %s ends in a way that retrying cannot mend', (_, state, event, attempt) => {
    expect(step(state, event)).toEqual({
      state: { kind: 'resting', run: 3, attempt, wasLive: true, error: final.error, final: true },
      effects: [],
    });
  });

  it('to resting without an error when the hub closed without one', () => {
    expect(step(live, lost(3, { error: null, retryable: false }))).toMatchObject({
      state: { kind: 'resting', error: null },
      effects: [],
    });
  });
});

describe('a policy that has to be asked', () => {
  it('is asked about retry 0 at the moment of the loss, and nothing is armed', () => {
    expect(step(live, lost(), 'ask')).toEqual({
      state: { kind: 'waiting', run: 3, attempt: 1, wasLive: true, error, fellAtMs: 100, retryAtMs: null },
      effects: [
        {
          type: 'ask-retry-delay',
          run: 3,
          context: { previousRetryCount: 0, elapsedMilliseconds: 0, retryReason: error },
        },
      ],
    });
  });

  it('is told how many retries there were and how long ago the loss was', () => {
    expect(step(starting, failed(), 'ask').effects).toEqual([
      {
        type: 'ask-retry-delay',
        run: 3,
        context: { previousRetryCount: 2, elapsedMilliseconds: 60, retryReason: error },
      },
    ]);
  });

  it('counts from the first failure where the hub was never live', () => {
    const first = step({ ...starting, attempt: 0, wasLive: false, fellAtMs: null }, failed(), 'ask');
    expect(first.state).toMatchObject({ kind: 'waiting', attempt: 1, fellAtMs: 100 });
  });

  it('sets the time by its answer, from the moment of the answer', () => {
    expect(step(asking, said(500))).toEqual({
      state: { ...asking, retryAtMs: 650 },
      effects: [{ type: 'arm-retry', run: 3, atMs: 650 }],
    });
  });

  it('gives up by null', () => {
    expect(step(asking, said(null))).toEqual({
      state: { kind: 'resting', run: 3, attempt: 1, wasLive: true, error, final: false },
      effects: [],
    });
  });

  it.each(['retry-now', 'reconnect'] as const)('is not waited for at %s', (type) => {
    expect(step(asking, { type })).toEqual({
      state: { kind: 'starting', run: 4, attempt: 1, wasLive: true, error, fellAtMs: 40 },
      effects: [{ type: 'disarm-retry' }, { type: 'start', run: 4 }],
    });
  });

  it('is not waited for at close', () => {
    expect(step(asking, { type: 'close' })).toEqual({
      state: { kind: 'idle', run: 3 },
      effects: [{ type: 'disarm-retry' }],
    });
  });
});

describe('remembers', () => {
  it('that it was never live, through failed starts and a rest', () => {
    let state = step({ kind: 'idle', run: 0 }, { type: 'open' }).state;
    state = step(state, failed(1)).state;
    expect(state).toMatchObject({ kind: 'waiting', wasLive: false, attempt: 1 });
    state = step(state, retryDue(1)).state;
    state = step(state, failed(2), null).state;
    expect(state).toMatchObject({ kind: 'resting', wasLive: false, attempt: 1 });
    expect(step(state, { type: 'wake' }).state).toMatchObject({ kind: 'starting', wasLive: false, attempt: 0 });
  });

  it('the newest error', () => {
    expect(step(starting, failed(3, { error: other, retryable: true })).state).toMatchObject({ error: other });
  });

  it('no error and no attempts once it is live', () => {
    const state = step(step(starting, started()).state, lost()).state;
    expect(state).toMatchObject({ kind: 'waiting', attempt: 1 });
  });

  it('the run after close, so that late news of it is not taken for news of the next', () => {
    const closed = step(starting, { type: 'close' }).state;
    const next = step(closed, { type: 'open' }).state;
    expect(next).toMatchObject({ kind: 'starting', run: 4 });
    expect(step(next, started(3)).state).toBe(next);
  });
});

it('asks for the delay of the attempt that is next', () => {
  const asked: number[] = [];
  const policy = (attempt: number): number => asked.push(attempt);
  transition(live, lost(), policy);
  transition({ ...starting, attempt: 0 }, failed(), policy);
  transition({ ...starting, attempt: 4 }, failed(), policy);
  expect(asked).toEqual([1, 1, 5]);
});

it('asks for no delay when retrying cannot help', () => {
  transition(live, lost(3, final), () => expect.unreachable());
});
