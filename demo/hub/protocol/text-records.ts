/** The text stream of the hub protocol: each message, and each handshake, ends with the record separator, U+001E. */
import type { Cutter } from './hub-protocol.js';
import { ProtocolError } from './protocol-error.js';

export const RECORD_SEPARATOR = '\u001e';
/** In UTF-8 it is one byte that is never part of another character. */
const SEPARATOR_BYTE = 0x1e;

export const cutTextRecord: Cutter = (bytes, maxMessageBytes) => {
  const end = bytes.indexOf(SEPARATOR_BYTE);
  if ((end === -1 ? bytes.length : end) > maxMessageBytes) {
    throw new ProtocolError(`The maximum message size of ${maxMessageBytes}B was exceeded.`);
  }
  return end === -1 ? null : { body: bytes.subarray(0, end), rest: bytes.subarray(end + 1) };
};
