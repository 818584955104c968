import { beforeEach, describe, expect, it } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { errorFromWire, wireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type { HubQuestion } from '../contract/rpc.js';
import { createHubChannel, type HubChannel } from './hub-channel.js';
import type { TabClient } from './tab-client.js';
import { fakeUser, type FakeUser } from './testing/fake-user.js';
import { notingWorker } from './testing/noting-worker.js';

const HUB = 'https://h.test/hubs/ops';

let worker: ReturnType<typeof notingWorker>;
let channel: HubChannel;
beforeEach(() => {
  worker = notingWorker();
  channel = createHubChannel(worker.client, HUB);
});

describe('hidden parking', () => {
  it('is put off while a start is open', async () => {
    await channel.attach(fakeUser());
    expect(channel.isBusy).toBe(false);
    await channel.attach(fakeUser({ isStarting: true }));
    expect(channel.isBusy).toBe(true);
  });

  it('hears when a user comes or goes, once', async () => {
    const { changes } = worker;
    const user = fakeUser();
    await channel.attach(user);
    await channel.attach(user);
    expect(changes()).toBe(1);
    await channel.detach(user);
    await channel.detach(user);
    expect(changes()).toBe(2);
  });
});

it('sends what the dead worker never took before what the callbacks of the new connection call', async () => {
  const { invoked } = worker;
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
    const { setDifferences } = worker;
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
    await channel.attach(user);
    expect(user.told).toEqual([]);
  });
});

it('answers no question of a user who has signed out while it waited for its turn', async () => {
  let asked = 0;
  await channel.attach(fakeUser({}, { ask: () => (asked += 1) }));
  channel.takeQuestion(questionOf(channel, 3), worker.stay);
  channel.fence(wireError('signed-out', 'Signed out.', {}));
  worker.reachEntry();
  await quiet();
  expect([asked, worker.answers]).toEqual([0, []]);
});

it('answers no question that was asked before the connection started anew', async () => {
  let asked = 0;
  const user = fakeUser({}, { ask: () => (asked += 1) });
  await channel.attach(user);
  const late = questionOf(channel, 0);
  channel.fence(wireError('signed-out', 'Signed out.', {}));
  await channel.detach(user);
  await channel.attach(user);
  expect(channel.takeQuestion(late, worker.stay)).toBe(false);
  expect(channel.takeQuestion(questionOf(channel, 0), worker.stay)).toBe(true);
  await quiet();
  expect(asked).toBe(1);
});

it('keeps a connection that came anew when what it had asked before its sign-out is refused', async () => {
  let refuse = (): void => undefined;
  worker.takeAfter(new Promise((_resolve, reject) => (refuse = () => reject(new Error('signed out')))));
  const user = fakeUser();
  const first = channel.attach(user);
  await quiet();
  channel.fence(wireError('signed-out', 'Signed out.', {}));
  void channel.detach(user);
  worker.takeAfter(Promise.resolve());
  await channel.attach(user);
  refuse();
  await expect(first).rejects.toThrow('signed out');
  await quiet();
  expect(worker.said).toEqual(worker.wishes.map(({ attachment }) => `attach ${attachment}`));
  expect(channel.isUsed).toBe(true);
});

it('says nothing of a connection that came anew by the answer to what the one before had asked', async () => {
  let take = (): void => undefined;
  worker.takeAfter(new Promise<void>((resolve) => (take = resolve)));
  const [one, two] = [fakeUser(), fakeUser()];
  void channel.attach(one);
  await quiet();
  void channel.detach(one);
  take();
  worker.takeAfter(new Promise<void>((resolve) => (take = resolve)));
  void channel.attach(two);
  channel.claim(two, 'incident-1').catch(() => undefined);
  await quiet();
  const [first, second] = worker.wishes.map(({ attachment }) => `attach ${attachment}`);
  expect(worker.said).toEqual([first, 'detach', second]);
  take();
  await quiet();
  expect(worker.said).toEqual([first, 'detach', second, 'claim incident-1']);
  await channel.detach(two);
});

it('gives the log to every connection', async () => {
  const users = [fakeUser(), fakeUser()];
  for (const user of users) await channel.attach(user);
  channel.onLog(2, 'a line');
  expect(users.map(({ told }) => told)).toEqual([['log 2 a line'], ['log 2 a line']]);
});

describe('whether the tab may park itself', () => {
  const live = (primaryTabId: string): HubStatus =>
    ({ phase: 'live', snapshot: { primaryTabId } }) as unknown as HubStatus;

  it('is not so while a call is open, or a question is being answered', async () => {
    const { stay } = worker;
    expect(channel.isBusy).toBe(false);
    let answer: (value: unknown) => void = () => undefined;
    const user = fakeUser({}, { ask: () => new Promise((resolve) => (answer = resolve)) });
    await channel.attach(user);
    expect(channel.isBusy).toBe(false);
    channel.takeQuestion(questionOf(channel, 0), stay);
    await quiet();
    expect(channel.isBusy).toBe(true);
    answer(1);
    await quiet();
    expect(channel.isBusy).toBe(false);
    channel.call(user, { kind: 'invoke', method: 'Add', args: [], streams: [], form: (item) => item });
    expect(channel.isBusy).toBe(true);
  });

  it('is not so while it is the primary one', async () => {
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
    for (const hiddenParkMs of limits) await channel.attach(fakeUser({ hiddenParkMs }));
    expect(channel.hiddenParkMs).toBe(expected);
  });
});

describe('a page with two connections to the hub, of which one starts anew in its callback of a fence', () => {
  const closed = (): HubStatus =>
    ({ phase: 'closed', error: wireError('identity-changed', 'Another user.', {}) }) as HubStatus;

  it.each(['by the page', 'by the worker'])('comes with an attachment of its own (%s)', async (how) => {
    const { wishes } = worker;
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
  const { wishes } = worker;
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

describe('a user that starts', () => {
  const at = (phase: HubStatus['phase'], error: HubStatus['error'] = null) => ({ phase, error }) as HubStatus;

  it('is told nothing of the time before the worker has taken its wish; the others are', async () => {
    const seen: string[] = [];
    const note = (who: string) => ({ onStatus: ({ phase }: HubStatus) => void seen.push(`${who} ${phase}`) });
    await channel.attach(fakeUser(note('there')));
    await channel.attach(fakeUser({ ...note('starting'), isStarting: true }));
    channel.onStatus(at('resting'));
    const [first, second] = worker.wishes.map(({ opening }) => opening);
    expect(second).toBeGreaterThan(first!);
    channel.onOpening(first!);
    channel.onStatus(at('waiting'));
    expect(seen).toEqual(['there resting', 'there waiting']);
    channel.onOpening(second!);
    channel.onStatus(at('resting'));
    expect(seen.slice(2)).toEqual(['there resting', 'starting resting']);
  });

  it('is told at once that its user is signed in no more', async () => {
    const seen: string[] = [];
    await channel.attach(fakeUser({ onStatus: ({ phase }) => void seen.push(phase), isStarting: true }));
    channel.onStatus(at('closed', wireError('signed-out', 'Signed out.', {})));
    expect(seen).toEqual(['closed']);
  });
});

describe('a tab that cannot get to a worker', () => {
  it('gives up at once where the next worker would refuse the same', async () => {
    const abandoned: string[] = [];
    const user: FakeUser = fakeUser({
      onAbandoned: ({ code }) => {
        abandoned.push(code);
        void channel.detach(user);
      },
    });
    await channel.attach(user);
    worker.takeAfter(Promise.reject(errorFromWire(wireError('limit-reached', 'Too many.', { limit: 'x', most: 1 }))));
    await channel.resume();
    expect(abandoned).toEqual(['limit-reached']);
  });

  it('tries at once when it has joined one for something else, and once though it is told twice', async () => {
    const { client, wishes } = worker;
    await channel.attach(fakeUser());
    const joins: { readonly join: TabClient['join'] } = client;
    const join = client.join;
    let tries = 0;
    Object.assign(joins, {
      join: () => {
        tries += 1;
        return Promise.reject(new Error('no worker'));
      },
    });
    const resumed = channel.resume();
    await quiet();
    const again = channel.resume();
    await quiet();
    expect(tries).toBe(2);
    await resumed;
    Object.assign(joins, { join });
    channel.wakeUp();
    await again;
    expect(wishes).toHaveLength(2);
  });
});

/** As the worker asks it of the present attachment. @param after - The entry that it comes after. */
function questionOf({ hub, attachment }: HubChannel, after: number): HubQuestion {
  return { hub, questionId: 'q-1', attachment, method: 'ask', args: [], after };
}
