import { describe, expect, it } from 'vitest';
import { retryAfterOf } from './retry-after.js';

const NOW_MS = Date.UTC(2026, 0, 5, 12, 0, 0);
const answer = (status: number, headers: Record<string, string>) => ({ status, headers: new Headers(headers) });

it.each<[string, number | null]>([
  ['0', 0],
  ['120', 120_000],
  [' 30 ', 30_000],
  ['Mon, 05 Jan 2026 12:00:40 GMT', 40_000],
  ['Monday, 05-Jan-26 12:00:40 GMT', 40_000],
  ['Mon Jan  5 12:00:40 2026 GMT', 40_000],
  ['Mon, 05 Jan 2026 11:59:00 GMT', 0],
  ['', null],
  ['-5', null],
  ['1.5', null],
  ['soon', null],
  ['2026', 2_026_000],
  ['2026-01-05T12:00:40Z', null],
  ['Mon, nonsense', null],
])('reads %j as %s ms', (value, ms) => {
  expect(retryAfterOf(answer(503, { 'retry-after': value }), NOW_MS)).toBe(ms);
});

it('takes the wait until a date from the clock of the server, where it tells it', () => {
  const headers = { 'retry-after': 'Mon, 05 Jan 2026 10:00:40 GMT', date: 'Mon, 05 Jan 2026 10:00:00 GMT' };
  expect(retryAfterOf(answer(503, headers), NOW_MS)).toBe(40_000);
});

describe('counts', () => {
  it.each([429, 503])('in an answer %i', (status) => {
    expect(retryAfterOf(answer(status, { 'retry-after': '5' }), NOW_MS)).toBe(5_000);
  });

  it.each([200, 202, 301, 401, 404, 500])('in no answer %i', (status) => {
    expect(retryAfterOf(answer(status, { 'retry-after': '5' }), NOW_MS)).toBeNull();
  });

  it('not where it is not there', () => {
    expect(retryAfterOf(answer(503, {}), NOW_MS)).toBeNull();
  });
});
