/** The ASP.NET Core hub as the tests of the Node hub know theirs: with an address, its key, and the admin calls that they need. */
import type { HubConnection } from '@microsoft/signalr';
import { randomBytes } from 'node:crypto';
import { adminGet, admin, next } from '../../hub/testing/fixture.js';
import { startServer, type DotnetServer } from './dotnet-server.js';

export interface SecuredHub {
  readonly url: string;
  readonly signingKey: Uint8Array;
  readonly server: DotnetServer;
}

export interface Noted {
  readonly type: string;
  readonly level: string;
  readonly code?: string;
  readonly userId?: string;
  readonly hub?: string;
}

export async function startSecured(args: readonly string[] = []): Promise<SecuredHub> {
  const signingKey = randomBytes(32);
  const options = ['--port', '0', '--clock-tolerance', '0', '--disconnect-timeout', '5', '--metric-interval', '600'];
  const server = await startServer([...options, ...args], signingKey.toString('base64'));
  return { url: server.base, signingKey, server };
}

/** Starts a client and waits until the hub has taken it in: ASP.NET Core answers the handshake before it counts and reaches a connection. */
export async function enter(client: HubConnection): Promise<void> {
  const greeted = next(client, 'connection.authorized');
  await client.start();
  await greeted;
}

/** Sends to everyone. @returns To how many connections. */
export async function emitToAll(hub: SecuredHub, event: string, ...args: readonly unknown[]): Promise<number> {
  return (await admin(hub, 'emit', { event, args }))['sent'] as number;
}

export async function notesOf(
  hub: SecuredHub,
): Promise<{ readonly alerts: readonly Noted[]; readonly warnings: readonly Noted[] }> {
  return (await adminGet(hub, 'alerts')) as unknown as { alerts: readonly Noted[]; warnings: readonly Noted[] };
}

/** The clock of the limits and of the security log stands still at this time; `null`: it runs. */
export async function setClock(hub: SecuredHub, nowMs: number | null): Promise<void> {
  await admin(hub, 'clock', { nowMs });
}

/** `ok`, or the text of the error with which a call was refused. */
export function textOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => (error as Error).message,
  );
}

/** How the client is told that its connection has ended. */
export function ended(client: HubConnection): Promise<Error | undefined> {
  return new Promise((resolve) => client.onclose(resolve));
}
