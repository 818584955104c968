/** The few icons of the top bar, as SVG built node by node. */
import { svg } from './dom.js';

function icon(...paths: readonly string[]): SVGSVGElement {
  return svg(
    'svg',
    { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    ...paths.map((d) => svg('path', { d })),
  );
}

export const soundOnIcon = (): SVGSVGElement =>
  icon('M2 6h2.5L8 3v10L4.5 10H2z', 'M10.5 5.5a3.5 3.5 0 0 1 0 5', 'M12.5 3.5a6.4 6.4 0 0 1 0 9');
export const systemThemeIcon = (): SVGSVGElement => icon('M2 3h12v8H2z', 'M8 11v2.5', 'M5 13.5h6');
export const lightThemeIcon = (): SVGSVGElement =>
  icon(
    'M8 5.2a2.8 2.8 0 1 1 0 5.6a2.8 2.8 0 1 1 0-5.6',
    'M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1',
  );
export const darkThemeIcon = (): SVGSVGElement => icon('M13.5 9.6A6 6 0 1 1 6.4 2.5a4.8 4.8 0 0 0 7.1 7.1z');
export const soundOffIcon = (): SVGSVGElement => icon('M2 6h2.5L8 3v10L4.5 10H2z', 'M10.5 6l4 4', 'M14.5 6l-4 4');
