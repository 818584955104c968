/**
 * As much of Redis's protocol as publishing and subscribing needs.
 *
 * @see {@link https://redis.io/docs/latest/develop/reference/protocol-spec/}
 */

/** What Redis sends. Errors are values here: which command has failed is known by its place. */
export type RespValue = string | number | null | RespError | readonly RespValue[];

export class RespError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RespError';
  }
}

/** A command as Redis wants it: every part with its length in bytes. */
export function respCommand(...parts: readonly string[]): string {
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}

export interface RespReader {
  /**
   * Takes a piece of the stream and gives the values that are complete now.
   *
   * @throws {RespError} The stream is no RESP, or a value is larger than `maxBytes`.
   */
  push(bytes: Buffer): readonly RespValue[];
}

export function createRespReader(maxBytes: number): RespReader {
  /** The unfinished tail. */
  let rest: Buffer = Buffer.alloc(0);

  return {
    push(bytes) {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const values: RespValue[] = [];
      let from = 0;
      for (;;) {
        const found = read(rest, from);
        if (found === null) break;
        values.push(found.value);
        from = found.next;
      }
      rest = rest.subarray(from);
      if (rest.length > maxBytes) throw new RespError('Redis sent a value that is too large.');
      return values;
    },
  };
}

interface Read {
  readonly value: RespValue;
  readonly next: number;
}

/** `null`: the value is not complete. */
function read(bytes: Buffer, from: number): Read | null {
  const end = bytes.indexOf('\r\n', from);
  if (end < 0) return null;
  const line = bytes.toString('utf8', from + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(bytes[from] ?? 0)) {
    case '+':
      return { value: line, next };
    case '-':
      return { value: new RespError(line), next };
    case ':':
      return { value: Number(line), next };
    case '$': {
      const length = Number(line);
      if (length < 0) return { value: null, next };
      if (bytes.length < next + length + 2) return null;
      return { value: bytes.toString('utf8', next, next + length), next: next + length + 2 };
    }
    case '*': {
      const items: RespValue[] = [];
      let at = next;
      for (let left = Number(line); left > 0; left -= 1) {
        const item = read(bytes, at);
        if (item === null) return null;
        items.push(item.value);
        at = item.next;
      }
      return { value: items, next: at };
    }
    default:
      throw new RespError('What answers is not Redis.');
  }
}
