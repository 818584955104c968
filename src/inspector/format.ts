/** Turns numbers, times and ids into the short texts of the panel. Pure: the time of day comes in as data. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Shown where there is no value, so that a cell keeps its height. */
export const NONE = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `18204` becomes `18,204`. */
export function count(value: number): string {
  return grouped.format(value);
}

/** Events per second: one decimal below ten, so that a slow hub does not read as a silent one. */
export function perSecond(rate: number): string {
  if (rate <= 0) return '0';
  return rate < 9.95 ? rate.toFixed(1) : count(rate);
}

/** A count and its noun: `1 tab`, `4 tabs`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** The first characters of an id, enough to tell two apart by eye. */
export function shortId(id: string, length = 4): string {
  return id.replaceAll('-', '').slice(0, length);
}

/** The path of a hub's URL. Query and fragment are cut off even though a report never holds them. */
export function hubPath(url: string): string {
  try {
    return new URL(url).pathname;
  } catch {
    return bare(url);
  }
}

/** Origin and path of a hub's URL, without query and fragment. */
export function hubAddress(url: string): string {
  try {
    const { origin, pathname } = new URL(url);
    return origin + pathname;
  } catch {
    return bare(url);
  }
}

/** Shortens from the left, where paths are alike: `/api/v2/hubs/ops` becomes `…hubs/ops`. */
export function tail(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `…${text.slice(text.length - maxLength + 1)}`;
}

/** Time of day of this machine, `14:02:11`. */
export function clockTime(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
}

/** Time of day of this machine with milliseconds, `14:02:11.482`. */
export function clockTimeMs(atMs: number): string {
  return `${clockTime(atMs)}.${String(new Date(atMs).getMilliseconds()).padStart(3, '0')}`;
}

/** A running clock: `00:12:41`, after a day `2 d 00:12:41`. */
export function uptime(ms: number): string {
  const total = Math.max(0, Math.floor(ms / SECOND_MS));
  const days = Math.floor(total / 86_400);
  const clock = [Math.floor(total / 3_600) % 24, Math.floor(total / 60) % 60, total % 60].map(twoDigits).join(':');
  return days > 0 ? `${days} d ${clock}` : clock;
}

/** A length of time in its two largest units: `2 h 04 min`, `4 min 12 s`, `12 s`. Part seconds count as whole ones. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND_MS));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor(minutes / 60) % 24} h`;
}

/** How long something took that may be over in a moment: `20 ms`, `3.2 s`, from ten seconds on as `duration`. */
export function lapse(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  return ms < 9_950 ? `${(ms / SECOND_MS).toFixed(1)} s` : duration(ms);
}

/** How old something is, in its largest unit: `now`, `3 s`, `2 min`, `5 h`, `2 d`. */
export function age(ms: number): string {
  if (ms < SECOND_MS) return 'now';
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** `age` as a phrase: `just now`, `3 s ago`. */
export function ago(ms: number): string {
  const text = age(ms);
  return text === 'now' ? 'just now' : `${text} ago`;
}

function bare(text: string): string {
  return text.replace(/[?#].*$/s, '');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
