/** Reads `Retry-After`: when a server that is too busy or not there wants to be asked again. */

/** What is looked at of an answer. */
export type Answer = Pick<Response, 'status' | 'headers'>;

/**
 * @returns Milliseconds from now; `null` where the answer says nothing: only 429 and 503 speak of the whole hub. A page of
 *   another origin sees the header only if the server names it in `Access-Control-Expose-Headers`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3} Seconds or a date.
 */
export function retryAfterOf({ status, headers }: Answer, nowMs: number): number | null {
  if (status !== 429 && status !== 503) return null;
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  // Only the forms of RFC 9110, all of which begin with the day of the week: `Date.parse` would take almost any text.
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return null;
  const atMs = Date.parse(value);
  // By the server's own clock, where it tells it: this machine's may be wrong.
  const serverNowMs = Date.parse(headers.get('date') ?? '');
  const waitMs = atMs - (Number.isNaN(serverNowMs) ? nowMs : serverNowMs);
  return Number.isNaN(waitMs) ? null : Math.max(0, waitMs);
}
