/** Reads what a token endpoint answered. Messages name the endpoint without its query and never quote the answer. */
import { HubshareError, isHubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';
import type { FetchedToken } from './token-source.js';

/**
 * @param shown - Origin and path of the endpoint, for messages.
 * @throws {HubshareError} `token-unavailable` when there is no token in the answer.
 */
export function readTokenAnswer(
  text: string,
  shown: string,
  parse: (answer: unknown) => FetchedToken = parseTokenAnswer,
): FetchedToken {
  const answer = parseJson(text, shown);
  let fetched: FetchedToken | undefined;
  try {
    fetched = parse(answer);
  } catch (error) {
    if (isHubshareError(error)) throw error;
    // What the app's function threw may quote the answer, so it is not passed on.
    throw unavailable(`The parse function given to refreshEndpoint() threw on the answer of ${shown}.`);
  }
  // The app's own `parse` may be plain JavaScript.
  if (typeof fetched?.token !== 'string' || fetched.token === '') {
    throw unavailable(
      `There is no token in the answer of ${shown}. Expected "accessToken", "access_token" or "token"; give a parse function for another shape.`,
    );
  }
  return fetched;
}

/**
 * @param read - The app's own way. Default: `refreshToken` or `refresh_token`.
 * @returns `undefined` if there is none.
 * @throws {HubshareError} `token-unavailable`
 */
export function readRefreshToken(
  text: string,
  shown: string,
  read: (answer: unknown) => unknown = (answer) =>
    fieldsOf(answer)['refreshToken'] ?? fieldsOf(answer)['refresh_token'],
): string | undefined {
  const answer = parseJson(text, shown);
  let token: unknown;
  try {
    token = read(answer);
  } catch {
    throw unavailable(`The refreshToken.read function given to refreshEndpoint() threw on the answer of ${shown}.`);
  }
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function parseJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const seen = /^\s*</.test(text)
      ? 'HTML: probably a sign-in or error page'
      : text.trim() === ''
        ? 'nothing'
        : 'something else';
    throw unavailable(`The token endpoint ${shown} did not answer with JSON but with ${seen}. Check its URL.`);
  }
}

function fieldsOf(answer: unknown): Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
}

/** The default shape: RFC 6749 section 5.1, and what most apps make of it. `expires_in` is in seconds. */
function parseTokenAnswer(answer: unknown): FetchedToken {
  const fields = fieldsOf(answer);
  const token = fields['accessToken'] ?? fields['access_token'] ?? fields['token'];
  const life = fields['expiresIn'] ?? fields['expires_in'];
  // Some issuers send the number as text.
  const seconds = typeof life === 'string' && life.trim() !== '' ? Number(life) : life;
  const known = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return { token: typeof token === 'string' ? token : '', ...(known ? { expiresInSeconds: seconds } : {}) };
}

/** The error for an answer outside 2xx: `token-rejected` when asking again with the same sign-in cannot help. */
export function refusalOf(status: number, text: string, shown: string): HubshareError {
  if (status === 401 || status === 403 || (status === 400 && oauthError(text) === 'invalid_grant')) {
    return new TokenRejectedError(
      wireError(
        'token-rejected',
        `The token endpoint ${shown} refused to give a token (status ${status}). The user has to sign in again.`,
        {
          httpStatus: status,
        },
      ),
    );
  }
  if (status === 429 || status >= 500)
    return unavailable(`The token endpoint ${shown} cannot answer now (status ${status}).`);
  if (status === 404 || status === 405) {
    return unavailable(
      `There is no token endpoint at ${shown} (status ${status}). Check the URL and method given to refreshEndpoint().`,
    );
  }
  return unavailable(`The token endpoint ${shown} answered with status ${status}. Check what it expects.`);
}

function oauthError(text: string): unknown {
  try {
    return (JSON.parse(text) as { error?: unknown } | null)?.error;
  } catch {
    return undefined;
  }
}

function unavailable(message: string): HubshareError<'token-unavailable'> {
  return new HubshareError(wireError('token-unavailable', message, {}));
}
