/** What tabs are told when the user of their hub is signed in no more. */
import { wireError, type WireError } from '../../src/contract/errors.js';

/** The end of a hub for every tab, by their user's wish. */
export function signedOutError(): WireError<'signed-out'> {
  return wireError(
    'signed-out',
    'Signed out: the hub connection is closed for all tabs. Call start() after the next sign-in.',
    {},
  );
}

/** The end of a hub for every tab, because somebody else has signed in. */
export function identityChangedError(): WireError<'identity-changed'> {
  return wireError(
    'identity-changed',
    'Another user has signed in: the hub connection of the one before is closed for all tabs. Load the data of the page anew, then call start().',
    {},
  );
}

/** For one tab, whose user is not the one who is signed in. */
export function formerUserError(): WireError<'identity-changed'> {
  return wireError('identity-changed', 'This page shows a user who is not signed in any more; reload it.', {});
}
