import type { ProxyMarked, Remote } from 'comlink';
import { afterEach, describe, expect, it } from 'vitest';
import { CONTRACT_VERSION, type Hello, type TabApi } from '../../src/contract/rpc.js';
import { DEFAULT_OUTBOX_LIMITS } from '../delivery/outbox.js';
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
  const journal = createJournal({ now: () => 0, redact: (text) => text, maxEntries: 100, onChange: () => undefined });
  const registry = createTabRegistry({
    clock,
    locks: origin.client('worker'),
    limits: DEFAULT_OUTBOX_LIMITS,
    journal,
    onChange: () => undefined,
    onGone: (tab) => gone.push(tab),
  });
  async function page(tabId: string, tabLock = `lock:${tabId}`) {
    const locks = origin.client(`${tabId} ${tabLock}`);
    await holdForLife(locks, tabLock);
    return { locks, hello: hello(tabId, tabLock) };
  }
  const texts = (): string[] => journal.since(0).map(({ text }) => text);
  return { origin, clock, registry, gone, page, texts };
}

function hello(tabId: string, tabLock = `lock:${tabId}`): Hello {
  const channel = new MessageChannel();
  channels.push(channel);
  return { contractVersion: CONTRACT_VERSION, tabId, tabLock, visibility: 'visible', events: channel.port2 };
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
