import type { Remote } from 'comlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wireError } from '../contract/errors.js';
import type { CoordinatorApi, MissedWhileParked, Reply } from '../contract/rpc.js';
import { CONTROL_REPLY_MS } from '../contract/timing.js';
import { createParking, type ParkedHub } from './parking.js';
import type { Stay } from './tab-client.js';

const OPS = 'https://h.test/hubs/ops';
const CHAT = 'https://h.test/hubs/chat';
const HIDDEN_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 50_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A page with a worker that notes what it is told, and answers `unpark` when the test says so. */
function setUp() {
  const log: string[] = [];
  const answers: ((reply: Reply<readonly MissedWhileParked[]>) => void)[] = [];
  const newStay = () => {
    const over = new AbortController();
    const api = {
      park: async (how: string) => void log.push(`park ${how}`),
      unpark: () => {
        log.push('unpark');
        return new Promise((resolve) => answers.push(resolve));
      },
    };
    const events = { hold: () => log.push('hold'), release: () => log.push('release') };
    const stay = { api: api as unknown as Remote<CoordinatorApi>, events, over: over.signal } as unknown as Stay;
    return { stay, over };
  };
  const hub = (url: string): { -readonly [K in keyof ParkedHub]: ParkedHub[K] } => ({
    hub: url,
    isUsed: true,
    isBusy: false,
    hiddenParkMs: HIDDEN_MS,
    restored: ({ dropped, lastedMs }) => log.push(`${url} ${dropped ?? '?'} after ${lastedMs}`),
    fence: ({ code }) => log.push(`${url} ${code}`),
  });
  const ops = hub(OPS);
  const page = { ...newStay(), isHidden: false, hubs: [ops] };
  let stay: Stay | null = page.stay;
  const parking = createParking({
    stay: () => stay,
    hubs: () => page.hubs,
    isHidden: () => page.isHidden,
    onForgotten: () => log.push('forgotten'),
  });
  return {
    log,
    ops,
    hub,
    page,
    parking,
    hide: () => {
      page.isHidden = true;
      parking.hidden();
    },
    show: () => {
      page.isHidden = false;
      parking.unpark();
    },
    answer: (...missed: MissedWhileParked[]) => (answers.shift()!({ ok: true, value: missed }), settle()),
    refuse: (code: 'not-joined' | 'stopped') => (
      answers.shift()!({ ok: false, error: wireError(code, 'No.', {}) }),
      settle()
    ),
    /** As the tab does when its worker dies. */
    die: () => {
      stay = null;
      parking.over();
      page.over.abort();
      return settle();
    },
    /** As the tab does when nobody needs its worker any more. */
    leave: () => {
      stay = null;
      parking.over();
      parking.left();
      page.over.abort();
      return settle();
    },
    joinAnew: () => {
      const next = newStay();
      stay = next.stay;
      parking.joined();
    },
  };
}

const missed = (dropped: number, hub = OPS): MissedWhileParked => ({ hub, dropped, fencedBy: null });

describe('a page that is cached or frozen', () => {
  it('says so, and hears what it has missed before what waited', async () => {
    const { parking, log, answer } = setUp();
    parking.park('cached');
    vi.setSystemTime(57_000);
    parking.unpark();
    expect(log).toEqual(['hold', 'park cached', 'unpark']);
    await answer(missed(3));
    expect(log.slice(3)).toEqual([`${OPS} 3 after 7000`, 'release']);
  });

  it('hears so too when nothing was missed', async () => {
    const { parking, log, answer } = setUp();
    parking.park('frozen');
    parking.unpark();
    await answer(missed(0));
    expect(log.slice(3)).toEqual([`${OPS} 0 after 0`, 'release']);
  });

  it('is parked once and comes back once, however many signals tell of it', async () => {
    const { parking, log, answer } = setUp();
    parking.park('cached');
    parking.park('frozen');
    parking.unpark();
    parking.unpark();
    await answer(missed(0));
    expect(log).toEqual(['hold', 'park cached', 'unpark', `${OPS} 0 after 0`, 'release']);
  });

  it('tells each hub its own, and none of which the worker said nothing', async () => {
    const { parking, log, answer, page, hub } = setUp();
    page.hubs = [...page.hubs, hub(CHAT), hub('https://h.test/hubs/new')];
    parking.park('cached');
    parking.unpark();
    await answer(missed(0), missed(2, CHAT));
    expect(log.slice(3)).toEqual([`${OPS} 0 after 0`, `${CHAT} 2 after 0`, 'release']);
  });

  it('that is parked again before the answer came is told of both at the end', async () => {
    const { parking, log, answer } = setUp();
    parking.park('cached');
    parking.unpark();
    parking.park('cached');
    await answer(missed(3));
    expect(log).not.toContain('release');
    vi.setSystemTime(51_000);
    parking.unpark();
    await answer(missed(4));
    expect(log.slice(-2)).toEqual([`${OPS} 7 after 1000`, 'release']);
    expect(log.filter((line) => line === 'release')).toHaveLength(1);
  });

  it('counts each time anew', async () => {
    const { parking, log, answer } = setUp();
    for (const dropped of [3, 0]) {
      parking.park('cached');
      parking.unpark();
      await answer(missed(dropped));
      vi.setSystemTime(60_000);
    }
    expect(log.filter((line) => line.startsWith(OPS))).toEqual([`${OPS} 3 after 0`, `${OPS} 0 after 0`]);
  });

  it('that comes back to a worker that does not answer must join anew', async () => {
    const { parking, log } = setUp();
    parking.park('cached');
    parking.unpark();
    await vi.advanceTimersByTimeAsync(CONTROL_REPLY_MS + 1_000);
    expect(log.slice(3)).toEqual(['forgotten']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that the worker does not answer well knows nothing, and goes on', async () => {
    const { parking, log, refuse } = setUp();
    parking.park('cached');
    parking.unpark();
    await refuse('stopped');
    expect(log.slice(3)).toEqual([`${OPS} ? after 0`, 'release']);
  });

  it('that the worker has taken for gone must join anew', async () => {
    const { parking, log, refuse } = setUp();
    parking.park('cached');
    parking.unpark();
    await refuse('not-joined');
    expect(log.slice(3)).toEqual(['forgotten']);
  });

  it('that leaves the worker says nothing of it to the next one, nor of what it missed', async () => {
    const { parking, log, page, answer, leave, joinAnew } = setUp();
    parking.park('cached');
    vi.setSystemTime(57_000);
    await leave();
    page.isHidden = true;
    joinAnew();
    expect(log).toEqual(['hold', 'park cached']);
    expect(vi.getTimerCount()).toBe(1);
    parking.park('cached');
    parking.unpark();
    await answer(missed(0));
    expect(log.at(-2)).toBe(`${OPS} 0 after 0`);
    await leave();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('whose worker dies while it comes back leaves the rest to the next worker', async () => {
    const { parking, log, die, joinAnew } = setUp();
    parking.park('cached');
    parking.unpark();
    await die();
    joinAnew();
    expect(log).toEqual(['hold', 'park cached', 'unpark']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that joins while it is parked says so to the new worker', async () => {
    const { parking, log, die, joinAnew } = setUp();
    parking.park('cached');
    await die();
    joinAnew();
    parking.unpark();
    expect(log).toEqual(['hold', 'park cached', 'hold', 'park cached', 'unpark']);
  });

  it('without a worker is told nothing', async () => {
    const { parking, log, die, joinAnew } = setUp();
    await die();
    parking.park('frozen');
    parking.unpark();
    joinAnew();
    expect(log).toEqual([]);
  });
});

describe('a hidden page', () => {
  it('parks itself after its time, and not 1 ms before', () => {
    const { log, hide } = setUp();
    hide();
    vi.advanceTimersByTime(HIDDEN_MS - 1);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(['hold', 'park hidden']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is shown before does not, and leaves no timer', () => {
    const { log, hide, show } = setUp();
    hide();
    show();
    vi.advanceTimersByTime(HIDDEN_MS * 2);
    expect(log).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is shown again comes back as from the cache', async () => {
    const { log, hide, show, answer } = setUp();
    hide();
    vi.advanceTimersByTime(HIDDEN_MS + 500);
    show();
    await answer(missed(1));
    expect(log.slice(2)).toEqual(['unpark', `${OPS} 1 after 500`, 'release']);
  });

  it('that is needed comes back though it is hidden, and parks again after its time', async () => {
    const { log, hide, parking, answer } = setUp();
    hide();
    vi.advanceTimersByTime(HIDDEN_MS);
    parking.touch();
    await answer(missed(0));
    expect(log.slice(2)).toEqual(['unpark', `${OPS} 0 after 0`, 'release']);
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(log.slice(-2)).toEqual(['hold', 'park hidden']);
  });

  it('stays while it is busy, and parks when it is not', () => {
    const { log, hide, ops } = setUp();
    ops.isBusy = true;
    hide();
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(log).toEqual([]);
    ops.isBusy = false;
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(log).toEqual(['hold', 'park hidden']);
  });

  it('waits anew when its time was changed meanwhile', () => {
    const { log, hide, ops } = setUp();
    hide();
    ops.hiddenParkMs = HIDDEN_MS * 3;
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(HIDDEN_MS * 3);
    expect(log).toEqual(['hold', 'park hidden']);
  });

  it.each([null, HIDDEN_MS / 2])('goes by its new time of %j at once when its users change', (hiddenParkMs) => {
    const { log, hide, ops, parking } = setUp();
    hide();
    ops.hiddenParkMs = hiddenParkMs;
    parking.usersChanged();
    expect(vi.getTimerCount()).toBe(hiddenParkMs === null ? 0 : 1);
    vi.advanceTimersByTime(HIDDEN_MS / 2);
    expect(log).toEqual(hiddenParkMs === null ? [] : ['hold', 'park hidden']);
  });

  it('waits for the longest time of its connections', () => {
    const { log, hide, page, hub } = setUp();
    page.hubs = [...page.hubs, { ...hub(CHAT), hiddenParkMs: HIDDEN_MS * 3 }];
    hide();
    vi.advanceTimersByTime(HIDDEN_MS * 3 - 1);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(log).toEqual(['hold', 'park hidden']);
  });

  it.each([
    ['one of its connections never parks', { hiddenParkMs: null, isUsed: true }],
    ['none of its connections is started', { isUsed: false }],
  ])('never parks itself when %s', (_, more) => {
    const { hide, page, hub } = setUp();
    page.hubs = page.hubs.map((other, index) => (index === 0 ? { ...other, ...more } : other));
    if (more.isUsed) page.hubs = [...page.hubs, hub(CHAT)];
    hide();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that joins while it is hidden counts from then', async () => {
    const { log, page, die, joinAnew } = setUp();
    page.isHidden = true;
    await die();
    joinAnew();
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(log).toEqual(['hold', 'park hidden']);
  });

  it('that has parked itself may be frozen or cached on top of it', async () => {
    const { log, hide, parking, answer } = setUp();
    hide();
    vi.advanceTimersByTime(HIDDEN_MS);
    parking.park('frozen');
    parking.touch();
    parking.unpark();
    await answer(missed(0));
    expect(log).toEqual(['hold', 'park hidden', 'hold', 'park frozen', 'unpark', `${OPS} 0 after 0`, 'release']);
  });

  it('whose worker dies is awake for the next one', async () => {
    const { log, hide, die, joinAnew } = setUp();
    hide();
    vi.advanceTimersByTime(HIDDEN_MS);
    await die();
    joinAnew();
    expect(log).toEqual(['hold', 'park hidden']);
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(log.slice(2)).toEqual(['hold', 'park hidden']);
  });

  it('leaves no timer when the tab leaves the worker', async () => {
    const { hide, die } = setUp();
    hide();
    expect(vi.getTimerCount()).toBe(1);
    await die();
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('is not disturbed by what a visible page does', () => {
  const { log, parking } = setUp();
  parking.touch();
  parking.unpark();
  expect(log).toEqual([]);
});

it('learns before anything else that its user is signed in no more, and is not told of what it missed', async () => {
  const { log, parking, answer } = setUp();
  parking.park('frozen');
  parking.unpark();
  const fencedBy = wireError('identity-changed', 'Another user has signed in.', {});
  await answer({ hub: OPS, dropped: 0, fencedBy });
  expect(log).toEqual(['hold', 'park frozen', 'unpark', `${OPS} identity-changed`, 'release']);
});
