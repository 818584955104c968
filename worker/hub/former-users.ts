/** Which page has shown a user who is signed in no more: with that user it is not the one to decide who is. */
import type { Tab } from '../tabs/tab.js';

export interface FormerUsers {
  has(tab: Tab, identity: string): boolean;
  add(tab: Tab, identity: string): void;
  /** The page has signed out itself: it may come as any user again. */
  forgive(tab: Tab): void;
}

/** A page that was forgotten may take the hub once more: no harm that lasts. */
const MAX_PAGES = 1_000;

/** By the id of the page, for a page that has let all its hubs go leaves the worker and joins anew. */
export function createFormerUsers(maxPages: number = MAX_PAGES): FormerUsers {
  const known = new Set<string>();
  const prefixOf = ({ id }: Tab): string => `${id}\0`;
  const nameOf = (tab: Tab, identity: string): string => `${prefixOf(tab)}${identity}`;
  return {
    has: (tab, identity) => known.has(nameOf(tab, identity)),
    add(tab, identity) {
      const name = nameOf(tab, identity);
      known.delete(name);
      known.add(name);
      const [oldest] = known;
      if (known.size > maxPages && oldest !== undefined) known.delete(oldest);
    },
    forgive(tab) {
      for (const name of known) if (name.startsWith(prefixOf(tab))) known.delete(name);
    },
  };
}
