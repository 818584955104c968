import type { Remote } from 'comlink';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { wireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type {
  CoordinatorApi,
  HandlersResult,
  HubCall,
  HubQuestion,
  HubSettings,
  HubWish,
  Reply,
  SettingDifference,
} from '../contract/rpc.js';
import type { ChannelUser } from './channel-user.js';
import { createHubChannel } from './hub-channel.js';
import type { Stay, TabClient } from './tab-client.js';

const HUB = 'https://h.test/hubs/ops';

const SETTINGS: HubSettings = {
  protocol: 'json',
  transport: null,
  skipNegotiation: false,
  withCredentials: true,
  headers: {},
  requestTimeoutMs: null,
  serverTimeoutMs: null,
  keepAliveIntervalMs: null,
  statefulReconnectBufferSize: null,
  retryDelaysMs: null,
  logLevel: null,
};

/** A tab with a worker that notes what it is told. */
function setUp() {
  const wishes: HubWish[] = [];
  const answers: { readonly questionId: string; readonly result: HandlersResult }[] = [];
  let differences: readonly SettingDifference[] = [];
  const done = { ok: true, value: undefined } as const;
  const api = {
    attach: async (wish: HubWish): Promise<Reply<unknown>> => {
      wishes.push(wish);
      return { ok: true, value: { differences } };
    },
    detach: async () => done,
    invoke: ({ method }: HubCall) => {
      invoked.push(method);
      return new Promise<never>(() => undefined);
    },
    subscribe: async () => done,
    unsubscribe: async () => done,
    answer: async (questionId: string, result: HandlersResult) => {
      if (result.kind === 'result' && typeof result.value === 'function') throw new Error('could not be cloned');
      answers.push({ questionId, result });
      return done;
    },
  };
  const invoked: string[] = [];
  const over = new AbortController();
  let reach: (() => void) | null = null;
  const stay = {
    welcome: { bootId: 'boot-1', workerLock: 'lock', contractVersion: 1 },
    api: api as unknown as Remote<CoordinatorApi>,
    events: {
      reached: (number) =>
        number === 0 ? undefined : new Promise<boolean>((resolve) => (reach = () => resolve(true))),
      hold: () => undefined,
      release: () => undefined,
      drain: () => undefined,
      close: () => undefined,
    },
    over: over.signal,
  } satisfies Stay;
  let changes = 0;
  const client = {
    stay,
    join: async () => stay,
    released: () => undefined,
    usersChanged: () => void (changes += 1),
    touch: () => undefined,
    tabId: 'tab-1',
  } as unknown as TabClient;
  return {
    wishes,
    answers,
    invoked,
    stay,
    over,
    changes: () => changes,
    channel: createHubChannel(client, HUB),
    setDifferences: (next: readonly SettingDifference[]) => (differences = next),
    reachEntry: () => (reach?.(), quiet()),
  };
}

interface FakeUser extends ChannelUser {
  readonly told: unknown[];
}

function fakeUser(
  more: Partial<ChannelUser> = {},
  handlers: Record<string, (...args: unknown[]) => unknown> = {},
): FakeUser {
  const told: unknown[] = [];
  return {
    told,
    settings: SETTINGS,
    tokenFactory: null,
    retryPolicy: null,
    reconnects: true,
    wantsLog: false,
    isStarting: false,
    identity: null,
    declaredTopics: {},
    hiddenParkMs: 1_000,
    methods: () => Object.keys(handlers),
    topicListeners: () => [],
    onRestored: () => undefined,
    handlersOf: (method) => {
      const handler = handlers[method];
      return handler === undefined ? [] : [(args) => handler(...args)];
    },
    form: (value) => value,
    log: (level, text) => told.push(`${level} ${text}`),
    onEvent: () => undefined,
    onStatus: () => undefined,
    onGap: () => undefined,
    onLog: (level, text) => told.push(`log ${level} ${text}`),
    onDifferences: (differences) => told.push(differences),
    onWorkerLost: () => undefined,
    onAbandoned: () => undefined,
    ...more,
  };
}

let fake: ReturnType<typeof setUp>;
beforeEach(() => {
  fake = setUp();
});

describe('hidden parking', () => {
  it('is put off while a start is open', async () => {
    const { channel } = fake;
    await channel.attach(fakeUser());
    expect(channel.isBusy).toBe(false);
    await channel.attach(fakeUser({ isStarting: true }));
    expect(channel.isBusy).toBe(true);
  });

  it('hears when a user comes or goes, once', async () => {
    const { channel, changes } = fake;
    const user = fakeUser();
    await channel.attach(user);
    await channel.attach(user);
    expect(changes()).toBe(1);
    await channel.detach(user);
    await channel.detach(user);
    expect(changes()).toBe(2);
  });
});

it('refuses a claim of a user that has let the hub go', async () => {
  const { channel } = fake;
  await channel.attach(fakeUser());
  await expect(channel.claim(fakeUser(), 'incident-1')).rejects.toMatchObject({ code: 'stopped' });
});

describe('the wish', () => {
  const policy = { nextRetryDelayInMilliseconds: () => 0 };

  it('says what the connections of the tab can and want together', async () => {
    const { channel, wishes } = fake;
    await channel.attach(fakeUser());
    await channel.attach(fakeUser({ retryPolicy: policy }));
    await channel.attach(fakeUser({ wantsLog: true }));
    expect(wishes.map(({ hasRetryPolicy, wantsLog }) => [hasRetryPolicy, wantsLog])).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  it('is said again when one has left, without what only that one had', async () => {
    const { channel, wishes } = fake;
    const one = fakeUser({ retryPolicy: policy, wantsLog: true });
    await channel.attach(one);
    await channel.attach(fakeUser());
    await channel.detach(one);
    // A hub that rests, for good perhaps, is not opened by one that goes.
    expect(wishes.at(-1)).toMatchObject({ hasRetryPolicy: false, wantsLog: false, opens: false });
    expect(wishes.slice(0, -1).every(({ opens }) => opens)).toBe(true);
  });

  it('asks for the settings of the connection that starts', async () => {
    const { channel, wishes } = fake;
    await channel.attach(fakeUser());
    await channel.attach(fakeUser({ settings: { ...SETTINGS, transport: 4 } }));
    expect(wishes.map(({ settings }) => settings.transport)).toEqual([null, 4]);
  });
});

it('sends what the dead worker never took before what the callbacks of the new connection call', async () => {
  const { channel, invoked } = fake;
  const call = (method: string) =>
    channel
      .call(user, { kind: 'invoke', method, args: [], streams: [], form: (item) => item })
      .outcome.catch(() => undefined);
  const user = fakeUser({ onStatus: () => void call('Second') });
  await channel.attach(user);
  void call('First');
  channel.workerLost(wireError('worker-lost', 'gone', {}));
  channel.onStatus({ phase: 'live' } as HubStatus);
  expect(invoked).toEqual(['First', 'First', 'Second']);
  await channel.detach(user);
});

it('tells nothing more to a connection that is stopped in the callback of another', async () => {
  const { channel } = fake;
  const seen: string[] = [];
  const two = fakeUser({ onStatus: () => seen.push('two') });
  await channel.attach(fakeUser({ onStatus: () => void channel.detach(two) }));
  await channel.attach(two);
  channel.onStatus({ phase: 'live' } as HubStatus);
  expect(seen).toEqual([]);
  await quiet();
});

describe('settings that are not in force', () => {
  const differences = [{ setting: 'transport', inForce: '1', asked: '4' }] as const;

  it('are told to the connection that asked for them, and to no other', async () => {
    const { channel, setDifferences } = fake;
    const [first, second] = [fakeUser(), fakeUser()];
    await channel.attach(first);
    setDifferences(differences);
    await channel.attach(second);
    expect(first.told).toEqual([]);
    expect(second.told).toEqual([differences]);
    await channel.detach(first);
    await quiet();
    expect(second.told, 'told again because another has left').toEqual([differences]);
  });

  it('are no matter when there are none', async () => {
    const user = fakeUser();
    await fake.channel.attach(user);
    expect(user.told).toEqual([]);
  });
});

describe('a question of the hub', () => {
  const question: HubQuestion = { hub: HUB, questionId: 'q-1', method: 'ask', args: [1, 'a'], after: 0 };

  it('is left to another tab when no connection here has handlers for it', async () => {
    const { channel, stay, answers } = fake;
    await channel.attach(fakeUser({}, { other: () => 1 }));
    expect(channel.takeQuestion(question, stay)).toBe(false);
    await quiet();
    expect(answers).toEqual([]);
  });

  it('is taken at once, however long the handlers take', async () => {
    const { channel, stay, answers } = fake;
    let go = (_value: string): void => undefined;
    await channel.attach(fakeUser({}, { ask: () => new Promise((resolve) => (go = resolve)) }));
    expect(channel.takeQuestion(question, stay)).toBe(true);
    await quiet();
    expect(answers).toEqual([]);
    go('late');
    await quiet();
    expect(answers).toEqual([{ questionId: 'q-1', result: { kind: 'result', value: 'late' } }]);
  });

  it('is answered by the handlers of all connections here', async () => {
    const { channel, stay, answers } = fake;
    const seen: unknown[] = [];
    await channel.attach(fakeUser({}, { ask: (...args) => void seen.push(args) }));
    await channel.attach(fakeUser({}, { ask: (...args) => args.length }));
    expect(channel.takeQuestion(question, stay)).toBe(true);
    await quiet();
    expect(seen).toEqual([[1, 'a']]);
    expect(answers).toEqual([{ questionId: 'q-1', result: { kind: 'result', value: 2 } }]);
  });

  it('runs the handlers after the events that came before it', async () => {
    const { channel, stay, answers, reachEntry } = fake;
    const handler = vi.fn(() => 1);
    await channel.attach(fakeUser({}, { ask: handler }));
    expect(channel.takeQuestion({ ...question, after: 3 }, stay)).toBe(true);
    await quiet();
    expect(handler).not.toHaveBeenCalled();
    await reachEntry();
    expect(answers).toHaveLength(1);
  });

  it('of a worker that has died meanwhile runs no handler', async () => {
    const { channel, stay, answers, over, reachEntry } = fake;
    const handler = vi.fn(() => 1);
    await channel.attach(fakeUser({}, { ask: handler }));
    channel.takeQuestion({ ...question, after: 3 }, stay);
    over.abort();
    await reachEntry();
    expect(handler).not.toHaveBeenCalled();
    expect(answers).toEqual([]);
  });

  it('whose result cannot cross to the worker is answered with that', async () => {
    const { channel, stay, answers } = fake;
    await channel.attach(fakeUser({}, { ask: () => () => 1 }));
    channel.takeQuestion(question, stay);
    await quiet();
    expect(answers).toEqual([{ questionId: 'q-1', result: { kind: 'error', text: 'Error: could not be cloned' } }]);
  });
});

describe('the retry policy', () => {
  const context = {
    previousRetryCount: 2,
    elapsedMilliseconds: 1_500,
    retryReason: wireError('connection-lost', 'The hub went away.', {}),
  };

  it('is asked with SignalR’s context, as a method of its object', async () => {
    const asked: unknown[] = [];
    const policy = {
      nextRetryDelayInMilliseconds(given: unknown): number {
        asked.push([this === policy, given]);
        return 250;
      },
    };
    await fake.channel.attach(fakeUser());
    await fake.channel.attach(fakeUser({ retryPolicy: policy }));
    expect(fake.channel.nextRetryDelay(context)).toEqual({ ok: true, value: 250 });
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
  ])('that gives %s means %s, as with SignalR', async (given, expected) => {
    await fake.channel.attach(fakeUser({ retryPolicy: { nextRetryDelayInMilliseconds: () => given as number } }));
    expect(fake.channel.nextRetryDelay(context)).toEqual({ ok: true, value: expected });
  });

  it('that throws gives up, and the log says so in SignalR’s words', async () => {
    const user = fakeUser({
      retryPolicy: {
        nextRetryDelayInMilliseconds: () => {
          throw new Error('broken');
        },
      },
    });
    await fake.channel.attach(user);
    expect(fake.channel.nextRetryDelay(context)).toEqual({ ok: true, value: null });
    expect(user.told).toEqual(["4 IRetryPolicy.nextRetryDelayInMilliseconds(2, 1500) threw error 'Error: broken'."]);
  });

  it('that has left with its connection is not asked', async () => {
    const user = fakeUser({ retryPolicy: { nextRetryDelayInMilliseconds: () => 1 } });
    await fake.channel.attach(user);
    await fake.channel.attach(fakeUser());
    await fake.channel.detach(user);
    expect(fake.channel.nextRetryDelay(context)).toMatchObject({ ok: false, error: { code: 'stopped' } });
  });
});

it('gives the log to every connection', async () => {
  const users = [fakeUser(), fakeUser()];
  for (const user of users) await fake.channel.attach(user);
  fake.channel.onLog(2, 'a line');
  expect(users.map(({ told }) => told)).toEqual([['log 2 a line'], ['log 2 a line']]);
});

describe('whether the tab may park itself', () => {
  const live = (primaryTabId: string): HubStatus =>
    ({ phase: 'live', snapshot: { primaryTabId } }) as unknown as HubStatus;

  it('is not so while a call is open, or a question is being answered', async () => {
    const { channel, stay } = fake;
    expect(channel.isBusy).toBe(false);
    let answer: (value: unknown) => void = () => undefined;
    const user = fakeUser({}, { ask: () => new Promise((resolve) => (answer = resolve)) });
    await channel.attach(user);
    expect(channel.isBusy).toBe(false);
    channel.takeQuestion({ hub: HUB, questionId: 'q-1', method: 'ask', args: [], after: 0 }, stay);
    await quiet();
    expect(channel.isBusy).toBe(true);
    answer(1);
    await quiet();
    expect(channel.isBusy).toBe(false);
    channel.call(user, { kind: 'invoke', method: 'Add', args: [], streams: [], form: (item) => item });
    expect(channel.isBusy).toBe(true);
  });

  it('is not so while it is the primary one', async () => {
    const { channel } = fake;
    await channel.attach(fakeUser());
    channel.onStatus(live('tab-1'));
    expect(channel.isBusy).toBe(true);
    channel.onStatus(live('tab-2'));
    expect(channel.isBusy).toBe(false);
  });

  it.each<[(number | null)[], number | null]>([
    [[1_000, 5_000, 2_000], 5_000],
    [[1_000, null], null],
  ])('for connections that say %j is after %j', async (limits, expected) => {
    const { channel } = fake;
    for (const hiddenParkMs of limits) await channel.attach(fakeUser({ hiddenParkMs }));
    expect(channel.hiddenParkMs).toBe(expected);
  });
});

describe('a page with two connections to the hub, of which one starts anew in its callback of a fence', () => {
  const closed = (): HubStatus =>
    ({ phase: 'closed', error: wireError('identity-changed', 'Another user.', {}) }) as HubStatus;

  it.each(['by the page', 'by the worker'])('comes with an attachment of its own (%s)', async (how) => {
    const { channel, wishes } = fake;
    const ended: FakeUser[] = [];
    const end = (user: FakeUser): void => {
      if (ended.includes(user)) return;
      ended.push(user);
      void channel.detach(user);
      if (user === first) void channel.attach(again);
    };
    const again = fakeUser();
    const first: FakeUser = fakeUser({ onAbandoned: () => end(first), onStatus: () => end(first) });
    const second: FakeUser = fakeUser({ onAbandoned: () => end(second), onStatus: () => end(second) });
    await channel.attach(first);
    await channel.attach(second);
    const { attachment, signedIn } = channel;
    const said = wishes.length;

    if (how === 'by the page') channel.fence(wireError('signed-out', 'Signed out.', {}));
    else channel.onStatus(closed());
    await quiet();
    expect(ended).toEqual([first, second]);
    expect([signedIn.aborted, channel.signedIn.aborted]).toEqual([true, false]);
    expect(channel.attachment).toBeGreaterThan(attachment);
    expect(wishes.slice(said)).toMatchObject([{ attachment: channel.attachment, opens: true }]);
  });
});

it('a page that starts as another user while its hub is at rest comes with an attachment of its own, and its topics anew', async () => {
  const { channel, wishes } = fake;
  let identity: string | null = 'ann';
  let listed = 0;
  const user = fakeUser({ topicListeners: () => ((listed += 1), []) });
  Object.defineProperty(user, 'identity', { get: () => identity });
  for (const next of ['ann', null, 'bob', 'bob']) {
    identity = next;
    await channel.attach(user);
  }
  const [first, silent, other, same] = wishes.map(({ attachment }) => attachment);
  expect([silent, same]).toEqual([first, other]);
  expect(other).toBeGreaterThan(first ?? NaN);
  expect(listed).toBe(2);
});
