/** Short messages over the page about new incidents; they go by themselves, but never under the pointer or the focus. */
import { h } from './dom.js';
import type { Incident } from './hub-types.js';

export interface Toasts {
  readonly element: HTMLElement;
  /** @returns Adds a line to the toast, for what is known only later. */
  show(incident: Incident): (note: string) => void;
}

const STAYS_MS = 8_000;
const MAX_TOASTS = 3;

export function createToasts(): Toasts {
  const element = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite', 'aria-label': 'New incidents' });

  function show(incident: Incident): (note: string) => void {
    const close = h('button', { type: 'button', class: 'toast-close', 'aria-label': 'Dismiss' }, '×');
    const text = h(
      'div',
      { class: 'toast-text' },
      h('strong', {}, incident.title),
      h('span', { class: 'muted' }, `${incident.severity} · raised by ${incident.raisedBy}`),
    );
    const toast = h(
      'div',
      { class: `toast ${incident.severity}`, 'data-testid': 'toast', 'data-incident-id': incident.id },
      h('span', { class: `mark ${incident.severity}`, 'aria-hidden': 'true' }),
      text,
      close,
    );

    let timer = setTimeout(leave, STAYS_MS);
    function leave(): void {
      if (toast.matches(':hover, :focus-within')) timer = setTimeout(leave, 1_000);
      else toast.remove();
    }
    close.addEventListener('click', () => {
      clearTimeout(timer);
      toast.remove();
    });

    element.append(toast);
    while (element.children.length > MAX_TOASTS) element.firstElementChild?.remove();
    return (note) => {
      text.append(h('span', { class: 'muted' }, note));
    };
  }

  return { element, show };
}
