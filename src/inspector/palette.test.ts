/** Text stays readable in both themes. */
import { describe, expect, it } from 'vitest';
import { dark, light, type Palette } from './palette.js';

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const pairs: readonly (readonly [keyof Palette, keyof Palette])[] = [
  ['text', 'surface'],
  ['text', 'sunken'],
  ['text', 'accentSoft'],
  ['text', 'warnSoft'],
  ['text', 'dangerSoft'],
  ['muted', 'surface'],
  ['muted', 'sunken'],
  ['muted', 'accentSoft'],
  ['muted', 'warnSoft'],
  ['muted', 'dangerSoft'],
  ['accent', 'surface'],
  ['accent', 'accentSoft'],
  ['ok', 'surface'],
  ['warn', 'surface'],
  ['warn', 'warnSoft'],
  ['danger', 'surface'],
  ['danger', 'dangerSoft'],
];

describe.each([
  ['light', light],
  ['dark', dark],
])('in the %s theme', (_, palette) => {
  it.each(pairs)('%s on %s has a contrast of 4.5:1 or more', (text, ground) => {
    expect(contrast(palette[text], palette[ground])).toBeGreaterThanOrEqual(4.5);
  });
});
