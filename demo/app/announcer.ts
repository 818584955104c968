/** Says what matters to a screen reader: changes of state, never the figures that change each second. */
import { h, setText } from './dom.js';

export interface Announcer {
  readonly element: HTMLElement;
  say(text: string): void;
}

export function createAnnouncer(): Announcer {
  const element = h('p', {
    class: 'visually-hidden',
    role: 'status',
    'aria-live': 'polite',
    'data-testid': 'announcer',
  });
  return {
    element,
    say(text) {
      setText(element, text);
    },
  };
}
