/** Splits the text stream of the hub protocol into messages: each one ends with the record separator, U+001E. */
export const RECORD_SEPARATOR = '\u001e';

/** The peer broke the protocol; the connection cannot go on. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtocolError';
  }
}

export interface Framing {
  /**
   * Takes what a transport has received and yields the messages that are complete now. Lazy: the rest of the text is
   * looked at only when the next message is asked for, because the first one (the handshake) decides how to read it.
   *
   * @throws {ProtocolError} A message is longer than the limit.
   */
  push(text: string): Generator<string>;
}

/** A transport may cut the stream anywhere, so the unfinished tail is kept for the next piece. */
export function createFraming(maxMessageBytes: number): Framing {
  let tail = '';
  return {
    *push(text) {
      const pieces = (tail + text).split(RECORD_SEPARATOR);
      tail = pieces.pop() ?? '';
      // UTF-8 needs at most three bytes for each UTF-16 unit: short texts need no exact count.
      const tooLong = (piece: string): boolean =>
        piece.length * 3 > maxMessageBytes && Buffer.byteLength(piece) > maxMessageBytes;
      if (tooLong(tail)) throw new ProtocolError(`The maximum message size of ${maxMessageBytes}B was exceeded.`);
      for (const piece of pieces) {
        if (tooLong(piece)) throw new ProtocolError(`The maximum message size of ${maxMessageBytes}B was exceeded.`);
        yield piece;
      }
    },
  };
}
