/** Where access tokens come from: an endpoint that the worker asks itself, or the tabs. */

export interface FetchedToken {
  /** The bare token. */
  readonly token: string;
  /** What the issuer says about its life, in seconds from now. */
  readonly expiresInSeconds?: number;
}

/**
 * Gets the next token. The broker makes one call at a time.
 *
 * `fetch` rejects with a `HubshareError`: `token-rejected` when asking again cannot help, any other code when it may.
 * It gives up when `signal` is aborted; a source that does not is left behind, and its late answer is dropped.
 */
export interface TokenSource {
  readonly kind: 'endpoint' | 'tab';
  fetch(signal: AbortSignal): Promise<FetchedToken>;
  /** The user has signed out: whatever is stored of the user is wiped. What is under way has been aborted before. */
  forget?(): Promise<void>;
  /** A token that was stored earlier may be another user's: it is given only if `mayGive` says so, else it is wiped. */
  onStored?(mayGive: (token: string) => boolean): void;
  /** An address that gives tokens: no tab may ask there with the worker's token. */
  readonly url?: string;
  /** The source has something to say that no error carries, such as that it cannot store; without secrets. */
  onNote?(listener: (text: string) => void): void;
}
