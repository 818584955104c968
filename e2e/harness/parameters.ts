/** What the query of a harness page's address says; the tests write it and the page reads it. */
import { defaultWorkerSettings, type WorkerSettings } from './worker-settings.js';
import type { WorkerChoice } from './workers.js';

export interface HarnessParameters {
  readonly hub: string;
  readonly worker: WorkerChoice;
  /** For the workers `told` and `told-next`. */
  readonly workerSettings: WorkerSettings;
  /** The page gives an `accessTokenFactory`. */
  readonly asksPage: boolean;
  /** Bits of SignalR's `HttpTransportType`; `null`: not given. */
  readonly transport: number | null;
  /** `null`: not given. */
  readonly withCredentials: boolean | null;
  /** `null`: the library's own delays. */
  readonly retryDelaysMs: readonly number[] | null;
  readonly protocol: 'json' | 'messagepack';
  /** The page gives a retry policy object instead of delays. */
  readonly retryPolicy: boolean;
  /** The page gives a logger object instead of a level. */
  readonly logger: boolean;
  /** `null`: the library's own. */
  readonly serverTimeoutMs: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The page declares the topic `metric` itself, for a worker file that knows of none. */
  readonly declaresTopic: boolean;
  /** Milliseconds; `false`: never; `null`: the library's own. */
  readonly hiddenParking: number | false | null;
  /** The user whom the page says that it shows; `null`: it does not say. */
  readonly identity: string | null;
  /** Client methods that are recorded in `tab.events`. */
  readonly events: readonly string[];
  readonly panel: boolean;
}

export const defaultParameters: HarnessParameters = {
  hub: '/hubs/ops',
  worker: 'endpoint',
  workerSettings: defaultWorkerSettings,
  asksPage: false,
  transport: null,
  withCredentials: null,
  retryDelaysMs: null,
  protocol: 'json',
  retryPolicy: false,
  logger: false,
  serverTimeoutMs: null,
  headers: {},
  declaresTopic: false,
  hiddenParking: null,
  identity: null,
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
