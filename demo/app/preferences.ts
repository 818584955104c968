/** The choices that a visitor makes once and every tab follows: connection mode, theme, sound. */

export type Mode = 'shared' | 'plain';
export type Theme = 'system' | 'light' | 'dark';

export interface Preferences {
  readonly mode: Mode;
  readonly theme: Theme;
  readonly sound: boolean;
}

const KEY = 'ops-console.preferences';
const DEFAULTS: Preferences = { mode: 'shared', theme: 'system', sound: true };

function parse(text: string | null): Preferences {
  try {
    const value = JSON.parse(text ?? '{}') as Partial<Record<keyof Preferences, unknown>>;
    return {
      mode: value.mode === 'plain' ? 'plain' : 'shared',
      theme: value.theme === 'light' || value.theme === 'dark' ? value.theme : 'system',
      sound: value.sound !== false,
    };
  } catch {
    return DEFAULTS;
  }
}

/** A browser that blocks site data throws here; then the choice lasts as long as the page. */
function read(): Preferences {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    return DEFAULTS;
  }
}

let current = read();
const listeners = new Set<(preferences: Preferences, previous: Preferences) => void>();

function become(next: Preferences): void {
  const previous = current;
  current = next;
  for (const listener of listeners) listener(next, previous);
}

export const preferences = {
  get: (): Preferences => current,

  set(change: Partial<Preferences>): void {
    const next = { ...current, ...change };
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Kept in memory only, see `read`.
    }
    become(next);
  },

  /** Told of changes made in this tab and in every other one. */
  subscribe(listener: (preferences: Preferences, previous: Preferences) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

addEventListener('storage', (event) => {
  if (event.key === KEY) become(parse(event.newValue));
});

// A page that comes back from the back/forward cache has missed the storage events.
addEventListener('pageshow', (event) => {
  if (event.persisted) become(read());
});
