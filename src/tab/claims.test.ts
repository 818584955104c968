import type { Remote } from 'comlink';
import { describe, expect, it } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { wireError } from '../contract/errors.js';
import type { CoordinatorApi, Reply } from '../contract/rpc.js';
import { createClaims } from './claims.js';
import type { Stay } from './tab-client.js';

const HUB = 'https://h.test/hubs/ops';
const STOPPED = wireError('stopped', 'Stopped.', {});
const page = {};
const other = {};

/** A worker that answers when the test says so. */
function fakeStay() {
  const said: string[] = [];
  const claims: ((reply: Reply<'offered' | 'lost'>) => void)[] = [];
  const confirmations: ((reply: Reply<boolean>) => void)[] = [];
  const over = new AbortController();
  const api = {
    claim: (_hub: string, id: string) => {
      said.push(`claim ${id}`);
      return new Promise<Reply<'offered' | 'lost'>>((resolve) => claims.push(resolve));
    },
    confirmClaim: (_hub: string, id: string) => {
      said.push(`confirm ${id}`);
      return new Promise<Reply<boolean>>((resolve) => confirmations.push(resolve));
    },
  };
  const stay = { api: api as unknown as Remote<CoordinatorApi>, over: over.signal } as unknown as Stay;
  return {
    stay,
    said,
    die: () => (over.abort(), quiet()),
    answer: (value: 'offered' | 'lost') => (claims.shift()!({ ok: true, value }), quiet()),
    fail: () => (claims.shift()!({ ok: false, error: wireError('signed-out', 'No.', {}) }), quiet()),
    confirm: (value: boolean) => (confirmations.shift()!({ ok: true, value }), quiet()),
  };
}

function setUp() {
  const worker = fakeStay();
  let told: Stay | null = worker.stay;
  const gone = new Set<object>();
  const claims = createClaims(
    HUB,
    () => told,
    (owner) => !gone.has(owner),
  );
  /** What a claim came to. */
  const claim = (id = 'a', owner: object = page): { outcome: unknown } => {
    const result: { outcome: unknown } = { outcome: 'open' };
    claims.make(owner, id).then(
      (value) => (result.outcome = value),
      (error: unknown) => (result.outcome = (error as { code: string }).code),
    );
    return result;
  };
  return { worker, claims, claim, gone, setStay: (stay: Stay | null) => (told = stay) };
}

describe('a claim', () => {
  it('is won when the offer is confirmed, and not before', async () => {
    const { worker, claims, claim } = setUp();
    const result = claim();
    await worker.answer('offered');
    expect(worker.said).toEqual(['claim a', 'confirm a']);
    expect(result.outcome).toBe('open');
    expect(claims.isIdle).toBe(false);
    await worker.confirm(true);
    expect(result.outcome).toBe(true);
    expect(claims.isIdle).toBe(true);
  });

  it('is lost when another tab has confirmed', async () => {
    const { worker, claim } = setUp();
    const result = claim();
    await worker.answer('lost');
    expect(result.outcome).toBe(false);
    expect(worker.said).toEqual(['claim a']);
  });

  it('that was confirmed too late waits for what the other tab does', async () => {
    const { worker, claim } = setUp();
    const result = claim();
    await worker.answer('offered');
    await worker.confirm(false);
    expect(result.outcome).toBe('open');
    await worker.answer('offered');
    await worker.confirm(true);
    expect(result.outcome).toBe(true);
  });

  it('that fails says why, and may be made again', async () => {
    const { worker, claims, claim } = setUp();
    const result = claim();
    await worker.fail();
    expect(result.outcome).toBe('signed-out');
    expect(claims.settled).toEqual([]);
    const again = claim();
    await worker.answer('lost');
    expect(again.outcome).toBe(false);
  });
});

describe('two calls of one tab for the same', () => {
  it('have one winner', async () => {
    const { worker, claim } = setUp();
    const [one, two] = [claim('a', page), claim('a', other)];
    await worker.answer('offered');
    await worker.confirm(true);
    expect([one.outcome, two.outcome]).toEqual([true, false]);
    expect(worker.said).toEqual(['claim a', 'confirm a']);
  });

  it('do not keep the other from it when one is withdrawn', async () => {
    const { worker, claims, claim } = setUp();
    const [one, two] = [claim('a', page), claim('a', other)];
    claims.withdraw(page, STOPPED);
    await quiet();
    expect(worker.said).toEqual(['claim a', 'claim a']);
    await worker.answer('offered');
    // That offer was for the one that is withdrawn.
    expect(worker.said).toHaveLength(2);
    await worker.answer('offered');
    await worker.confirm(true);
    expect([one.outcome, two.outcome]).toEqual(['stopped', true]);
  });

  it('have a winner though the one that asked is withdrawn while it confirms', async () => {
    const { worker, claims, claim } = setUp();
    const [one, two] = [claim('a', page), claim('a', other)];
    await worker.answer('offered');
    claims.withdraw(page, STOPPED);
    await quiet();
    await worker.confirm(true);
    await worker.answer('lost');
    expect([one.outcome, two.outcome]).toEqual(['stopped', true]);
    expect([claims.settled, claims.isIdle]).toEqual([['a'], true]);
  });

  it('end both when both owners have let the hub go', async () => {
    const { worker, claims, claim, gone } = setUp();
    const [one, two] = [claim('a', page), claim('a', other)];
    for (const owner of [page, other]) {
      gone.add(owner);
      claims.withdraw(owner, STOPPED);
    }
    await quiet();
    expect([one.outcome, two.outcome]).toEqual(['stopped', 'stopped']);
    expect([worker.said, claims.isIdle]).toEqual([['claim a'], true]);
  });

  it('end both when their user has gone, also when the owner has come anew before they hear of it', async () => {
    const { worker, claims, claim } = setUp();
    const [first, second] = [claim(), claim()];
    claims.withdraw(page, wireError('signed-out', 'Signed out.', {}));
    claims.clear();
    await quiet();
    expect([first.outcome, second.outcome]).toEqual(['signed-out', 'signed-out']);
    expect(worker.said).toEqual(['claim a']);
  });

  it('are not asked about twice once it is settled', async () => {
    const { worker, claim } = setUp();
    claim();
    await worker.answer('offered');
    await worker.confirm(true);
    const later = claim();
    await quiet();
    expect(later.outcome).toBe(false);
    expect(worker.said).toEqual(['claim a', 'confirm a']);
  });
});

describe('a withdrawn claim', () => {
  it('rejects, is never confirmed, and leaves those of others alone', async () => {
    const { worker, claims, claim } = setUp();
    const [own, others] = [claim('a', page), claim('b', other)];
    claims.withdraw(page, STOPPED);
    await worker.answer('offered');
    await worker.answer('lost');
    expect([own.outcome, others.outcome]).toEqual(['stopped', false]);
    expect(worker.said).toEqual(['claim a', 'claim b']);
    expect(claims.settled).toEqual(['b']);
  });
});

describe('a worker that dies', () => {
  it('before it answers is followed by one that is asked the same', async () => {
    const { worker, claims, claim, setStay } = setUp();
    const result = claim();
    await worker.die();
    const next = fakeStay();
    setStay(next.stay);
    claims.say(next.stay);
    claims.say(next.stay);
    await worker.answer('offered');
    await next.answer('offered');
    await next.confirm(true);
    expect(result.outcome).toBe(true);
    expect([worker.said, next.said]).toEqual([['claim a'], ['claim a', 'confirm a']]);
  });

  it('before it has taken the confirmation leaves the claim open for the next one', async () => {
    const { worker, claims, claim, setStay } = setUp();
    const result = claim();
    await worker.answer('offered');
    setStay(null);
    await worker.die();
    expect(result.outcome).toBe('open');
    const next = fakeStay();
    setStay(next.stay);
    claims.say(next.stay);
    await next.answer('lost');
    expect(result.outcome).toBe(false);
  });

  it('has a claim that is made meanwhile wait for the next one', async () => {
    const { claims, claim, setStay } = setUp();
    setStay(null);
    const result = claim();
    const next = fakeStay();
    setStay(next.stay);
    claims.say(next.stay);
    await next.answer('lost');
    expect(result.outcome).toBe(false);
  });
});

describe('what is settled', () => {
  it('is told oldest first, won or lost', async () => {
    const { worker, claims, claim } = setUp();
    for (const id of ['a', 'b']) {
      claim(id);
      await worker.answer('lost');
    }
    claim('c');
    await worker.answer('offered');
    await worker.confirm(true);
    expect(claims.settled).toEqual(['a', 'b', 'c']);
  });

  it('is kept for the newest 1 000', async () => {
    const stay = { api: { claim: async () => ({ ok: true, value: 'lost' }) }, over: new AbortController().signal };
    const claims = createClaims(
      HUB,
      () => stay as unknown as Stay,
      () => true,
    );
    for (let number = 0; number <= 1_000; number += 1) await claims.make(page, `${number}`);
    expect(claims.settled).toHaveLength(1_000);
    expect(claims.settled[0]).toBe('1');
    expect(claims.settled.at(-1)).toBe('1000');
  });

  it('is forgotten with the hub', async () => {
    const { worker, claims, claim } = setUp();
    claim();
    await worker.answer('lost');
    claims.clear();
    expect(claims.settled).toEqual([]);
  });
});
