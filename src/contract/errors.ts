/** One family of errors, one `code`. As plain data they cross a port; as classes they are thrown. */

/** Every `code` with the fields that come with it. A code never changes its meaning between versions. */
export interface ErrorFields {
  // Bad input, found before anything was sent.
  'option-invalid': { readonly option: string };
  'option-unsupported': { readonly option: string };
  'state-invalid': { readonly state: string };
  'feature-unavailable': { readonly feature: string };
  'message-invalid': { readonly detail: string };
  /** This page has the worker hold more than a page may. `limit`: of what, in words. */
  'limit-reached': { readonly limit: string; readonly most: number };

  // The worker.
  'worker-unsupported': object;
  'worker-load-failed': object;
  'worker-unreachable': { readonly afterMs: number };
  'worker-lost': object;
  'contract-mismatch': { readonly tab: number; readonly worker: number };
  'not-joined': object;
  /** A defect of hubshare itself; please report it. */
  'worker-failed': { readonly detail: string };

  // The hub, on the way to a connection.
  'hub-unreachable': object;
  'hub-not-found': { readonly httpStatus: number };
  'hub-refused': { readonly httpStatus: number };
  /** The worker's own token goes to its origin and to what `serveHubs()` names, and this hub is neither. */
  'hub-not-allowed': { readonly origin: string };
  'not-a-hub': object;
  'start-timed-out': { readonly afterMs: number };

  // The hub connection, once it was up.
  /** `quiet`: the hub closed it without saying why. As with SignalR, callbacks get no error then. */
  'connection-lost': { readonly quiet?: boolean };
  'hub-closed': object;
  'not-connected': object;
  stopped: object;

  // Calls.
  'hub-error': { readonly method: string };
  'call-failed': { readonly method: string };
  'call-timed-out': { readonly method: string; readonly afterMs: number };
  'outcome-unknown': { readonly method: string };
  /** The tab did not read the items of a stream fast enough for the bound of its outbox. */
  'stream-overrun': { readonly method: string };

  // Topics.
  'topic-unknown': { readonly topic: string };
  /** The hub did not let this client join. */
  'topic-refused': { readonly topic: string; readonly key: string | number };

  // Warnings: nothing failed.
  'settings-differ': { readonly hub: string; readonly settings: readonly string[] };

  // Tokens.
  'token-unavailable': object;
  'token-rejected': { readonly httpStatus: number };
  'token-timed-out': { readonly afterMs: number };
  'signed-out': object;
  /** Another user has signed in: what this page shows belongs to the one before. */
  'identity-changed': object;

  // Requests with the worker's token.
  /** The worker sends its token to allowed origins only, and to no endpoint that gives tokens. */
  'fetch-refused': { readonly origin: string };
  'fetch-failed': object;
}

export type ErrorCode = keyof ErrorFields;

/** An error as plain data: what crosses a port, and what a status carries. */
export type WireError<C extends ErrorCode = ErrorCode> = C extends ErrorCode
  ? { readonly code: C; readonly message: string } & ErrorFields[C]
  : never;

/**
 * Base of every error that hubshare throws. Branch on `code`; it never changes between versions.
 * `message` says what happened and what to do about it; it never holds a token or a URL with a query.
 */
export class HubshareError<C extends ErrorCode = ErrorCode> extends Error {
  // Written out, here and below: a minifier changes the names of classes.
  override readonly name: string = 'HubshareError';
  readonly wire: WireError<C>;

  constructor(wire: WireError<C>, options?: ErrorOptions) {
    super(wire.message, options);
    this.wire = wire;
  }

  get code(): C {
    return this.wire.code as C;
  }
}

/** The worker had given the call to the hub and then died. The hub may or may not have run the method. */
export class OutcomeUnknownError extends HubshareError<'outcome-unknown'> {
  override readonly name = 'OutcomeUnknownError';
}

/** The worker gave no sign in time. The hub may still run the method. */
export class CallTimedOutError extends HubshareError<'call-timed-out'> {
  override readonly name = 'CallTimedOutError';
}

/** The hub ran the method and it failed, or the hub refused to run it. `message` is what SignalR's own client would give. */
export class HubCallError extends HubshareError<'hub-error'> {
  override readonly name = 'HubCallError';
}

/** The issuer or the hub said no to the token, also after a refresh. Asking again with the same sign-in cannot help. */
export class TokenRejectedError extends HubshareError<'token-rejected'> {
  override readonly name = 'TokenRejectedError';
}

/** `instanceof` would leave the code untyped, because the class is generic. */
export function isHubshareError(error: unknown): error is HubshareError {
  return error instanceof HubshareError;
}

/** The connection ended and the hub did not say why: SignalR gives callbacks no error then. */
export function isQuiet(error: WireError): boolean {
  return error.code === 'connection-lost' && error.quiet === true;
}

/** Builds an error as data. */
export function wireError<C extends ErrorCode>(code: C, message: string, fields: ErrorFields[C]): WireError<C> {
  return { code, message, ...fields } as unknown as WireError<C>;
}

/** Turns data back into the class that fits its code. */
export function errorFromWire(wire: WireError, options?: ErrorOptions): HubshareError {
  switch (wire.code) {
    case 'outcome-unknown':
      return new OutcomeUnknownError(wire, options);
    case 'call-timed-out':
      return new CallTimedOutError(wire, options);
    case 'hub-error':
      return new HubCallError(wire, options);
    case 'token-rejected':
      return new TokenRejectedError(wire, options);
    default:
      return new HubshareError(wire, options);
  }
}
