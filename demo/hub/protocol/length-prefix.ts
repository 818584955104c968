/** The binary stream of the hub protocol: each message follows its length, a VarInt of one to five bytes, lowest seven bits first. */
import type { Cutter } from './hub-protocol.js';
import { ProtocolError } from './protocol-error.js';

const MAX_PREFIX_BYTES = 5;
/** Of the fifth byte: more would be a length of 2 GiB or above. */
const MAX_LAST_BYTE = 0x07;
const CONTINUES = 0x80;
const VALUE_BITS = 7;

export const cutLengthPrefixed: Cutter = (bytes, maxMessageBytes) => {
  let length = 0;
  for (let index = 0; index < MAX_PREFIX_BYTES; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return null;
    if (index === MAX_PREFIX_BYTES - 1 && byte > MAX_LAST_BYTE) break;
    length += (byte & (CONTINUES - 1)) * 2 ** (VALUE_BITS * index);
    if ((byte & CONTINUES) !== 0) continue;
    if (length > maxMessageBytes) {
      throw new ProtocolError(`The maximum message size of ${maxMessageBytes}B was exceeded.`);
    }
    const start = index + 1;
    const end = start + length;
    return bytes.length < end ? null : { body: bytes.subarray(start, end), rest: bytes.subarray(end) };
  }
  throw new ProtocolError('Messages over 2GB in size are not supported.');
};

export function withLengthPrefix(body: Uint8Array): Buffer {
  const prefix: number[] = [];
  let left = body.byteLength;
  do {
    const low = left & (CONTINUES - 1);
    left >>>= VALUE_BITS;
    prefix.push(left > 0 ? low | CONTINUES : low);
  } while (left > 0);
  return Buffer.concat([Buffer.from(prefix), body]);
}
