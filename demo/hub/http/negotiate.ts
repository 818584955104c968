/** The answer to negotiate: the names of a new connection and the transports it may use. */
import type { Connection } from '../connections/connection.js';
import type { TransferFormat } from '../protocol/hub-protocol.js';
import { TRANSFER_FORMATS, type TransportName } from '../transports/transport.js';

export interface NegotiateResponse {
  readonly negotiateVersion: 0 | 1;
  readonly connectionId: string;
  readonly connectionToken?: string;
  /** Seconds. Present when `POST {hub}/refresh` is there to renew it. */
  readonly tokenLifetimeSeconds?: number;
  readonly availableTransports: readonly {
    readonly transport: TransportName;
    readonly transferFormats: readonly TransferFormat[];
  }[];
}

const ORDER: readonly TransportName[] = ['WebSockets', 'ServerSentEvents', 'LongPolling'];

/**
 * @param version - What the client asked for; newer than 1 is answered as 1.
 * Version 0 knows one name only, so there the secret one is given as the connection id.
 * @param tokenLifetimeSeconds - `null`: the token of a connection cannot be renewed by a request.
 */
export function negotiateResponse(
  connection: Connection,
  version: number,
  offered: Readonly<Record<TransportName, boolean>>,
  tokenLifetimeSeconds: number | null = null,
): NegotiateResponse {
  const availableTransports = ORDER.filter((transport) => offered[transport]).map((transport) => ({
    transport,
    transferFormats: TRANSFER_FORMATS[transport],
  }));
  const renewal = tokenLifetimeSeconds === null ? {} : { tokenLifetimeSeconds };
  return version >= 1
    ? {
        negotiateVersion: 1,
        connectionId: connection.id,
        connectionToken: connection.token,
        ...renewal,
        availableTransports,
      }
    : { negotiateVersion: 0, connectionId: connection.token, availableTransports };
}
