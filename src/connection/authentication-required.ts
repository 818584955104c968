/** Tells the app, once for each time, that somebody has to sign in before the hub can be connected. */
import { errorFromWire, type HubshareError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import { createCallbacks, type Callbacks } from './callbacks.js';
import type { Log } from './log.js';

/** What `onauthenticationrequired` tells. */
export interface AuthenticationRequired {
  /** `token-rejected`: the issuer or the hub said no, also after a refresh. `token-unavailable`: there is none, or the issuer cannot be reached. */
  readonly error: HubshareError;
  /** Every tab is told; this one is the one to show the sign-in. */
  readonly isPrimary: boolean;
}

export interface AuthenticationNotice {
  readonly required: Callbacks<[needed: AuthenticationRequired]>;
  /** Remembers what the worker says. */
  see(status: HubStatus): void;
  /** Tells what was seen and not told yet: after the connection has come to its state, so that `start()` can be called from there. */
  tell(): void;
  /** The next time is another one, for the tab has let the hub go. */
  forget(): void;
}

/** @param self - The connection, which callbacks get as `this`. */
export function createAuthenticationNotice(self: object, tabId: string, log: Log): AuthenticationNotice {
  const required = createCallbacks<[needed: AuthenticationRequired]>('onauthenticationrequired', log);
  let isRequired = false;
  let untold: AuthenticationRequired | null = null;

  return {
    required,
    see({ authenticationRequired, error, snapshot }) {
      if (!authenticationRequired) untold = null;
      else if (!isRequired && error !== null)
        untold = { error: errorFromWire(error), isPrimary: snapshot.primaryTabId === tabId };
      isRequired = authenticationRequired;
    },
    tell() {
      const needed = untold;
      untold = null;
      if (needed !== null) required.call(self, needed);
    },
    forget() {
      isRequired = false;
    },
  };
}
