/** The lower part of the board: the state panel in shared mode; in plain mode, where there is no worker, what that costs. */
import { h, setAttribute } from './dom.js';
import type { Link } from './link.js';
import { createPlainCard, type PlainFigures } from './plain-card.js';

export interface PanelDock {
  readonly element: HTMLElement;
  show(link: Link): void;
  hide(): void;
  draw(figures: PlainFigures): void;
}

export function createPanelDock(share: () => void): PanelDock {
  const element = h('section', { class: 'dock', 'aria-label': 'Connection', hidden: true });
  const plainCard = createPlainCard(share);
  let shown: Link | null = null;

  function hide(): void {
    shown = null;
    element.replaceChildren();
    setAttribute(element, 'hidden', true);
  }

  return {
    element,
    hide,
    draw(figures) {
      if (shown?.mode === 'plain') plainCard.draw(figures);
    },
    show(link) {
      hide();
      shown = link;
      if (link.mode === 'plain') {
        element.append(plainCard.element);
        setAttribute(element, 'hidden', false);
        return;
      }
      void import('hubshare/inspector').then(() => {
        if (shown !== link) return;
        const panel = document.createElement('hubshare-inspector');
        panel.connection = link.connection;
        element.append(panel);
        setAttribute(element, 'hidden', false);
      });
    },
  };
}
