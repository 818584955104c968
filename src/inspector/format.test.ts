/** Texts of the panel at their boundaries. */
import { describe, expect, it } from 'vitest';
import {
  age,
  ago,
  clockTime,
  clockTimeMs,
  count,
  duration,
  hubAddress,
  hubPath,
  lapse,
  perSecond,
  plural,
  shortId,
  tail,
  uptime,
} from './format.js';

describe('format', () => {
  it('groups the digits of a count', () => {
    expect([0, 999, 1_000, 18_204, 1_234_567].map(count)).toEqual(['0', '999', '1,000', '18,204', '1,234,567']);
  });

  it('keeps one decimal of a rate only while it is below ten', () => {
    expect([-1, 0, 0.5, 9.94, 9.96, 412.4].map(perSecond)).toEqual(['0', '0', '0.5', '9.9', '10', '412']);
  });

  it('uses the singular for one only', () => {
    expect([0, 1, 2].map((n) => plural(n, 'tab'))).toEqual(['0 tabs', '1 tab', '2 tabs']);
    expect(plural(2, 'entry', 'entries')).toBe('2 entries');
  });

  it('shortens an id to its first characters without dashes', () => {
    expect(shortId('7f-3a91c2-0000')).toBe('7f3a');
    expect(shortId('ab')).toBe('ab');
  });

  it('shows no query and no fragment of a hub URL, whether it parses or not', () => {
    expect(hubPath('https://host:5001/hubs/ops?access=secret#x')).toBe('/hubs/ops');
    expect(hubAddress('https://host:5001/hubs/ops?access=secret#x')).toBe('https://host:5001/hubs/ops');
    expect(hubPath('/hubs/ops?access=secret')).toBe('/hubs/ops');
    expect(hubAddress('/hubs/ops#x?y\nz')).toBe('/hubs/ops');
  });

  it('shortens a long path from the left', () => {
    expect(tail('/hubs/ops', 9)).toBe('/hubs/ops');
    expect(tail('/api/hubs/ops', 9)).toBe('…hubs/ops');
  });

  it('gives the time of day with two digits each', () => {
    const at = new Date(2026, 0, 2, 4, 5, 6, 7).getTime();
    expect(clockTime(at)).toBe('04:05:06');
    expect(clockTimeMs(at)).toBe('04:05:06.007');
  });

  it.each([
    [-5, '00:00:00'],
    [999, '00:00:00'],
    [761_000, '00:12:41'],
    [86_399_000, '23:59:59'],
    [86_400_000, '1 d 00:00:00'],
  ])('runs the up time of %i ms as %s', (ms, text) => {
    expect(uptime(ms)).toBe(text);
  });

  it.each([
    [-1, '0 s'],
    [0, '0 s'],
    [1, '1 s'],
    [59_000, '59 s'],
    [59_001, '1 min 00 s'],
    [252_000, '4 min 12 s'],
    [3_600_000, '1 h 00 min'],
    [7_440_000, '2 h 04 min'],
    [172_800_000, '2 d 0 h'],
  ])('words a duration of %i ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [20.4, '20 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [72_000, '1 min 12 s'],
  ])('words a lapse of %s ms as %s', (ms, text) => {
    expect(lapse(ms)).toBe(text);
  });

  it.each([
    [-50, 'now', 'just now'],
    [999, 'now', 'just now'],
    [1_000, '1 s', '1 s ago'],
    [59_999, '59 s', '59 s ago'],
    [60_000, '1 min', '1 min ago'],
    [3_600_000, '1 h', '1 h ago'],
    [172_800_000, '2 d', '2 d ago'],
  ])('words an age of %i ms as %s', (ms, short, phrase) => {
    expect([age(ms), ago(ms)]).toEqual([short, phrase]);
  });
});
