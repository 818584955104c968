/** What a page is told that asks for more than one page may have. */
import { HubshareError, wireError } from './errors.js';

/**
 * @param limit - What there is too much of, in words.
 * @param advice - A sentence: what to do.
 */
export function limitReached(limit: string, most: number, advice: string): HubshareError<'limit-reached'> {
  return new HubshareError(wireError('limit-reached', `At most ${most} ${limit}. ${advice}`, { limit, most }));
}
