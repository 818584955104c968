import { describe, expect, it, vi } from 'vitest';
import { wireError } from '../../src/contract/errors.js';
import type { Reply, RetryContextData } from '../../src/contract/rpc.js';
import type { Tab } from '../tabs/tab.js';
import { FakeClock } from '../testing/fake-clock.js';
import { createRetryPolicy } from './retry-policy.js';

const HUB = 'https://h.test/hubs/ops';
const LIMIT_MS = 5_000;
const context: RetryContextData = {
  previousRetryCount: 2,
  elapsedMilliseconds: 700,
  retryReason: wireError('connection-lost', 'gone', {}),
};

function setUp(count: number) {
  const clock = new FakeClock();
  const gone = Array.from({ length: count }, () => new AbortController());
  const asked = gone.map(() => vi.fn<Tab['nextRetryDelay']>(() => new Promise(() => undefined)));
  const tabs = gone.map(
    ({ signal }, index) =>
      ({ id: `t${index}`, ordinal: index + 1, away: signal, nextRetryDelay: asked[index] }) as unknown as Tab,
  );
  const ignored: string[] = [];
  const policy = createRetryPolicy({
    hub: HUB,
    tabs: () => tabs,
    clock,
    limitMs: LIMIT_MS,
    defaultDelay: (attempt) => attempt * 10_000,
    onIgnored: (why) => ignored.push(why),
  });
  const unwanted = new AbortController();
  const says = (index: number, value: unknown): void => {
    asked[index]?.mockResolvedValue({ ok: true, value } as Reply<number | null>);
  };
  return { clock, gone, asked, ignored, says, unwanted, ask: () => policy(context, unwanted.signal) };
}

describe('the policy', () => {
  it.each([[0], [1_500], [null]])('of the first tab decides: %j', async (value) => {
    const { ask, asked, says, clock, ignored } = setUp(2);
    says(0, value);
    await expect(ask()).resolves.toBe(value);
    expect(asked[0]?.mock.calls).toEqual([[HUB, context]]);
    expect(asked[1]).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
    expect(ignored).toEqual([]);
  });

  it.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], ['5'], [undefined], [{}]])(
    'that says %j is told of, and the default delay holds',
    async (value) => {
      const { ask, asked, says, ignored } = setUp(2);
      says(0, value);
      await expect(ask()).resolves.toBe(30_000);
      expect(ignored).toHaveLength(1);
      expect(asked[1]).not.toHaveBeenCalled();
    },
  );

  it('of the next tab is asked when the first does not answer in time, and not before', async () => {
    const { ask, asked, says, clock, ignored } = setUp(2);
    says(1, 7);
    const answer = ask();
    await clock.advanceBy(LIMIT_MS - 1);
    expect(asked[1]).not.toHaveBeenCalled();
    await clock.advanceBy(1);
    await expect(answer).resolves.toBe(7);
    expect(ignored).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('of the next tab is asked at once when the first is frozen or has gone', async () => {
    const { ask, says, clock, gone } = setUp(2);
    says(1, 7);
    const answer = ask();
    gone[0]?.abort();
    await expect(answer).resolves.toBe(7);
    expect(clock.pending).toBe(0);
  });

  it('of the next tab is asked when the first answers with an error', async () => {
    const { ask, asked, says } = setUp(2);
    asked[0]?.mockResolvedValue({ ok: false, error: wireError('stopped', 'stopped', {}) });
    says(1, 7);
    await expect(ask()).resolves.toBe(7);
  });

  it('of nobody: the default delay holds', async () => {
    const { ask } = setUp(0);
    await expect(ask()).resolves.toBe(30_000);
  });

  it('is no longer waited for when the answer is not wanted', async () => {
    const { ask, asked, clock, unwanted, ignored } = setUp(2);
    const answer = ask();
    unwanted.abort();
    await answer;
    expect(asked[1]).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
    expect(ignored).toEqual([]);
  });
});
