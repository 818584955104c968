/** Sends events to all connections of the bench hub: evenly spaced, or as fast as the tabs take them. */
import type { WebSocket } from 'ws';
import { createEventText, record } from './event-text.js';
import { ringOf, type Flow } from './orders.js';

export interface Flows {
  readonly sent: number;
  readonly skipped: number;
  start(flow: Flow): void;
  stop(): void;
  /** A tab has come further. */
  progressed(): void;
}

export interface FlowDeps {
  connections(): Iterable<WebSocket>;
  /** The position of each tab that reports one. */
  positions(): Iterable<number>;
  epochNow(): number;
}

/** A connection that has left this much unread, in bytes, gets nothing until it reads: a frozen tab must not fill the hub's memory. */
const MAX_UNREAD = 16 * 1024 * 1024;

export function createFlows({ connections, positions, epochNow }: FlowDeps): Flows {
  let sent = 0;
  let skipped = 0;
  let stop = (): void => undefined;
  let progressed = (): void => undefined;

  function sendToAll(message: string | Buffer): void {
    for (const connection of connections()) {
      if (connection.bufferedAmount > MAX_UNREAD) skipped += 1;
      else connection.send(message, { binary: false });
    }
  }

  function startPaced({ perSecond, bytes }: Extract<Flow, { kind: 'paced' }>): void {
    const text = createEventText(bytes);
    const beganMs = performance.now();
    const timer = setInterval(
      () => {
        const due = Math.floor(((performance.now() - beganMs) * perSecond) / 1000);
        for (; sent < due; sent += 1) sendToAll(record(text(sent, epochNow())));
      },
      Math.max(1, Math.floor(1000 / perSecond)),
    );
    stop = () => clearInterval(timer);
  }

  function startFlood(flow: Extract<Flow, { kind: 'flood' }>): void {
    const { perMessage, credit, bytes } = flow;
    const messages = encodeRing(ringOf(flow), perMessage, bytes);
    let due: NodeJS.Immediate | null = null;
    // A few messages at a time, so that progress is heard in between.
    const pump = (): void => {
      due = null;
      let slowest = Infinity;
      for (const position of positions()) slowest = Math.min(slowest, position);
      if (slowest === Infinity) slowest = sent;
      for (let burst = 0; burst < 16; burst += 1) {
        if (sent + perMessage > slowest + credit) return;
        const message = messages[(sent / perMessage) % messages.length];
        if (message) sendToAll(message);
        sent += perMessage;
      }
      due = setImmediate(pump);
    };
    progressed = () => {
      due ??= setImmediate(pump);
    };
    progressed();
    stop = () => {
      if (due) clearImmediate(due);
      progressed = () => undefined;
    };
  }

  return {
    get sent() {
      return sent;
    },
    get skipped() {
      return skipped;
    },
    start(flow) {
      stop();
      sent = 0;
      skipped = 0;
      if (flow.kind === 'paced') startPaced(flow);
      else startFlood(flow);
    },
    stop: () => stop(),
    progressed: () => progressed(),
  };
}

/** Encoded before the flood begins: the hub only writes, so that what is measured is the browser. */
function encodeRing(ring: number, perMessage: number, bytes: number): readonly Buffer[] {
  const text = createEventText(bytes);
  return Array.from({ length: ring / perMessage }, (_, index) =>
    Buffer.from(
      Array.from({ length: perMessage }, (__, offset) => record(text(index * perMessage + offset, 0))).join(''),
    ),
  );
}
