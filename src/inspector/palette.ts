/** The colours of both themes. Every pair of text and ground keeps a contrast of 4.5:1 (checked by a test). */

export interface Palette {
  readonly surface: string;
  readonly sunken: string;
  readonly line: string;
  readonly control: string;
  readonly text: string;
  readonly muted: string;
  readonly accent: string;
  readonly accentSoft: string;
  readonly ok: string;
  readonly warn: string;
  readonly warnSoft: string;
  readonly danger: string;
  readonly dangerSoft: string;
}

export const light: Palette = {
  surface: '#ffffff',
  sunken: '#f6f7f9',
  line: '#e3e6eb',
  control: '#c6ccd5',
  text: '#14171c',
  muted: '#596270',
  accent: '#2159e8',
  accentSoft: '#edf2fe',
  ok: '#147a45',
  warn: '#8a5300',
  warnSoft: '#fff6e5',
  danger: '#bd2323',
  dangerSoft: '#fdf0ef',
};

export const dark: Palette = {
  surface: '#161a20',
  sunken: '#101317',
  line: '#2a3039',
  control: '#434b57',
  text: '#e9ecf1',
  muted: '#9ba5b3',
  accent: '#7ea4ff',
  accentSoft: '#1b2540',
  ok: '#45cf8d',
  warn: '#e8ac4c',
  warnSoft: '#2b2313',
  danger: '#ff857d',
  dangerSoft: '#321b1c',
};
