/** How figures, sizes and times are written: one place, so that charts, list and top bar agree. */

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export const formatClock = (atMs: number): string => clock.format(atMs);
export const formatDateTime = (atMs: number): string => dateAndTime.format(atMs);

/** At most three figures that matter: 1,284 -> "1.28 k", 41.2 -> "41", 0.842 -> "0.84". */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${trim(value / 1e6, 2)} M`;
  if (size >= 9_995) return `${trim(value / 1e3, 1)} k`;
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  if (size >= 10) return trim(value, 1);
  return trim(value, 2);
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

export const formatPercent = (value: number): string => `${Math.round(value)} %`;

export const GIB = 2 ** 30;
export const formatGibibytes = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
export const formatRoundGibibytes = (bytes: number): string => `${trim(bytes / GIB, 1)} GiB`;

export const formatMilliseconds = (ms: number): string => `${ms >= 10 ? Math.round(ms) : ms.toFixed(1)} ms`;

/** A length of time, in the largest unit that fits: "12 s", "4 min", "3 h", "2 d". */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many);
