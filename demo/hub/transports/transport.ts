/** The seam between a connection and what carries its text: a WebSocket, an event stream, or a series of polls. */

/** As negotiate spells them. */
export type TransportName = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

export interface Transport {
  readonly name: TransportName;
  /** The transport itself notices a lost client, so pings are neither sent nor awaited. */
  readonly noticesLoss: boolean;
  /** Queues text behind all earlier text. A client that takes too little of it is cut off: `gone` follows. */
  send(text: string): void;
  /** Ends it in good order once everything queued has left. */
  end(): void;
  /** Ends it at once and without a goodbye, like a cut cable. */
  abort(): void;
  /** Settles when nothing of it is left: no socket, no response, no timer. */
  readonly done: Promise<void>;
}

/** What a transport tells its connection. */
export interface TransportEvents {
  text(text: string): void;
  /** The client has gone, or was cut off for being too slow. Not told after `end` or `abort`. */
  gone(): void;
}
