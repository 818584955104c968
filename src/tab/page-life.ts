/** What the page goes through: shown, hidden, cached, frozen, network back. */
import type { Visibility } from '../contract/rpc.js';

export interface PageLifeEvents {
  visibility(visibility: Visibility): void;
  /** The page goes into the back/forward cache or is frozen. */
  parked(how: 'cached' | 'frozen'): void;
  /** It runs again. */
  restored(): void;
  online(): void;
}

export function pageVisibility(): Visibility {
  // Also asked where there is no page, as on a server that renders: then nothing is ever joined.
  return typeof document !== 'undefined' && document.visibilityState === 'hidden' ? 'hidden' : 'visible';
}

/** @returns Removes every listener. */
export function watchPage(events: PageLifeEvents): () => void {
  const watch = new AbortController();
  const { signal } = watch;
  document.addEventListener('visibilitychange', () => events.visibility(pageVisibility()), { signal });
  document.addEventListener('freeze', () => events.parked('frozen'), { signal });
  document.addEventListener('resume', () => events.restored(), { signal });
  // `pagehide` and never `unload`: an unload handler keeps a page out of the back/forward cache.
  window.addEventListener('pagehide', (event) => event.persisted && events.parked('cached'), { signal });
  window.addEventListener('pageshow', (event) => event.persisted && events.restored(), { signal });
  window.addEventListener('online', () => events.online(), { signal });
  return () => watch.abort();
}
