/** One button that goes through the three themes: as the system, light, dark. */
import { h, setAttribute } from './dom.js';
import { darkThemeIcon, lightThemeIcon, systemThemeIcon } from './icons.js';
import { preferences, type Theme } from './preferences.js';

export interface ThemeSwitch {
  readonly element: HTMLElement;
  draw(): void;
}

const FACES: Record<Theme, { readonly icon: () => SVGSVGElement; readonly label: string; readonly next: Theme }> = {
  system: { icon: systemThemeIcon, label: 'Theme: as the system', next: 'light' },
  light: { icon: lightThemeIcon, label: 'Theme: light', next: 'dark' },
  dark: { icon: darkThemeIcon, label: 'Theme: dark', next: 'system' },
};

export function createThemeSwitch(): ThemeSwitch {
  const element = h('button', { type: 'button', class: 'button icon-button', 'data-testid': 'theme' });
  const draw = (): void => {
    const { theme } = preferences.get();
    const { icon, label } = FACES[theme];
    setAttribute(element, 'data-theme-choice', theme);
    setAttribute(element, 'aria-label', label);
    setAttribute(element, 'title', label);
    element.replaceChildren(icon());
  };
  element.addEventListener('click', () => {
    preferences.set({ theme: FACES[preferences.get().theme].next });
    draw();
  });
  draw();
  return { element, draw };
}
