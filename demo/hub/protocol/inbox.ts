/** Joins what a transport has cut and splits what it has joined: pieces of a connection's incoming stream become messages. */
import type { Cutter } from './hub-protocol.js';

export interface Inbox {
  /** How the next message is told from what follows it. The handshake changes it. */
  cut: Cutter;
  /**
   * Takes what a transport has received and yields the messages that are complete now. Lazy: the rest is looked at only
   * when the next message is asked for, because the first one (the handshake) decides how to read it.
   *
   * @throws {ProtocolError} A message is longer than the limit.
   */
  push(bytes: Buffer): Generator<Buffer>;
}

export function createInbox(maxMessageBytes: number, cut: Cutter): Inbox {
  /** The unfinished tail, kept for the next piece. */
  let rest: Buffer = Buffer.alloc(0);
  const inbox: Inbox = {
    cut,
    *push(bytes) {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      for (;;) {
        if (rest.length === 0) return;
        const found = inbox.cut(rest, maxMessageBytes);
        if (found === null) return;
        rest = found.rest;
        yield found.body;
      }
    },
  };
  return inbox;
}
