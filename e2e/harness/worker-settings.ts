/** What a test can tell the worker file that is told by its own address, in `location.search`. */

export interface WorkerSettings {
  /** URLs of the hubs that `serveHubs()` names. */
  readonly hubs: readonly string[];
  readonly fetchOrigins: readonly string[];
  /** Refreshes here with the refresh token in the body, and keeps it in a vault; `null`: as most apps, with a cookie at the page's origin. */
  readonly bodyEndpoint: string | null;
}

export const defaultWorkerSettings: WorkerSettings = { hubs: [], fetchOrigins: [], bodyEndpoint: null };

export function writeWorkerSettings(settings: WorkerSettings): string {
  return `?${new URLSearchParams({ with: JSON.stringify(settings) }).toString()}`;
}

export function readWorkerSettings(search: string): WorkerSettings {
  const text = new URLSearchParams(search).get('with');
  return text === null ? defaultWorkerSettings : (JSON.parse(text) as WorkerSettings);
}
