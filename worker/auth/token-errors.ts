/** The errors that the token broker itself gives rise to. */
import { HubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';

export function signedOut(): HubshareError<'signed-out'> {
  return new HubshareError(wireError('signed-out', 'The user signed out while the token was on its way.', {}));
}

export function isClosed(): HubshareError<'stopped'> {
  return new HubshareError(wireError('stopped', 'This hub is closed, so it has no token any more.', {}));
}

export function sameTokenAgain(): TokenRejectedError {
  const message =
    'The hub refused the access token, and a refresh brought the same one again. The user has to sign in again.';
  return new TokenRejectedError(wireError('token-rejected', message, { httpStatus: 401 }));
}
