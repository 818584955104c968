import type { Remote } from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { wireError, type WireError } from '../contract/errors.js';
import type { CallOutcome, CoordinatorApi, Reply } from '../contract/rpc.js';
import { MAX_TOPICS, type TopicDeclaration, type TopicKey } from '../contract/topics.js';
import { withLearned } from './declared-topics.js';
import type { Stay } from './tab-client.js';
import { createTopicKeys, type TopicListener } from './topics.js';

const HUB = 'https://h.test/hubs/ops';
const LAST: Reply<unknown> = { ok: true, value: { retain: 'last', declaration: null } };
const NONE: Reply<unknown> = { ok: true, value: { retain: 'none', declaration: null } };
const REFUSED = wireError('topic-refused', 'Not for you.', { topic: 'metric', key: 'cpu' });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 10_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A worker that answers when the test says so. */
function fakeStay() {
  const said: string[] = [];
  const answers: ((outcome: CallOutcome) => void)[] = [];
  let reach: (() => void) | null = null;
  let held: Promise<boolean> | undefined;
  const api = {
    joinTopic: (hub: string, topic: string, key: TopicKey) => {
      said.push(`join ${hub === HUB ? '' : hub}${topic} ${JSON.stringify(key)}`);
      return new Promise<CallOutcome>((resolve) => answers.push(resolve));
    },
    leaveTopic: async (_hub: string, topic: string, key: TopicKey) => {
      said.push(`leave ${topic} ${JSON.stringify(key)}`);
      return { ok: true };
    },
  };
  const stay = {
    welcome: { bootId: 'boot-1', workerLock: 'lock', contractVersion: 1 },
    api: api as unknown as Remote<CoordinatorApi>,
    events: {
      reached: (number: number) =>
        number === 0 ? held : new Promise<boolean>((resolve) => (reach = () => resolve(true))),
      hold: () => undefined,
      release: () => undefined,
      drain: () => undefined,
      close: () => undefined,
    },
    over: new AbortController().signal,
    isAway: () => false,
  } satisfies Stay;
  return {
    stay,
    said,
    answer: (reply: Reply<unknown> = LAST, after = 0) => (answers.shift()!({ after, reply }), quiet()),
    reachEntry: () => (reach?.(), quiet()),
    /** Entries wait for the release that this gives. */
    holdEntries: (): ((isReached: boolean) => Promise<void>) => {
      let release: (isReached: boolean) => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      return (isReached) => {
        held = undefined;
        release(isReached);
        return quiet();
      };
    },
  };
}

function listen(topic = 'metric', key: TopicKey = 'cpu') {
  const heard: string[] = [];
  const listener: TopicListener = {
    topic,
    key,
    onValue: (args, atMs) => heard.push(`${JSON.stringify(args)}${atMs === null ? '' : ` of ${atMs}`}`),
    onJoined: () => heard.push('joined'),
    onRefused: (error: WireError) => heard.push(error.code),
  };
  return { listener, heard };
}

function setUp() {
  const worker = fakeStay();
  let told: Stay | null = worker.stay;
  const topics = createTopicKeys(HUB, () => told);
  return { worker, topics, setStay: (stay: Stay | null) => (told = stay) };
}

describe('what a topic is', () => {
  const declaration: TopicDeclaration = {
    event: 'metric',
    join: 'JoinMetric',
    leave: 'LeaveMetric',
    keyPath: [0, 'name'],
    retain: 'last',
  };

  it('is learned with the first key that is joined, and known while one is held', async () => {
    const { worker, topics } = setUp();
    const { listener } = listen();
    topics.hold(listener);
    expect(topics.learned).toEqual({});
    await worker.answer({ ok: true, value: { retain: 'last', declaration } });
    expect(topics.learned).toEqual({ metric: declaration });
    topics.letGo(listener);
    expect(topics.learned).toEqual({});
  });

  it('that the app’s worker has declared is not this tab’s to tell', async () => {
    const { worker, topics } = setUp();
    topics.hold(listen().listener);
    await worker.answer(LAST);
    expect(topics.learned).toEqual({});
  });

  it('goes to a worker after what this tab declares itself, and never as more than it takes', () => {
    const own = { metric: { ...declaration, retain: 'none' } } as const;
    expect(withLearned(own, { metric: declaration, room: declaration })).toEqual({ ...own, room: declaration });
    const many = Object.fromEntries(Array.from({ length: MAX_TOPICS }, (_, n) => [`t${n}`, declaration]));
    expect(Object.keys(withLearned(own, many))).toHaveLength(MAX_TOPICS);
  });
});

describe('a key', () => {
  it('is asked for when the first subscription comes, and let go with the last', async () => {
    const { worker, topics } = setUp();
    const [one, other] = [listen(), listen()];
    topics.hold(one.listener);
    topics.hold(other.listener);
    await worker.answer();
    topics.letGo(one.listener);
    expect(worker.said).toEqual(['join metric "cpu"']);
    topics.letGo(other.listener);
    expect(worker.said).toEqual(['join metric "cpu"', 'leave metric "cpu"']);
    expect([one.heard, other.heard]).toEqual([['joined'], ['joined']]);
  });

  it.each(['released', 'fenced'])(
    'gives a second subscription what it has only when entries are not held: %s',
    async (how) => {
      const { worker, topics } = setUp();
      const [one, other] = [listen(), listen()];
      topics.hold(one.listener);
      await worker.answer();
      topics.onEvent('metric', 'cpu', [1]);
      // The page has come back, and does not know yet whether its user is still signed in.
      const release = worker.holdEntries();
      topics.hold(other.listener);
      await quiet();
      expect(other.heard).toEqual([]);
      if (how === 'fenced') topics.clear();
      await release(true);
      expect(other.heard).toEqual(how === 'fenced' ? [] : ['[1] of 10000', 'joined']);
    },
  );

  it('is the same as a number and as a text, and goes over as the first gave it', () => {
    const { worker, topics } = setUp();
    topics.hold(listen('room', 1).listener);
    topics.hold(listen('room', '1').listener);
    expect(worker.said).toEqual(['join room 1']);
  });

  it('hears its own events only', async () => {
    const { worker, topics } = setUp();
    const [cpu, disk] = [listen(), listen('metric', 'disk')];
    for (const { listener } of [cpu, disk]) topics.hold(listener);
    await worker.answer();
    await worker.answer();
    topics.onEvent('metric', 'cpu', [1, 'x']);
    topics.onEvent('host', 'cpu', [2]);
    expect(cpu.heard).toEqual(['joined', '[1,"x"]']);
    expect(disk.heard).toEqual(['joined']);
  });

  it('that was let go hears nothing of its answer, also when it is held anew meanwhile', async () => {
    const { worker, topics } = setUp();
    const [before, after] = [listen(), listen()];
    topics.hold(before.listener);
    topics.letGo(before.listener);
    topics.hold(after.listener);
    expect(worker.said).toEqual(['join metric "cpu"', 'leave metric "cpu"', 'join metric "cpu"']);
    await worker.answer({ ok: false, error: REFUSED });
    expect([before.heard, after.heard]).toEqual([[], []]);
    await worker.answer();
    expect([before.heard, after.heard]).toEqual([[], ['joined']]);
  });

  it('is not left where it was never asked for', () => {
    const { worker, topics, setStay } = setUp();
    setStay(null);
    const { listener } = listen();
    topics.hold(listener);
    setStay(worker.stay);
    topics.letGo(listener);
    topics.say(worker.stay);
    expect(worker.said).toEqual([]);
  });

  it('that nobody has subscribed to is nothing to let go', () => {
    const { worker, topics } = setUp();
    topics.letGo(listen().listener);
    expect(worker.said).toEqual([]);
  });
});

describe('the retained value', () => {
  it('of the worker comes before the join is told', async () => {
    const { worker, topics } = setUp();
    const { listener, heard } = listen();
    topics.hold(listener);
    await worker.answer(LAST, 5);
    expect(heard).toEqual([]);
    topics.onRetained('metric', 'cpu', [7], 4_000);
    await worker.reachEntry();
    expect(heard).toEqual(['[7] of 4000', 'joined']);
  });

  it('is given to a later subscription by the tab itself, not before it was subscribed', async () => {
    const { worker, topics } = setUp();
    topics.hold(listen().listener);
    await worker.answer();
    topics.onEvent('metric', 'cpu', [1]);
    vi.setSystemTime(13_000);
    const { listener, heard } = listen();
    topics.hold(listener);
    expect(heard).toEqual([]);
    await quiet();
    expect(heard).toEqual(['[1] of 10000', 'joined']);
    expect(worker.said).toHaveLength(1);
  });

  it('is not given after a newer one that came first', async () => {
    const { worker, topics } = setUp();
    topics.hold(listen().listener);
    await worker.answer();
    topics.onEvent('metric', 'cpu', [1]);
    const { listener, heard } = listen();
    topics.hold(listener);
    topics.onEvent('metric', 'cpu', [2]);
    await quiet();
    expect(heard).toEqual(['[2]', 'joined']);
  });

  it('is given to whoever subscribes while the tab is still asking', async () => {
    const { worker, topics } = setUp();
    topics.hold(listen().listener);
    topics.onEvent('metric', 'cpu', [1]);
    const { listener, heard } = listen();
    topics.hold(listener);
    await worker.answer();
    expect(heard).toEqual(['[1] of 10000', 'joined']);
  });

  it('is not given twice when the key is joined anew', async () => {
    const { worker, topics, setStay } = setUp();
    const { listener, heard } = listen();
    topics.hold(listener);
    await worker.answer();
    topics.onEvent('metric', 'cpu', [1]);
    const next = fakeStay();
    setStay(next.stay);
    topics.say(next.stay);
    topics.onRetained('metric', 'cpu', [1], 9_999);
    await next.answer();
    expect(heard).toEqual(['joined', '[1]']);
    topics.onRetained('metric', 'cpu', [2], 9_999);
    expect(heard.slice(2), 'a newer value, however late this tab was').toEqual(['[2] of 9999']);
  });

  it('is not kept for a topic that retains none', async () => {
    const { worker, topics } = setUp();
    topics.hold(listen().listener);
    topics.onEvent('metric', 'cpu', [1]);
    await worker.answer(NONE);
    topics.onEvent('metric', 'cpu', [2]);
    const { listener, heard } = listen();
    topics.hold(listener);
    await quiet();
    expect(heard).toEqual(['joined']);
  });

  it('is gone with the last subscription', async () => {
    const { worker, topics } = setUp();
    const first = listen();
    topics.hold(first.listener);
    await worker.answer();
    topics.onEvent('metric', 'cpu', [1]);
    topics.letGo(first.listener);
    const { listener, heard } = listen();
    topics.hold(listener);
    await worker.answer();
    expect(heard).toEqual(['joined']);
  });

  it('is not given to a subscription that ended in the same turn', async () => {
    const { worker, topics } = setUp();
    topics.hold(listen().listener);
    await worker.answer();
    topics.onEvent('metric', 'cpu', [1]);
    const { listener, heard } = listen();
    topics.hold(listener);
    topics.letGo(listener);
    await quiet();
    expect(heard).toEqual([]);
  });
});

describe('a refusal', () => {
  it('ends every subscription of the key, and the next one asks again', async () => {
    const { worker, topics } = setUp();
    const [one, other, disk] = [listen(), listen(), listen('metric', 'disk')];
    for (const { listener } of [one, other, disk]) topics.hold(listener);
    await worker.answer({ ok: false, error: REFUSED });
    expect([one.heard, other.heard, disk.heard]).toEqual([['topic-refused'], ['topic-refused'], []]);
    topics.onEvent('metric', 'cpu', [1]);
    topics.letGo(one.listener);
    topics.hold(listen().listener);
    expect(one.heard).toEqual(['topic-refused']);
    expect(worker.said).toEqual(['join metric "cpu"', 'join metric "disk"', 'join metric "cpu"']);
  });

  it('after a reconnect ends them as well', async () => {
    const { worker, topics } = setUp();
    const { listener, heard } = listen();
    topics.hold(listener);
    await worker.answer();
    topics.onRefused('metric', 'cpu', REFUSED);
    topics.onEvent('metric', 'cpu', [1]);
    expect(heard).toEqual(['joined', 'topic-refused']);
  });

  it('of an earlier hold does not end a key that is being asked for anew', async () => {
    const { worker, topics } = setUp();
    const { listener, heard } = listen();
    topics.hold(listener);
    topics.onRefused('metric', 'cpu', REFUSED);
    await worker.answer();
    expect(heard).toEqual(['joined']);
  });

  it('of a call that could not cross is one too', async () => {
    const { worker, topics } = setUp();
    worker.stay.api.joinTopic = (() => Promise.reject(new Error('could not be cloned'))) as never;
    const { listener, heard } = listen();
    topics.hold(listener);
    await quiet();
    expect(heard).toEqual(['worker-failed']);
  });

  it.each(['stopped', 'signed-out', 'identity-changed', 'not-connected'] as const)(
    'because there is no connection (%s) is none: the key is asked for again',
    async (code) => {
      const { worker, topics } = setUp();
      const { listener, heard } = listen();
      topics.hold(listener);
      await worker.answer({ ok: false, error: wireError(code, 'No connection.', {}) });
      expect(heard).toEqual([]);
      topics.say(worker.stay);
      await worker.answer();
      expect(heard).toEqual(['joined']);
    },
  );
});

describe('a new worker', () => {
  it('is told every key once, and a subscription that was joined is not told again', async () => {
    const { worker, topics, setStay } = setUp();
    const [joined, pending] = [listen(), listen('metric', 'disk')];
    topics.hold(joined.listener);
    await worker.answer();
    topics.hold(pending.listener);
    const next = fakeStay();
    setStay(next.stay);
    topics.say(next.stay);
    topics.say(next.stay);
    expect(next.said).toEqual(['join metric "cpu"', 'join metric "disk"']);
    await next.answer();
    await next.answer();
    expect([joined.heard, pending.heard]).toEqual([['joined'], ['joined']]);
  });

  it('decides, whatever the dead one still says', async () => {
    const { worker, topics, setStay } = setUp();
    const { listener, heard } = listen();
    topics.hold(listener);
    const next = fakeStay();
    setStay(next.stay);
    topics.say(next.stay);
    await worker.answer({ ok: false, error: REFUSED });
    expect(heard).toEqual([]);
    await next.answer();
    expect(heard).toEqual(['joined']);
  });

  it('may refuse what the one before had joined', async () => {
    const { worker, topics, setStay } = setUp();
    const { listener, heard } = listen();
    topics.hold(listener);
    await worker.answer();
    const next = fakeStay();
    setStay(next.stay);
    topics.say(next.stay);
    await next.answer({ ok: false, error: REFUSED });
    expect(heard).toEqual(['joined', 'topic-refused']);
  });

  it('is not told of a key that was let go while there was none', async () => {
    const { worker, topics, setStay } = setUp();
    const { listener } = listen();
    topics.hold(listener);
    await worker.answer();
    setStay(null);
    topics.letGo(listener);
    const next = fakeStay();
    setStay(next.stay);
    topics.say(next.stay);
    expect(next.said).toEqual([]);
    expect(worker.said).toEqual(['join metric "cpu"']);
  });
});

it('tells a subscription made in a handler nothing of the event that is being told', async () => {
  const { worker, topics } = setUp();
  const late = listen();
  const { listener } = listen();
  topics.hold({ ...listener, onValue: () => topics.hold(late.listener) });
  await worker.answer(NONE);
  topics.onEvent('metric', 'cpu', [1]);
  expect(late.heard).toEqual([]);
});

it('forgets all keys with the hub', async () => {
  const { worker, topics } = setUp();
  const { listener, heard } = listen();
  topics.hold(listener);
  topics.clear();
  await worker.answer();
  topics.say(worker.stay);
  expect(heard).toEqual([]);
  expect(worker.said).toEqual(['join metric "cpu"']);
});
