/** What stands in the dock in plain mode: the picture of a connection for each tab, and what that costs, in the hub's own figures. */
import { h, setAttribute, setText, svg } from './dom.js';
import { formatNumber } from './format.js';

export interface PlainFigures {
  /** The hub's count; `null` while it is not known. */
  readonly connections: number | null;
  readonly tabs: number;
  readonly messagesPerS: number | null;
}

export interface PlainCard {
  readonly element: HTMLElement;
  draw(figures: PlainFigures): void;
}

const WIDTH = 420;
const HEIGHT = 208;
const HUB = { x: 1, width: 116, height: 52 };
const TAB = { x: 312, width: 107, height: 32 };
/** More would be lines on lines; the figures beside tell the number. */
const MAX_DRAWN = 16;

export function createPlainCard(share: () => void): PlainCard {
  const fan = svg('svg', {
    class: 'fan',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: 'img',
    'aria-label': 'The hub with a line to each tab',
  });
  const connections = h('dd');
  const copies = h('dd');
  const messages = h('dd');
  const button = h('button', { type: 'button', class: 'button', 'data-testid': 'share' }, 'Share one connection');
  button.addEventListener('click', share);
  let drawn = 0;

  const element = h(
    'div',
    { class: 'card plain-card', 'data-testid': 'plain-card' },
    h('header', { class: 'plain-header' }, h('h2', {}, 'Plain SignalR'), button),
    h(
      'div',
      { class: 'plain-body' },
      fan,
      h(
        'div',
        { class: 'plain-text' },
        h(
          'p',
          {},
          'Each tab holds a connection of its own: its own handshake, its own access token and refresh, its own copy of every event, its own sound.',
        ),
        h(
          'dl',
          { class: 'figures' },
          h('dt', {}, 'Connections at the hub'),
          connections,
          h('dt', {}, 'Copies of each event'),
          copies,
          h('dt', {}, 'Messages from the hub'),
          messages,
        ),
      ),
    ),
  );

  function drawFan(tabs: number): void {
    const shown = Math.min(tabs, MAX_DRAWN);
    if (shown === drawn) return;
    drawn = shown;
    const middle = HEIGHT / 2;
    const pitch = Math.min(TAB.height + 12, (HEIGHT - 8) / shown);
    const height = Math.min(TAB.height, pitch - 4);
    fan.replaceChildren(
      ...Array.from({ length: shown }, (_, index) => {
        const y = middle + (index - (shown - 1) / 2) * pitch;
        const from = HUB.x + HUB.width;
        const bend = (from + TAB.x) / 2;
        return svg(
          'g',
          {},
          svg('path', { class: 'fan-line', d: `M${from} ${middle}C${bend} ${middle} ${bend} ${y} ${TAB.x} ${y}` }),
          svg('rect', {
            class: 'fan-box',
            x: TAB.x,
            y: y - height / 2,
            width: TAB.width,
            height,
            rx: Math.min(8, height / 3),
          }),
          height < 18
            ? null
            : svg(
                'text',
                { class: 'fan-text', x: TAB.x + TAB.width / 2, y: y + 4, 'text-anchor': 'middle' },
                `tab ${index + 1}`,
              ),
        );
      }),
      svg('rect', {
        class: 'fan-box hub',
        x: HUB.x,
        y: middle - HUB.height / 2,
        width: HUB.width,
        height: HUB.height,
        rx: 8,
      }),
      svg('text', { class: 'fan-text', x: HUB.x + HUB.width / 2, y: middle - 2, 'text-anchor': 'middle' }, 'hub'),
      svg(
        'text',
        { class: 'fan-text muted', x: HUB.x + HUB.width / 2, y: middle + 14, 'text-anchor': 'middle' },
        'one each',
      ),
    );
  }

  return {
    element,
    draw({ connections: count, tabs, messagesPerS }) {
      drawFan(Math.max(1, tabs));
      setText(connections, count === null ? '–' : String(count));
      setText(copies, count === null ? '–' : String(count));
      setText(messages, messagesPerS === null ? '–' : `${formatNumber(messagesPerS)} /s`);
      setAttribute(element, 'data-warning', (count ?? 0) > 1);
    },
  };
}
