/** Puts the chosen theme on the root element; `color-scheme` does the rest, in this page and in the state panel. */
import { preferences } from './preferences.js';

export function followTheme(): void {
  const apply = (): void => {
    document.documentElement.dataset['theme'] = preferences.get().theme;
  };
  preferences.subscribe(apply);
  apply();
}
