import { beforeEach, describe, expect, it } from 'vitest';
import { PLAIN_SETTINGS } from '../../worker/testing/plain-wish.js';
import { createAttachment, type Attachment, type Remembered } from './attachment.js';
import type { ChannelUser } from './channel-user.js';
import { fakeUser } from './testing/fake-user.js';
import { notingWorker } from './testing/noting-worker.js';

const HUB = 'https://h.test/hubs/ops';

const NOTHING: Remembered = { learnedTopics: {}, settledClaims: [] };

let worker: ReturnType<typeof notingWorker>;
let users: Set<ChannelUser>;
let attachment: Attachment;
beforeEach(() => {
  worker = notingWorker();
  users = new Set();
  attachment = createAttachment(worker.client, HUB, users);
});

/** A connection comes and asks for the hub. */
function come(user: ChannelUser = fakeUser()): ReturnType<Attachment['say']> {
  users.add(user);
  return attachment.say(worker.stay, user, true, NOTHING);
}

describe('the wish', () => {
  const policy = { nextRetryDelayInMilliseconds: () => 0 };

  it('says what the connections of the tab can and want together', async () => {
    for (const more of [{}, { retryPolicy: policy }, { wantsLog: true }]) await come(fakeUser(more));
    expect(worker.wishes.map(({ hasRetryPolicy, wantsLog }) => [hasRetryPolicy, wantsLog])).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  it('is said again when one has left, without what only that one had, and opens nothing', async () => {
    const [one, left] = [fakeUser({ retryPolicy: policy, wantsLog: true }), fakeUser()];
    await come(one);
    await come(left);
    users.delete(one);
    await attachment.say(worker.stay, left, false, NOTHING);
    expect(worker.wishes.map(({ hasRetryPolicy, wantsLog, opens }) => [hasRetryPolicy, wantsLog, opens])).toEqual([
      [true, true, true],
      [true, true, true],
      [false, false, false],
    ]);
  });

  it('asks for the settings of the connection that starts', async () => {
    await come();
    await come(fakeUser({ settings: { ...PLAIN_SETTINGS, transport: 4 } }));
    expect(worker.wishes.map(({ settings }) => settings.transport)).toEqual([null, 4]);
  });

  it('holds what the tab remembers for a worker that is new to the hub', async () => {
    users.add(fakeUser());
    const topic = { event: 'metric', join: 'Join', leave: 'Leave', keyPath: [0], retain: 'none' } as const;
    const [user] = users;
    await attachment.say(worker.stay, user!, true, { learnedTopics: { metric: topic }, settledClaims: ['INC-1'] });
    expect(worker.wishes).toMatchObject([{ topics: { metric: topic }, settledClaims: ['INC-1'] }]);
  });

  it('of two users is refused before anything is said', async () => {
    await come(fakeUser({ identity: 'ann' }));
    await expect(come(fakeUser({ identity: 'bob' }))).rejects.toMatchObject({ code: 'option-invalid' });
    expect(() => attachment.noteIdentity()).toThrow(expect.objectContaining({ code: 'option-invalid' }));
    expect(worker.wishes).toHaveLength(1);
  });
});

describe('a client method', () => {
  it('is told with its first handler and with its last, once the worker knows of the hub', async () => {
    attachment.want('metric', 1);
    expect(worker.said).toEqual([]);
    await come();
    expect(worker.wishes.map(({ methods }) => methods)).toEqual([['metric']]);
    for (const change of [1, -1, -1, 1] as const) attachment.want('metric', change);
    attachment.want('other', 1);
    expect(worker.said.slice(1)).toEqual(['unsubscribe metric', 'subscribe metric', 'subscribe other']);
  });

  it.each<[string, () => void]>([
    ['has died', () => worker.die()],
    ['was told that the last user has gone', () => attachment.release()],
    ['has sent the user away', () => attachment.renew()],
  ])('is not told to a worker that %s', async (_, end) => {
    await come();
    end();
    attachment.want('metric', 1);
    expect(worker.said).toHaveLength(1);
    expect([attachment.toldIn, attachment.takenIn]).toEqual([null, null]);
  });
});

describe('that the worker has taken the wish', () => {
  it('is known when it has answered, and not before', async () => {
    const answer = come();
    expect([attachment.toldIn, attachment.takenIn]).toEqual([worker.stay, null]);
    await answer;
    expect(attachment.takenIn).toBe(worker.stay);
  });

  it.each<[string, () => void]>([
    ['let go', () => attachment.release()],
    ['ended with its user', () => attachment.renew()],
    [
      'let go and made anew',
      () => {
        attachment.release();
        attachment.renew();
        void come();
      },
    ],
  ])('is not taken from the answer to an attachment that was %s meanwhile', async (_, end) => {
    const answer = come();
    worker.takeAfter(new Promise(() => undefined));
    end();
    await answer;
    expect(attachment.takenIn).toBeNull();
  });
});

it('counts each attachment of the page anew, whatever its hub', () => {
  const other = createAttachment(worker.client, 'https://h.test/hubs/chat', users);
  const numbers = [attachment, other, attachment].map((each) => {
    each.renew();
    return each.number;
  });
  expect(numbers).toEqual([numbers[0], numbers[0]! + 1, numbers[0]! + 2]);
});

it.each<[string, readonly (string | null)[], readonly boolean[]]>([
  ['nobody is named', [null, null], [false, false]],
  ['the same one is', ['ann', null, 'ann'], [false, false, false]],
  ['another one is', ['ann', 'bob', 'bob'], [false, true, false]],
])('notes whether the page shows another user than before: %s', (_, named, expected) => {
  const noted = named.map((identity) => {
    users.clear();
    users.add(fakeUser({ identity }));
    return attachment.noteIdentity();
  });
  expect(noted).toEqual(expected);
});
