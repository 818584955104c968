import type { ProxyMarked, Remote } from 'comlink';
import { afterEach, describe, expect, it } from 'vitest';
import { CONTRACT_VERSION, type Hello, type TabApi } from '../../src/contract/rpc.js';
import { DEFAULT_OUTBOX_LIMITS } from '../delivery/outbox.js';
import { MAX_TABS } from '../limits.js';
import { createJournal } from '../observe/journal.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FakeLocks } from '../testing/fake-locks.js';
import { quiet, until } from '../testing/settle.js';
import { holdForLife } from './liveness.js';
import type { Tab } from './tab.js';
import { createTabRegistry } from './tab-registry.js';

const channels: MessageChannel[] = [];
afterEach(() => {
  for (const { port1, port2 } of channels.splice(0)) {
    port1.close();
    port2.close();
  }
});

const remote = {} as Remote<TabApi & ProxyMarked>;

function setUp() {
  const origin = new FakeLocks();
  const clock = new FakeClock();
  const gone: Tab[] = [];
  /** The ids of the tabs of each hub. */
  const hubs: string[][] = [];
  const journal = createJournal({ now: () => 0, redact: (text) => text, maxEntries: 100, onChange: () => undefined });
  const registry = createTabRegistry({
    clock,
    locks: origin.client('worker'),
    limits: DEFAULT_OUTBOX_LIMITS,
    journal,
    onChange: () => undefined,
    scheduleFlush: queueMicrotask,
    hubTabIds: () => hubs,
    onGone: (tab) => gone.push(tab),
  });
  async function page(tabId: string, tabLock = `lock:${tabId}`) {
    const locks = origin.client(`${tabId} ${tabLock}`);
    await holdForLife(locks, tabLock);
    return { locks, hello: hello(tabId, tabLock) };
  }
  const texts = (): string[] => journal.since(0).map(({ text }) => text);
  return { origin, clock, registry, gone, hubs, page, texts };
}

function hello(tabId: string, tabLock = `lock:${tabId}`, tabKey = `key of ${tabId}`): Hello {
  const channel = new MessageChannel();
  channels.push(channel);
  return { contractVersion: CONTRACT_VERSION, tabId, tabKey, tabLock, visibility: 'visible', events: channel.port2 };
}

describe('a tab that joins', () => {
  it('is listed, and counted in the order of joining', async () => {
    const { registry, page } = setUp();
    registry.admit((await page('a')).hello, remote);
    registry.admit((await page('b')).hello, remote);
    expect(registry.all().map(({ id, ordinal }) => [id, ordinal])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('is gone when its lock is free, and no other tab is', async () => {
    const { registry, page, gone, texts } = setUp();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    registry.admit((await page('b')).hello, remote);
    await quiet();
    expect(gone).toEqual([]);

    a.locks.die();
    await until(() => gone.length > 0);
    await quiet();
    expect(gone).toEqual([tab]);
    expect(tab.gone.aborted).toBe(true);
    expect(registry.all().map(({ id }) => id)).toEqual(['b']);
    expect(texts()).toEqual(['tab 1 joined', 'tab 2 joined', 'tab 1 gone']);
  });

  it('without holding its lock is gone at once', async () => {
    const { registry, gone } = setUp();
    registry.admit(hello('a'), remote);
    await until(() => gone.length === 1);
    expect(registry.all()).toEqual([]);
  });
});

describe('a tab that knocks twice', () => {
  it('is one tab with the ordinal it had; the earlier port ends', async () => {
    const { registry, page, gone } = setUp();
    const { hello: first } = await page('a');
    const before = registry.admit(first, remote);
    const after = registry.admit({ ...first, events: hello('a').events }, remote);
    expect(registry.all()).toEqual([after]);
    expect(after.ordinal).toBe(1);
    expect(before.gone.aborted).toBe(true);
    expect(after.gone.aborted).toBe(false);
    expect(gone).toEqual([before]);
  });

  it('has its lock queued for exactly once', async () => {
    const { registry, page, origin } = setUp();
    const { hello: first } = await page('a');
    registry.admit(first, remote);
    registry.admit({ ...first, events: hello('a').events }, remote);
    registry.admit({ ...first, events: hello('a').events }, remote);
    await quiet();
    expect(origin.requested.filter((name) => name === 'lock:a')).toHaveLength(2);
    expect(origin.waiting).toEqual(['lock:a']);
  });

  it('is still noticed when it dies', async () => {
    const { registry, page, gone } = setUp();
    const { hello: first, locks } = await page('a');
    registry.admit(first, remote);
    const after = registry.admit({ ...first, events: hello('a').events }, remote);
    locks.die();
    await until(() => gone.includes(after));
    expect(registry.all()).toEqual([]);
  });
});

describe('a tab that joined again under another lock', () => {
  it('outlives the lock that it had before', async () => {
    const { registry, page, gone } = setUp();
    const old = await page('a', 'lock:a:1');
    registry.admit(old.hello, remote);
    const next = await page('a', 'lock:a:2');
    const tab = registry.admit(next.hello, remote);
    old.locks.die();
    await quiet();
    expect(registry.all()).toEqual([tab]);
    expect(gone).not.toContain(tab);
  });

  it('is gone with the lock that it has now', async () => {
    const { registry, page, gone } = setUp();
    registry.admit((await page('a', 'lock:a:1')).hello, remote);
    const next = await page('a', 'lock:a:2');
    const tab = registry.admit(next.hello, remote);
    next.locks.die();
    await until(() => gone.includes(tab));
  });
});

describe('a tab that says goodbye', () => {
  it('is gone once, and its lock is not queued for any more', async () => {
    const { registry, page, gone, origin, texts } = setUp();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    await quiet();
    registry.dismiss(tab);
    registry.dismiss(tab);
    expect(origin.waiting).toEqual([]);
    a.locks.die();
    await quiet();
    expect(gone).toEqual([tab]);
    expect(texts()).toEqual(['tab 1 joined', 'tab 1 left']);
  });

  it('may join again, and is watched again', async () => {
    const { registry, page, gone } = setUp();
    const a = await page('a');
    registry.dismiss(registry.admit(a.hello, remote));
    const again = registry.admit({ ...a.hello, events: hello('a').events }, remote);
    await quiet();
    expect(registry.all()).toEqual([again]);
    a.locks.die();
    await until(() => gone.includes(again));
  });
});

it('notes what a tab sends that is no acknowledgement', async () => {
  const { registry, page, texts } = setUp();
  const a = await page('a');
  registry.admit(a.hello, remote);
  channels.at(-1)?.port1.postMessage('nonsense');
  await until(() => texts().length > 1);
  expect(texts()[1]).toBe('tab 1 sent something that is no acknowledgement');
});

describe('a tab that parks', () => {
  it.each(['cached', 'frozen'] as const)('because it is %s stays watched, and is not asked for again', async (how) => {
    const { registry, page, gone, origin } = setUp();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    await quiet();
    registry.setParking(tab, how);
    await quiet();
    registry.setParking(tab, null);
    await quiet();
    expect(origin.requested).toEqual(['lock:a', 'lock:a']);
    expect(origin.waiting).toEqual(['lock:a']);
    registry.setParking(tab, how);
    a.locks.die();
    await until(() => gone.length > 0);
  });

  it('because it is hidden leaves its lock uncontended until it is back', async () => {
    const { registry, page, gone, origin, texts } = setUp();
    const tab = registry.admit((await page('a')).hello, remote);
    await quiet();
    registry.setParking(tab, 'hidden');
    await quiet();
    expect(origin.waiting).toEqual([]);
    expect(origin.held).toEqual(['lock:a']);
    registry.setParking(tab, null);
    registry.setParking(tab, null);
    await quiet();
    expect(origin.waiting).toEqual(['lock:a']);
    expect(gone).toEqual([]);
    expect(texts()).toEqual(['tab 1 joined', 'tab 1 is parked: hidden', 'tab 1 is back']);
  });

  it.each(['cached', 'frozen'] as const)('as hidden and is then %s is still not asked for', async (how) => {
    const { registry, page, origin } = setUp();
    const tab = registry.admit((await page('a')).hello, remote);
    await quiet();
    registry.setParking(tab, 'hidden');
    registry.setParking(tab, how);
    await quiet();
    expect(origin.waiting).toEqual([]);
    expect(tab.parking).toBe(how);
  });

  it('as hidden has its lock queued for at most once, however often it parks and is back', async () => {
    const { registry, page, gone, origin } = setUp();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    for (let round = 0; round < 20; round += 1) {
      registry.setParking(tab, round % 2 === 0 ? 'hidden' : null);
      expect(origin.waiting.length).toBeLessThanOrEqual(1);
      if (round % 3 === 0) await quiet();
    }
    await quiet();
    expect(origin.waiting).toEqual(['lock:a']);
    expect(origin.held).toEqual(['lock:a']);
    expect(gone).toEqual([]);
    a.locks.die();
    await until(() => gone.length > 0);
    await quiet();
    expect(gone).toEqual([tab]);
  });

  it('after it has gone is no tab any more', async () => {
    const { registry, page, origin, texts } = setUp();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    registry.dismiss(tab);
    registry.setParking(tab, 'hidden');
    registry.setParking(tab, null);
    await quiet();
    expect(tab.parking).toBeNull();
    expect(origin.waiting).toEqual([]);
    expect(texts()).toEqual(['tab 1 joined', 'tab 1 left']);
  });
});

describe('a hidden tab that has died while nobody queued for its lock', () => {
  async function withDead() {
    const world = setUp();
    const { registry, page } = world;
    const a = await page('a');
    const dead = registry.admit(a.hello, remote);
    const other = registry.admit((await page('b')).hello, remote);
    registry.setParking(dead, 'hidden');
    await quiet();
    a.locks.die();
    await quiet();
    expect(world.gone).toEqual([]);
    return { ...world, dead, other };
  }

  it.each<[string, (world: Awaited<ReturnType<typeof withDead>>) => unknown]>([
    ['joins', async ({ registry, page }) => registry.admit((await page('c')).hello, remote)],
    ['parks', ({ registry, other }) => registry.setParking(other, 'frozen')],
    ['parks as hidden too', ({ registry, other }) => registry.setParking(other, 'hidden')],
    ['lets a hub go', ({ registry }) => registry.detached()],
    ['leaves', ({ registry, other }) => registry.dismiss(other)],
  ])('is found gone when another one %s', async (_, happen) => {
    const world = await withDead();
    await happen(world);
    await until(() => world.gone.includes(world.dead));
    await quiet();
    expect(world.gone.filter((tab) => tab === world.dead)).toHaveLength(1);
    expect(world.dead.gone.aborted).toBe(true);
    expect(world.registry.all().map(({ id }) => id)).not.toContain('a');
  });

  it('is found gone when another one dies', async () => {
    const { registry, page, gone } = setUp();
    const [a, b] = [await page('a'), await page('b')];
    const dead = registry.admit(a.hello, remote);
    registry.admit(b.hello, remote);
    registry.setParking(dead, 'hidden');
    await quiet();
    a.locks.die();
    b.locks.die();
    await until(() => gone.length === 2);
    expect(registry.all()).toEqual([]);
  });

  it('is found gone by its own return: a message that was on its way is no life', async () => {
    const { registry, gone, dead } = await withDead();
    registry.setParking(dead, null);
    await until(() => gone.includes(dead));
  });

  it('is found gone although it died in the moment in which it was parked', async () => {
    const { registry, page, gone, origin } = setUp();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    await quiet();
    a.locks.die();
    registry.setParking(tab, 'hidden');
    await until(() => gone.includes(tab));
    await quiet();
    expect(gone).toEqual([tab]);
    expect(origin.held).toEqual([]);
    expect(origin.waiting).toEqual([]);
  });
});

describe('a look at the locks', () => {
  /** `query()` answers when the test says so, with what was held when it was asked. */
  function withSlowLook() {
    const world = setUp();
    const client = world.origin.client('looker');
    const looks: (() => void)[] = [];
    const locks = {
      request: client.request.bind(client),
      query: async () => {
        const found = await client.query();
        await new Promise<void>((resolve) => looks.push(resolve));
        return found;
      },
    };
    const registry = createTabRegistry({
      clock: world.clock,
      locks,
      limits: DEFAULT_OUTBOX_LIMITS,
      journal: createJournal({ now: () => 0, redact: (text) => text, maxEntries: 9, onChange: () => undefined }),
      onChange: () => undefined,
      scheduleFlush: queueMicrotask,
      hubTabIds: () => world.hubs,
      onGone: (tab) => world.gone.push(tab),
    });
    return { ...world, registry, looks };
  }

  it('does not take a tab away that came back while it was under way', async () => {
    const { registry, page, gone, looks } = withSlowLook();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    registry.setParking(tab, 'hidden');
    await until(() => looks.length === 1);
    // It joins anew under another lock, as after a restore, and the old one is let go.
    const again = await page('a', 'lock:a:2');
    a.locks.die();
    registry.detached();
    const next = registry.admit(again.hello, remote);
    for (let round = 0; round < 5; round += 1) {
      looks.splice(0).forEach((answer) => answer());
      await quiet();
    }
    expect(gone).toEqual([tab]);
    expect(registry.all()).toEqual([next]);
  });

  it('counts for nothing against the lock of a tab that is back before it ends', async () => {
    const { registry, page, gone, looks, origin } = withSlowLook();
    const a = await page('a');
    const tab = registry.admit(a.hello, remote);
    registry.setParking(tab, 'hidden');
    await until(() => looks.length === 1);
    looks.splice(0).forEach((answer) => answer());
    // The page lets its lock go for a moment, as before a navigation that does not happen.
    a.locks.die();
    registry.detached();
    await until(() => looks.length === 1);
    await holdForLife(origin.client('a again'), 'lock:a');
    registry.setParking(tab, null);
    looks.splice(0).forEach((answer) => answer());
    await quiet();
    expect(gone).toEqual([]);
    expect(origin.waiting).toEqual(['lock:a']);
  });

  it('says nothing of a tab that parked after it was begun', async () => {
    const { registry, page, gone, looks } = withSlowLook();
    const a = registry.admit((await page('a')).hello, remote);
    registry.setParking(a, 'hidden');
    await until(() => looks.length === 1);
    const late = await page('b');
    registry.setParking(registry.admit(late.hello, remote), 'hidden');
    looks.splice(0).forEach((answer) => answer());
    // Looks again, for something has changed meanwhile.
    await until(() => looks.length === 1);
    looks.splice(0).forEach((answer) => answer());
    await quiet();
    expect(gone).toEqual([]);
    expect(looks).toEqual([]);
  });

  it('is one for many changes, and none while no tab sleeps', async () => {
    const { registry, page, looks } = withSlowLook();
    const a = registry.admit((await page('a')).hello, remote);
    registry.admit((await page('b')).hello, remote);
    registry.detached();
    await quiet();
    expect(looks).toEqual([]);
    registry.setParking(a, 'hidden');
    for (let change = 0; change < 10; change += 1) registry.detached();
    await quiet();
    expect(looks).toHaveLength(1);
    registry.setParking(a, null);
    looks.splice(0).forEach((answer) => answer());
    await quiet();
    expect(looks).toEqual([]);
  });

  it('that the browser refuses takes nobody away, and is noted', async () => {
    const { origin, page, clock, hubs } = setUp();
    const client = origin.client('worker');
    const gone: Tab[] = [];
    const notes: string[] = [];
    const registry = createTabRegistry({
      clock,
      locks: {
        request: client.request.bind(client),
        query: () => Promise.reject(new DOMException('no', 'SecurityError')),
      },
      limits: DEFAULT_OUTBOX_LIMITS,
      journal: { note: (_, text) => void notes.push(text), since: () => [] },
      onChange: () => undefined,
      scheduleFlush: queueMicrotask,
      hubTabIds: () => hubs,
      onGone: (tab) => gone.push(tab),
    });
    registry.setParking(registry.admit((await page('a')).hello, remote), 'hidden');
    await quiet();
    expect(gone).toEqual([]);
    expect(notes.at(-1)).toContain('did not say which locks are held');
  });
});

describe('the last tabs of a hub', () => {
  async function withHub(...ids: string[]) {
    const world = setUp();
    const pages = await Promise.all(ids.map((id) => world.page(id)));
    const wakes: string[] = [];
    const tabs = pages.map(({ hello: ofPage }, index) => {
      const port = channels.find(({ port2 }) => port2 === ofPage.events)!.port1;
      port.onmessage = (event: MessageEvent<{ kind: string }>) => {
        if (event.data.kind === 'wake') wakes.push(ids[index]!);
      };
      return world.registry.admit(ofPage, remote);
    });
    world.hubs.push(ids);
    await quiet();
    return { ...world, pages, tabs, wakes, a: tabs[0]!, b: tabs[1]!, c: tabs[2]! };
  }

  it('sleep while one is awake', async () => {
    const { registry, a, b, wakes } = await withHub('a', 'b', 'c');
    registry.setParking(a, 'hidden');
    registry.setParking(b, 'hidden');
    await quiet();
    expect(wakes).toEqual([]);
  });

  it.each<[string, (world: Awaited<ReturnType<typeof withHub>>) => void]>([
    ['dies', ({ pages }) => pages[0]!.locks.die()],
    ['leaves', ({ registry, a }) => registry.dismiss(a)],
    ['is frozen', ({ registry, a }) => registry.setParking(a, 'frozen')],
    ['is cached', ({ registry, a }) => registry.setParking(a, 'cached')],
  ])('are woken, one of them, when the last that was awake %s', async (_, end) => {
    const world = await withHub('a', 'b', 'c');
    const { registry, b, c, wakes, origin, texts } = world;
    registry.setParking(b, 'hidden');
    registry.setParking(c, 'hidden');
    await quiet();
    end(world);
    await until(() => wakes.length > 0);
    // Whatever else happens before it is back.
    registry.detached();
    await quiet();
    expect(wakes).toEqual(['b']);
    expect(texts()).toContain('tab 2 is woken: no other tab of the hub is awake');
    // Noticed if it dies before it is back.
    expect(origin.waiting).toContain('lock:b');
    registry.setParking(b, null);
    await quiet();
    expect(origin.waiting.filter((name) => name === 'lock:b')).toHaveLength(1);
    expect(wakes).toEqual(['b']);
  });

  it('are woken when the last that was awake lets the hub go', async () => {
    const { registry, b, hubs, wakes } = await withHub('a', 'b');
    registry.setParking(b, 'hidden');
    await quiet();
    hubs[0] = ['b'];
    registry.detached();
    await until(() => wakes.length > 0);
    expect(wakes).toEqual(['b']);
  });

  it('are woken in turn when the first is frozen or dies before it is back', async () => {
    const { registry, pages, a, b, c, wakes } = await withHub('a', 'b', 'c');
    for (const tab of [b, c, a]) registry.setParking(tab, 'hidden');
    await until(() => wakes.length === 1);
    expect(wakes).toEqual(['a']);
    registry.setParking(a, 'frozen');
    await until(() => wakes.length === 2);
    pages[1]!.locks.die();
    await until(() => wakes.length === 3);
    expect(wakes).toEqual(['a', 'b', 'c']);
  });

  it('are not woken when they are dead: the next one is', async () => {
    const { registry, pages, a, b, c, wakes, gone } = await withHub('a', 'b', 'c');
    registry.setParking(b, 'hidden');
    registry.setParking(c, 'hidden');
    await quiet();
    pages[1]!.locks.die();
    registry.dismiss(a);
    await until(() => wakes.length > 0);
    await quiet();
    expect(wakes).toEqual(['c']);
    expect(gone).toContain(b);
  });

  it('are never posted to when they are cached or frozen', async () => {
    const { registry, a, b, c, wakes } = await withHub('a', 'b', 'c');
    registry.setParking(a, 'hidden');
    registry.setParking(a, 'frozen');
    registry.setParking(b, 'cached');
    registry.setParking(c, 'frozen');
    await quiet();
    expect(wakes).toEqual([]);
  });

  it('are woken the visible one first', async () => {
    const { registry, a, b, c, wakes } = await withHub('a', 'b', 'c');
    b.visibility = 'hidden';
    registry.setParking(b, 'hidden');
    registry.setParking(c, 'hidden');
    await quiet();
    registry.dismiss(a);
    await until(() => wakes.length > 0);
    expect(wakes).toEqual(['c']);
  });
});

describe('a port that is not who it says', () => {
  it('does not take the place of the tab whose id it names: ids are in each snapshot', async () => {
    const { registry, page, gone } = setUp();
    const tab = registry.admit((await page('a')).hello, remote);
    const thief = hello('a', 'lock of the thief', 'key of the thief');
    expect(() => registry.admit(thief, remote)).toThrow(expect.objectContaining({ code: 'message-invalid' }));
    expect(registry.all()).toEqual([tab]);
    expect(tab.gone.aborted).toBe(false);
    expect(gone).toEqual([]);
  });

  it('is not watched by the lock of another tab, which it could take out of the watch', async () => {
    const { registry, page, gone, origin } = setUp();
    const { hello: own, locks } = await page('a');
    registry.admit(own, remote);
    expect(() => registry.admit(hello('thief', own.tabLock), remote)).toThrow(
      expect.objectContaining({ code: 'message-invalid' }),
    );
    expect(registry.all()).toHaveLength(1);
    locks.die();
    await until(() => gone.length === 1);
    expect(origin.waiting).toEqual([]);
  });

  it.each(['hubshare:worker:boot-1', 'hubshare:worker:boot-1:tabs', 'hubshare:refresh:x'])(
    'does not have the worker queue for %s, which is no lock of a tab',
    async (lock) => {
      const { registry, origin } = setUp();
      expect(() => registry.admit(hello('thief', lock), remote)).toThrow(
        expect.objectContaining({ code: 'message-invalid' }),
      );
      await quiet();
      expect(registry.all()).toEqual([]);
      expect(origin.requested).not.toContain(lock);
    },
  );

  it('does not have the last word: over the limit no new tab joins, and those that have may join again', () => {
    const { registry } = setUp();
    for (let n = 0; n < MAX_TABS; n += 1) registry.admit(hello(`tab-${n}`), remote);
    expect(() => registry.admit(hello('one-more'), remote)).toThrow(
      expect.objectContaining({ code: 'limit-reached', wire: expect.objectContaining({ most: MAX_TABS }) as unknown }),
    );
    registry.admit(hello('tab-0', 'another lock'), remote);
    expect(registry.all()).toHaveLength(MAX_TABS);
  });
});
