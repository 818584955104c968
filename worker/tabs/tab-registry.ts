/** The tabs that have joined and are alive. */
import type { Remote, ProxyMarked } from 'comlink';
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { Hello, Parking, TabApi } from '../../src/contract/rpc.js';
import type { Clock } from '../clock.js';
import { limitReached } from '../../src/contract/limit-reached.js';
import { MAX_TABS } from '../limits.js';
import type { ScheduleFlush } from '../delivery/flush-turn.js';
import type { OutboxLimits } from '../delivery/outbox.js';
import type { Journal } from '../observe/journal.js';
import { watchHolder, type Locks } from './liveness.js';
import { createSleepers } from './sleepers.js';
import { createTab, type Fenced, type Tab } from './tab.js';

export interface TabRegistry {
  /**
   * A tab joins. The same tab may knock twice; the later port counts.
   *
   * @throws {HubshareError} `message-invalid` It names another tab's id or lock, or a lock that is no tab's. `limit-reached`
   */
  admit(hello: Hello, remote: Remote<TabApi & ProxyMarked>): Tab;
  /** The tab says goodbye. */
  dismiss(tab: Tab): void;
  /** `null`: the tab is back. The hubs are told by the caller. */
  setParking(tab: Tab, how: Parking | null): void;
  /** A fence of a hub whose member that page was before it was taken for gone. */
  keepFence(tabKey: string, hubUrl: string, fence: Fenced): void;
  /** A tab has let a hub go: one that sleeps may be needed there. */
  detached(): void;
  all(): Tab[];
}

export function createTabRegistry(deps: {
  readonly clock: Clock;
  readonly locks: Locks;
  readonly limits: OutboxLimits;
  readonly journal: Journal;
  readonly onChange: () => void;
  /** The ids of the tabs of each hub, in the order of joining. */
  readonly hubTabIds: () => Iterable<readonly string[]>;
  /** Called once per tab, when it has gone or left. */
  readonly onGone: (tab: Tab) => void;
  readonly scheduleFlush: ScheduleFlush;
  /** An event of that hub was dropped for one tab. */
  readonly onDropped?: (hubUrl: string) => void;
}): TabRegistry {
  const { clock, journal } = deps;
  const tabs = new Map<string, Tab>();
  /** Watches by the name of the lock: each name is queued for at most once. */
  const watches = new Map<string, { readonly tabId: string; readonly end: () => void }>();
  /** Fences of pages that have gone, for those that only seemed to: they join anew as whom they showed. By the page's key. */
  const fencesLeft = new Map<string, ReadonlyMap<string, Fenced>>();
  let ordinals = 0;
  const sleepers = createSleepers({
    locks: deps.locks,
    journal,
    sleeping: () => [...tabs.values()].filter(({ lock }) => !watches.has(lock)),
    hubs: () =>
      [...deps.hubTabIds()].map((ids) =>
        ids.flatMap((id) => {
          const tab = tabs.get(id);
          return tab === undefined ? [] : [tab];
        }),
      ),
    remove: (tab) => remove(tab, 'gone'),
    wake(tab) {
      // First, so that a tab that dies before it is back is noticed. It runs, and is needed: it need not be frozen any more.
      watch(tab);
      tab.wake();
    },
  });

  function watch(tab: Tab): void {
    if (watches.has(tab.lock)) return;
    const { id, lock } = tab;
    const own = {
      tabId: id,
      end: watchHolder(deps.locks, lock, () => {
        if (watches.get(lock) === own) watches.delete(lock);
        const gone = tabs.get(id);
        // A tab that has joined again holds another lock now, and lives.
        if (gone?.lock === lock) remove(gone, 'gone');
      }),
    };
    watches.set(lock, own);
  }

  function unwatch(lock: string): void {
    watches.get(lock)?.end();
    watches.delete(lock);
  }

  function remove(tab: Tab, how: string): void {
    if (tabs.get(tab.id) !== tab) return;
    tabs.delete(tab.id);
    keepFences(tab.key, tab.fences);
    journal.note('tab', `tab ${tab.ordinal} ${how}`);
    tab.end();
    deps.onGone(tab);
    sleepers.check();
  }

  function keepFences(key: string, fences: ReadonlyMap<string, Fenced>): void {
    if (fences.size > 0) fencesLeft.set(key, new Map([...(fencesLeft.get(key) ?? []), ...fences]));
    const [oldest] = fencesLeft.keys();
    if (fencesLeft.size > MAX_TABS && oldest !== undefined) fencesLeft.delete(oldest);
  }

  /** Lock names can be seen by every page of the origin, and ids of tabs are in each snapshot: neither says who somebody is. */
  function checkOwn(hello: Hello, before: Tab | undefined): void {
    if (before !== undefined && before.key !== hello.tabKey) throw notOwn('tabId', 'id');
    if (before === undefined && tabs.size >= MAX_TABS)
      throw limitReached('pages can share one worker', MAX_TABS, 'Close pages of this site that are not needed.');
    const isTaken = [...tabs.values()].some(({ id, lock }) => lock === hello.tabLock && id !== hello.tabId);
    // The worker's own lock would never be free; behind a request for another one of hubshare's, tabs would wait.
    const isOther = hello.tabLock.startsWith('hubshare:') && !hello.tabLock.startsWith('hubshare:tab:');
    if (isTaken || isOther) throw notOwn('tabLock', 'lock');
  }

  return {
    admit(hello, remote) {
      const before = tabs.get(hello.tabId);
      checkOwn(hello, before);
      const fences = before?.fences ?? fencesLeft.get(hello.tabKey);
      fencesLeft.delete(hello.tabKey);
      const tab = createTab(hello, remote, {
        fences,
        ordinal: before?.ordinal ?? ++ordinals,
        limits: deps.limits,
        now: () => clock.now(),
        onChange: deps.onChange,
        scheduleFlush: deps.scheduleFlush,
        ...(deps.onDropped === undefined ? {} : { onDropped: deps.onDropped }),
        onBadFrame: () =>
          journal.note('tab', `tab ${tab.ordinal} sent something that is no acknowledgement`, 'message-invalid'),
      });
      if (before !== undefined) remove(before, 'joined again');
      tabs.set(tab.id, tab);
      journal.note('tab', `tab ${tab.ordinal} joined`);
      watch(tab);
      sleepers.check();
      return tab;
    },
    dismiss(tab) {
      for (const [lock, { tabId }] of watches) if (tabId === tab.id) unwatch(lock);
      remove(tab, 'left');
    },
    setParking(tab, how) {
      if (tabs.get(tab.id) !== tab) return;
      if (tab.parking !== how)
        journal.note('tab', `tab ${tab.ordinal} ${how === null ? 'is back' : `is parked: ${how}`}`);
      tab.setParking(how);
      // A page that was hidden, then cached or frozen, stays unwatched: a first request for the lock of a cached page evicts it.
      if (how === 'hidden') unwatch(tab.lock);
      if (how === null) watch(tab);
      else sleepers.check();
    },
    keepFence(tabKey, hubUrl, fence) {
      const back = [...tabs.values()].find(({ key }) => key === tabKey);
      if (back === undefined) keepFences(tabKey, new Map([[hubUrl, fence]]));
      else back.learnFence(hubUrl, fence);
    },
    detached: () => sleepers.check(),
    all: () => [...tabs.values()],
  };
}

function notOwn(field: string, what: string): HubshareError<'message-invalid'> {
  const detail = `${field} is the ${what} of another tab or of the worker.`;
  return new HubshareError(
    wireError('message-invalid', `${detail} Join with an id, a key and a lock of this page alone.`, { detail }),
  );
}
