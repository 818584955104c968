/** Which tabs want which client method of one hub. The cost of an event is in the tabs that subscribed. */
import { MAX_CLIENT_METHODS, tooManyMethods } from '../../src/contract/client-methods.js';
import type { Tab } from '../tabs/tab.js';

export interface Subscriptions {
  /** @returns whether this is the first tab that wants the method. @throws {HubshareError} `limit-reached` */
  add(tab: Tab, method: string): boolean;
  /** @returns whether no tab wants the method any more. */
  remove(tab: Tab, method: string): boolean;
  /** @returns the methods that no tab wants any more. */
  removeTab(tab: Tab): string[];
  of(method: string): ReadonlySet<Tab>;
  has(tab: Tab, method: string): boolean;
}

const NOBODY: ReadonlySet<Tab> = new Set();

export function createSubscriptions(): Subscriptions {
  const tabsByMethod = new Map<string, Set<Tab>>();
  /** How many methods each tab wants. */
  const wanted = new WeakMap<Tab, number>();

  function remove(tab: Tab, method: string): boolean {
    const tabs = tabsByMethod.get(method);
    if (tabs?.delete(tab) !== true) return false;
    wanted.set(tab, (wanted.get(tab) ?? 1) - 1);
    if (tabs.size > 0) return false;
    tabsByMethod.delete(method);
    return true;
  }

  return {
    add(tab, method) {
      const tabs = tabsByMethod.get(method);
      if (tabs?.has(tab) === true) return false;
      const count = wanted.get(tab) ?? 0;
      if (count >= MAX_CLIENT_METHODS) throw tooManyMethods();
      wanted.set(tab, count + 1);
      if (tabs !== undefined) {
        tabs.add(tab);
        return false;
      }
      tabsByMethod.set(method, new Set([tab]));
      return true;
    },
    remove,
    removeTab: (tab) => [...tabsByMethod.keys()].filter((method) => remove(tab, method)),
    of: (method) => tabsByMethod.get(method) ?? NOBODY,
    has: (tab, method) => tabsByMethod.get(method)?.has(tab) ?? false,
  };
}
