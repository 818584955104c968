/** Turns any value into plain JSON without losing what JSON would lose, so that transcripts can leave the page and be compared. */

/** Longer texts are cut in transcripts, which people read; their length still counts. */
const LONGEST_TEXT = 300;

export function encode(value: unknown, depth = 0): unknown {
  if (depth > 12) return { $tooDeep: true };
  switch (typeof value) {
    case 'undefined':
      return { $undefined: true };
    case 'string':
      return value.length > LONGEST_TEXT
        ? { $text: value.slice(0, 40), length: value.length, sum: sumOf(value) }
        : value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'bigint':
      return { $bigint: String(value) };
    case 'function':
      return { $function: true };
    case 'symbol':
      return { $symbol: true };
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : encodeObject(value, depth);
  }
}

function encodeObject(value: object, depth: number): unknown {
  // The class, the name and the code of an error are compared by a scenario of their own.
  if (value instanceof Error) return { isError: true, message: value.message };
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString() };
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return bytes.length > 64 ? { $bytes: bytes.length, sum: sumOf(String(bytes)) } : { $bytes: [...bytes] };
  }
  if (value instanceof ArrayBuffer) return { $buffer: [...new Uint8Array(value)] };
  if (value instanceof Map) return { $map: [...value].map((entry) => encode(entry, depth + 1)) };
  if (Array.isArray(value)) return value.map((item) => encode(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item, depth + 1)]));
}

/** Tells two long texts apart that begin alike. */
function sumOf(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) sum = (sum * 31 + text.charCodeAt(i)) | 0;
  return sum;
}
