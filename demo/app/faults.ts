/** What the page shows of an error: a code to search for and a sentence to read. */

export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** hubshare's errors carry a `code`; SignalR's own (plain mode) have only a name. */
export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) };
  const code: unknown = 'code' in error ? error.code : undefined;
  return { code: typeof code === 'string' ? code : plainCode(error), message: sentence(error.message) };
}

function plainCode(error: Error): string {
  return /HubException|Hub method|error on the server|on the server\./i.test(error.message) ? 'hub-error' : error.name;
}

/** SignalR puts the hub's own words behind a preamble that helps nobody in front of a button. */
function sentence(message: string): string {
  const hubWords = /HubException: (.+)$/s.exec(message)?.[1];
  return hubWords ?? message;
}
