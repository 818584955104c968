/** The seam between a connection and what carries its messages: a WebSocket, an event stream, or a series of polls. */
import type { Payload, TransferFormat } from '../protocol/hub-protocol.js';

/** As negotiate spells them. */
export type TransportName = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

/** What each of them can carry. */
export const TRANSFER_FORMATS: Readonly<Record<TransportName, readonly TransferFormat[]>> = {
  WebSockets: ['Text', 'Binary'],
  ServerSentEvents: ['Text'],
  LongPolling: ['Text', 'Binary'],
};

export interface Transport {
  readonly name: TransportName;
  /** The transport itself notices a lost client, so pings are neither sent nor awaited. */
  readonly noticesLoss: boolean;
  /**
   * Queues it behind all that was sent before. A client that takes too little of it is cut off: `gone` follows.
   *
   * @param payload - In a format that this transport can carry.
   */
  send(payload: Payload): void;
  /** Ends it in good order once everything queued has left. */
  end(): void;
  /** Ends it at once and without a goodbye, like a cut cable. */
  abort(): void;
  /** Settles when nothing of it is left: no socket, no response, no timer. */
  readonly done: Promise<void>;
}

/** What a transport tells its connection. */
export interface TransportEvents {
  /** A piece of the client's stream; pieces and messages need not begin and end together. */
  received(bytes: Buffer): void;
  /** The client has gone, or was cut off for being too slow. Not told after `end` or `abort`. */
  gone(): void;
}
