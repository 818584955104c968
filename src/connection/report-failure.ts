/** Where an error goes that the app's own callback threw: to the console, as with SignalR's default logger. */
export function reportFailure(what: string, error: unknown): void {
  // eslint-disable-next-line no-console -- the error is the app's own, and nobody else would ever see it
  console.error(`[hubshare] ${what} threw error '${String(error)}'.`);
}
