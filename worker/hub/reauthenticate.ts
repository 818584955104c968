/** Gives a live connection a new token, in the first way that the hub offers, without a drop. */
import { TokenRejectedError, wireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';
import type { ReauthWay } from './hub-socket.js';
import type { Negotiated } from './transport/negotiate.js';
import { refreshInPlace } from './transport/refresh-in-place.js';

/** What the hub sends in `connection.authorized`, right after the handshake, if it takes new tokens in band. */
export type AnnouncedWay = Extract<ReauthWay, 'call' | 'cut'>;

export interface ReauthDeps {
  readonly hubUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly withCredentials: boolean;
  readonly clock: Clock;
  readonly negotiated: Negotiated | null;
  readonly announced: AnnouncedWay | null;
  /** What the connection goes over can break without an end of the connection: stateful reconnect, which SignalR has for WebSockets only. */
  readonly survivesCut: boolean;
  readonly invoke: (method: string, ...args: unknown[]) => Promise<unknown>;
  readonly send: (method: string) => Promise<void>;
  /** A redirected connection gets a new token for its own requests. */
  readonly onTransportToken: (token: string) => void;
}

/** @throws {TokenRejectedError} when the hub does not take the token; otherwise what went wrong, worth another try. */
export async function reauthenticate(token: string, deps: ReauthDeps): Promise<ReauthWay | 'none'> {
  const { negotiated, announced, survivesCut } = deps;
  if (negotiated !== null && negotiated.tokenLifetimeSeconds !== null && negotiated.connectionToken !== null) {
    const { hubUrl, headers, withCredentials, clock } = deps;
    const result = await refreshInPlace({
      hubUrl,
      headers,
      withCredentials,
      clock,
      token,
      connectionToken: negotiated.connectionToken,
    });
    switch (result.kind) {
      case 'refreshed':
        if (result.transportToken !== null) deps.onTransportToken(result.transportToken);
        return 'endpoint';
      case 'rejected':
        throw new TokenRejectedError(
          wireError('token-rejected', 'The hub does not take the new access token for this connection.', {
            httpStatus: result.httpStatus,
          }),
        );
      case 'failed':
        throw result.error;
      case 'connection-gone':
        return 'none';
      case 'unsupported':
    }
  }
  if (announced === 'call') {
    await deps.invoke('connection.reauth', token);
    return 'call';
  }
  // Any other connection would be lost, with what was under way.
  if (announced === 'cut' && survivesCut) {
    await deps.send('connection.cut');
    return 'cut';
  }
  return 'none';
}

/** Reads the arguments of `connection.authorized`. */
export function announcedWay(args: readonly unknown[]): AnnouncedWay | null {
  const [announcement] = args;
  if (typeof announcement !== 'object' || announcement === null || !('reauth' in announcement)) return null;
  return announcement.reauth === 'call' || announcement.reauth === 'cut' ? announcement.reauth : null;
}

/**
 * Reads the arguments of `token.expiring`: when the token of the connection ends, by the hub's clock, in milliseconds since the epoch.
 *
 * @returns `null`: the hub did not say, or in no form that is known.
 */
export function announcedExpiryMs(args: readonly unknown[]): number | null {
  const [announcement] = args;
  if (typeof announcement !== 'object' || announcement === null || !('expiresAt' in announcement)) return null;
  const { expiresAt } = announcement;
  // .NET writes a DateTimeOffset as text.
  const atMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : expiresAt;
  return typeof atMs === 'number' && Number.isFinite(atMs) ? atMs : null;
}
