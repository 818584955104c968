/** The tabs that have joined and are alive. */
import type { Remote, ProxyMarked } from 'comlink';
import type { Hello, TabApi } from '../../src/contract/rpc.js';
import type { Clock } from '../clock.js';
import type { OutboxLimits } from '../delivery/outbox.js';
import type { Journal } from '../observe/journal.js';
import { watchHolder, type Locks } from './liveness.js';
import { createTab, type Tab } from './tab.js';

export interface TabRegistry {
  /** A tab joins. The same tab may knock twice; the later port counts. */
  admit(hello: Hello, remote: Remote<TabApi & ProxyMarked>): Tab;
  /** The tab says goodbye. */
  dismiss(tab: Tab): void;
  all(): Tab[];
}

export function createTabRegistry(deps: {
  readonly clock: Clock;
  readonly locks: Locks;
  readonly limits: OutboxLimits;
  readonly journal: Journal;
  readonly onChange: () => void;
  /** Called once per tab, when it has gone or left. */
  readonly onGone: (tab: Tab) => void;
}): TabRegistry {
  const { clock, journal } = deps;
  const tabs = new Map<string, Tab>();
  /** Watches by the name of the lock: each name is queued for exactly once. */
  const watches = new Map<string, { readonly tabId: string; readonly end: () => void }>();
  let ordinals = 0;

  function remove(tab: Tab, how: string): void {
    if (tabs.get(tab.id) !== tab) return;
    tabs.delete(tab.id);
    journal.note('tab', `tab ${tab.ordinal} ${how}`);
    tab.end();
    deps.onGone(tab);
  }

  return {
    admit(hello, remote) {
      const before = tabs.get(hello.tabId);
      const tab = createTab(hello, remote, {
        ordinal: before?.ordinal ?? ++ordinals,
        limits: deps.limits,
        now: () => clock.now(),
        onAck: deps.onChange,
        onBadFrame: () =>
          journal.note('tab', `tab ${tab.ordinal} sent something that is no acknowledgement`, 'message-invalid'),
      });
      if (before !== undefined) remove(before, 'joined again');
      tabs.set(tab.id, tab);
      journal.note('tab', `tab ${tab.ordinal} joined`);
      if (!watches.has(hello.tabLock)) {
        const end = watchHolder(deps.locks, hello.tabLock, () => {
          watches.delete(hello.tabLock);
          const gone = tabs.get(hello.tabId);
          // A tab that has joined again holds another lock now, and lives.
          if (gone?.lock === hello.tabLock) remove(gone, 'gone');
        });
        watches.set(hello.tabLock, { tabId: hello.tabId, end });
      }
      return tab;
    },
    dismiss(tab) {
      for (const [lock, watch] of watches) {
        if (watch.tabId !== tab.id) continue;
        watch.end();
        watches.delete(lock);
      }
      remove(tab, 'left');
    },
    all: () => [...tabs.values()],
  };
}
