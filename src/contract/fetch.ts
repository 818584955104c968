/** HTTP requests that a tab has the worker send, with the worker's token: `Request` and `Response` as data that can be cloned. */

/** What a tab asks for. A redirect is never followed: the token goes to the address that was named, or nowhere. */
export interface FetchRequest {
  /** Whose token is sent: tabs of another hub have no say. */
  readonly hub: string;
  /** Unique per request, for `abortFetch`. */
  readonly requestId: string;
  /** Absolute. */
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Transferred. `null`: there is none. */
  readonly body: ArrayBuffer | null;
  readonly cache: RequestCache;
  readonly credentials: RequestCredentials;
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly mode: 'cors' | 'same-origin';
  readonly referrerPolicy: ReferrerPolicy;
}

/** What the server answered, whatever its status. */
export interface FetchAnswer {
  /** 200 to 599. */
  readonly status: number;
  readonly statusText: string;
  /** Those that a script may read. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Transferred. `null`: there is none. */
  readonly body: ArrayBuffer | null;
  /** The address that answered. */
  readonly url: string;
}

/** Methods that no script may use. */
export const FORBIDDEN_FETCH_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);
