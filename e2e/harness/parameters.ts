/** What the query of a harness page's address says; the tests write it and the page reads it. */
import type { WorkerChoice } from './workers.js';

export interface HarnessParameters {
  readonly hub: string;
  readonly worker: WorkerChoice;
  /** The page gives an `accessTokenFactory`. */
  readonly asksPage: boolean;
  /** Bits of SignalR's `HttpTransportType`; `null`: not given. */
  readonly transport: number | null;
  /** `null`: the library's own delays. */
  readonly retryDelaysMs: readonly number[] | null;
  /** Client methods that are recorded in `tab.events`. */
  readonly events: readonly string[];
  readonly panel: boolean;
}

export const defaultParameters: HarnessParameters = {
  hub: '/hubs/ops',
  worker: 'endpoint',
  asksPage: false,
  transport: null,
  retryDelaysMs: null,
  events: [],
  panel: false,
};

export function writeParameters(parameters: HarnessParameters): URLSearchParams {
  return new URLSearchParams({ with: JSON.stringify(parameters) });
}

export function readParameters(query: URLSearchParams): HarnessParameters {
  const text = query.get('with');
  return text === null ? defaultParameters : { ...defaultParameters, ...(JSON.parse(text) as HarnessParameters) };
}
