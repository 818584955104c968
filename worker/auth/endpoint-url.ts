/** Checks and resolves the URL of a token endpoint. */
import { HubshareError, wireError } from '../../src/contract/errors.js';
import { secretParameter } from '../../src/contract/secret-parameters.js';

/** @throws {HubshareError} `option-invalid`, with a message that does not repeat the query. */
export function endpointUrl(url: string | URL, baseUrl: string | undefined): URL {
  let target: URL;
  try {
    target = new URL(url, baseUrl);
  } catch {
    throw invalid('it is not a URL, and there is nothing that it could be relative to. Give an absolute URL.');
  }
  if (target.protocol !== 'https:' && target.protocol !== 'http:')
    throw invalid(`it starts with ${target.protocol}. Give an http(s) URL.`);
  if (target.username !== '' || target.password !== '')
    throw invalid('it holds a user name or password. Use a cookie or a header.');
  const secret = secretParameter(target);
  if (secret !== null) {
    throw invalid(
      `its query seems to hold a secret (parameter "${secret}"). URLs end up in logs: send it in a cookie, a header or the body.`,
    );
  }
  target.hash = '';
  return target;
}

function invalid(why: string): HubshareError<'option-invalid'> {
  return new HubshareError(
    wireError('option-invalid', `The URL given to refreshEndpoint() cannot be used: ${why}`, { option: 'url' }),
  );
}
