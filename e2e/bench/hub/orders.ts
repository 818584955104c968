/** What the benchmark program and a hub in its own process say to each other. */

/** What the bench hub sends to every connection. */
export type Flow =
  /** One event per socket message, evenly spaced. */
  | { readonly kind: 'paced'; readonly perSecond: number; readonly bytes: number }
  /** As fast as the slowest tab that reports its progress takes them: `credit` events may be under way. */
  | { readonly kind: 'flood'; readonly bytes: number; readonly perMessage: number; readonly credit: number };

export type Order =
  | { readonly type: 'start'; readonly flow: Flow }
  | { readonly type: 'stop' }
  | { readonly type: 'read' }
  | { readonly type: 'close' };

export interface HubReading {
  /** Connections to the hub that are open now. */
  readonly connections: number;
  /** Socket messages of the hub's connections in both directions since the start. */
  readonly socketMessages: number;
  /** Events sent since the flow began, counted once however many connections. */
  readonly sent: number;
  /** Socket messages that were left out because a connection did not read. */
  readonly skipped: number;
  /** Processor time of the hub's process, milliseconds. */
  readonly cpuMs: number;
}

export interface Request {
  readonly id: number;
  readonly order: Order;
}

export type Message =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'answer'; readonly id: number; readonly reading: HubReading };

/** The running number of a flood starts again here: more than may ever be under way, and a bounded number of texts to keep. */
export function ringOf(flow: Flow): number {
  return flow.kind === 'flood' ? flow.credit * 2 : Number.MAX_SAFE_INTEGER;
}
