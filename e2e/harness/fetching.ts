/** Requests that a harness page has the worker send with its token. */
import type { SharedHubConnection } from 'hubshare';
import { outcomeOf } from './outcome.js';
import type { Outcome } from './tab-api.js';

/** An answer as data. */
export interface FetchView {
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Fetching {
  /** Gives a `FetchView`. */
  fetch(url: string, init?: RequestInit): Promise<Outcome>;
  /** Starts a request and keeps its outcome in `calls`. */
  begin(name: string, url: string, init?: RequestInit): void;
  abort(name: string): void;
}

export function createFetching(deps: {
  readonly connection: () => SharedHubConnection;
  readonly calls: Record<string, Outcome>;
}): Fetching {
  const aborts = new Map<string, AbortController>();

  async function send(url: string, init?: RequestInit): Promise<FetchView> {
    const response = await deps.connection().authorizedFetch(url, init);
    const { status, headers } = response;
    return { status, url: response.url, headers: Object.fromEntries(headers), text: await response.text() };
  }

  return {
    fetch: (url, init) => outcomeOf(() => send(url, init)),
    begin(name, url, init) {
      const abort = new AbortController();
      aborts.set(name, abort);
      void outcomeOf(() => send(url, { ...init, signal: abort.signal })).then((outcome) => {
        deps.calls[name] = outcome;
      });
    },
    abort: (name) => aborts.get(name)?.abort(),
  };
}
