/** The seam between a connection and the encoding that its handshake has picked: JSON text or MessagePack. */
import type { ClientMessage, ServerMessage } from './messages.js';

/** As negotiate spells them: what a transport can carry and what an encoding needs. */
export type TransferFormat = 'Text' | 'Binary';

/** Encoded hub messages, delimiters included: text, or bytes that are no text. */
export type Payload = string | Buffer;

/** The first message of a piece of the stream, and what follows it. */
export interface Cut {
  readonly body: Buffer;
  readonly rest: Buffer;
}

/**
 * Cuts the first message off; `null` while it is incomplete.
 *
 * @throws {ProtocolError} It is longer than `maxMessageBytes`, or will be.
 */
export type Cutter = (bytes: Buffer, maxMessageBytes: number) => Cut | null;

export interface HubProtocol {
  /** As the handshake names it. */
  readonly name: string;
  readonly transferFormat: TransferFormat;
  readonly cut: Cutter;
  /** @throws {ProtocolError} The bytes, one message as `cut` gives it, are no hub message. */
  decode(body: Buffer): ClientMessage;
  encode(message: ServerMessage): Payload;
}
