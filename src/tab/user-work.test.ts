import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { wireError } from '../contract/errors.js';
import type { ChannelUser } from './channel-user.js';
import { fakeUser } from './testing/fake-user.js';
import { notingWorker } from './testing/noting-worker.js';
import type { Stay } from './tab-client.js';
import { createUserWork, type UserWork } from './user-work.js';

const HUB = 'https://h.test/hubs/ops';
const SIGNED_OUT = wireError('signed-out', 'Signed out.', {});

let worker: ReturnType<typeof notingWorker>;
let user: ChannelUser;
let users: Set<ChannelUser>;
let takenIn: Stay | null;
let work: UserWork;
beforeEach(() => {
  worker = notingWorker();
  user = fakeUser();
  users = new Set([user]);
  takenIn = worker.stay;
  work = createUserWork(worker.client, HUB, users, {
    get takenIn() {
      return takenIn;
    },
  });
});

// No call is left to wait for its limit.
afterEach(() => work.end(SIGNED_OUT));

function call(method: string, owner = user): Promise<unknown> {
  const { outcome } = work.call(owner, { kind: 'invoke', method, args: [], streams: [], form: (item) => item });
  outcome.catch(() => undefined);
  return outcome;
}

/** The code with which it was rejected; `null`: it is open. */
async function codeOf(outcome: Promise<unknown>): Promise<string | null> {
  let code: string | null = null;
  outcome.catch((error: unknown) => (code = (error as { code: string }).code));
  await quiet();
  return code;
}

it('refuses a claim of a user that has let the hub go', async () => {
  expect(await codeOf(work.claim(fakeUser(), 'INC-1'))).toBe('stopped');
});

it('asks for a claim when the worker knows of the hub', async () => {
  takenIn = null;
  work.claim(user, 'INC-1').catch(() => undefined);
  expect(worker.said).toEqual([]);
  takenIn = worker.stay;
  work.begin(worker.stay, [user]);
  expect(worker.said).toEqual(['claim INC-1']);
});

describe('the end of the user', () => {
  it('ends calls and claims with why, and tells whoever works for the user', async () => {
    const outcomes = [call('Add'), work.claim(user, 'INC-1')];
    const before = work.signedIn;
    work.end(SIGNED_OUT);
    expect(await Promise.all(outcomes.map(codeOf))).toEqual(['signed-out', 'signed-out']);
    expect([before.aborted, work.signedIn.aborted, work.isIdle]).toEqual([true, false, true]);
    expect(before.reason).toMatchObject({ code: 'signed-out' });
  });

  it('leaves nothing to be sent again when the hub is live once more', async () => {
    const outcome = call('Add');
    work.workerLost();
    work.end(SIGNED_OUT);
    work.live();
    expect(await codeOf(outcome)).toBe('signed-out');
    expect(worker.invoked).toEqual(['Add']);
  });
});

describe('calls that a dead worker never took', () => {
  it('are sent again when the hub is live, once', () => {
    void call('Add');
    work.workerLost();
    work.live();
    work.live();
    expect(worker.invoked).toEqual(['Add', 'Add']);
  });

  it('end when the hub comes to rest instead', async () => {
    const outcome = call('Add');
    work.workerLost();
    work.rested(wireError('hub-unreachable', 'No.', {}));
    expect(await codeOf(outcome)).toBe('hub-unreachable');
  });

  it('and only those: a hub at rest ends no call that the worker still has', async () => {
    const outcome = call('Add');
    work.rested(wireError('hub-unreachable', 'No.', {}));
    expect(await codeOf(outcome)).toBeNull();
  });
});

it('lets the calls of a user who goes have the worker’s last word, and ends what is left of them only', async () => {
  const other = fakeUser();
  users.add(other);
  const [own, others] = [call('Add'), call('Keep', other)];
  users.delete(user);
  const endCalls = work.withdraw(user);
  expect(await codeOf(own)).toBeNull();
  endCalls();
  expect(await codeOf(own)).toBe('stopped');
  expect(await codeOf(others)).toBeNull();
});
