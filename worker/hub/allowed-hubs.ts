/** Which hubs may get the worker's own token: any script of the origin can name one, and what it names gets the token. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { ResolvedOptions } from '../serve-options.js';
import { hubKey } from '../topic-options.js';

/** Where the worker has no origin of its own, there is no such script, and every hub is allowed. */
export function isAllowedHub(
  url: string,
  { hasOwnOrigin, fetchOrigins, topics }: Pick<ResolvedOptions, 'hasOwnOrigin' | 'fetchOrigins' | 'topics'>,
): boolean {
  if (!hasOwnOrigin) return true;
  return URL.canParse(url) && (fetchOrigins.has(new URL(url).origin) || topics.has(hubKey(url)));
}

export function hubNotAllowed(url: string, origins: ReadonlySet<string>): HubshareError<'hub-not-allowed'> {
  const { origin } = new URL(url);
  return new HubshareError(
    wireError(
      'hub-not-allowed',
      `The worker's own token goes to ${[...origins].join(', ')} and to hubs that serveHubs({ hubs }) names. Name the hub at ${origin} there by its URL, or give this page a worker without accessToken.`,
      { origin },
    ),
  );
}
