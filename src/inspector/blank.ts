/** What stands in the panel while there is nothing to show: why, what to do about it, and the fan in outline. */
import { h, s, setHidden, setText } from './dom.js';
import { layOutFan, type Box } from './fan-layout.js';

export interface Blank {
  readonly root: HTMLElement;
  show(title: string, text: string, code: string): void;
}

export function createBlank(): Blank {
  const title = h('h3');
  const text = h('p');
  const code = h('code', { 'data-notice-code': '' });
  const root = h('section', { class: 'blank', part: 'empty' }, outline(), title, text, code);
  return {
    root,
    show(newTitle, newText, newCode) {
      setText(title, newTitle);
      setText(text, newText);
      setText(code, newCode);
      setHidden(code, newCode === '');
    },
  };
}

function outline(): SVGSVGElement {
  const layout = layOutFan(1, 3);
  const rect = ({ x, y, width, height }: Box): SVGRectElement =>
    s('rect', { x: String(x), y: String(y), width: String(width), height: String(height), rx: '12' });
  return s(
    'svg',
    { class: 'outline', viewBox: `0 0 ${layout.width} ${layout.height}`, width: '220', 'aria-hidden': 'true' },
    ...[...layout.hubLines, ...layout.tabLines].map((d) => s('path', { d })),
    ...[...layout.hubs, layout.worker, ...layout.tabs].map(rect),
  );
}
