/**
 * Tabs that let themselves be frozen because they were hidden for long. The worker does not queue for their locks, for that would keep
 * the browser from freezing them; so whether such a tab still lives is looked up when it matters, and the last one of a hub is woken.
 */
import type { Journal } from '../observe/journal.js';
import { heldLocks, type Locks } from './liveness.js';
import { rankCandidates } from './primary-election.js';
import type { Tab } from './tab.js';

export interface Sleepers {
  /** A tab has joined, has let a hub go, has gone or was parked: looks whether the sleeping ones live, and whether one is needed. */
  check(): void;
}

export function createSleepers(deps: {
  readonly locks: Pick<Locks, 'query'>;
  readonly journal: Journal;
  /** Tabs whose locks are not queued for. */
  readonly sleeping: () => readonly Tab[];
  /** The tabs of each hub, in the order of joining. */
  readonly hubs: () => Iterable<readonly Tab[]>;
  readonly remove: (tab: Tab) => void;
  readonly wake: (tab: Tab) => void;
}): Sleepers {
  const { journal } = deps;
  let looking = false;
  let again = false;

  async function look(): Promise<void> {
    const before = deps.sleeping();
    if (before.length === 0) return;
    const held = await heldLocks(deps.locks).catch(() => null);
    if (held === null) {
      journal.note('tab', 'the browser did not say which locks are held: sleeping tabs are taken to live');
      return;
    }
    const still = new Set(deps.sleeping());
    // One that came back meanwhile has its lock queued for again, which says more than this look.
    for (const tab of before) if (still.has(tab) && !held.has(tab.lock)) deps.remove(tab);
  }

  function wakeLast(): void {
    for (const tabs of deps.hubs()) {
      if (tabs.some(({ parked }) => !parked)) continue;
      const asleep = new Set(deps.sleeping());
      const hidden = tabs.filter(({ parking }) => parking === 'hidden');
      // One that was woken has not come back yet: it will, or its lock tells that it has gone.
      if (hidden.some((tab) => !asleep.has(tab))) continue;
      const [best] = rankCandidates(
        hidden.map(({ id, visibility }) => ({ id, parked: false, visible: visibility === 'visible' })),
        null,
      );
      const tab = hidden.find(({ id }) => id === best);
      if (tab === undefined) continue;
      journal.note('tab', `tab ${tab.ordinal} is woken: no other tab of the hub is awake`);
      deps.wake(tab);
    }
  }

  async function checkAll(): Promise<void> {
    looking = true;
    do {
      again = false;
      await look();
      // What was removed or has changed meanwhile asks for another look: nobody is woken who was not looked up.
    } while (again);
    looking = false;
    wakeLast();
  }

  return {
    check() {
      again = true;
      if (!looking && deps.sleeping().length > 0) void checkAll();
    },
  };
}
