/** Values that MessagePack gives, seen as something that must be copied to tabs: how large they are, and without foreign bytes. */

/** Roughly the characters that the value would take as text; bytes count as they are. Cheap: nothing is written. */
export function sizeOf(value: unknown): number {
  let size = 0;
  /** Not the call stack: a hub may nest deeper than that holds. */
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') size += next.length + 2;
    else if (ArrayBuffer.isView(next)) size += next.byteLength;
    else if (typeof next !== 'object' || next === null || next instanceof Date) size += 8;
    else if (Array.isArray(next)) {
      size += 2;
      for (const item of next as unknown[]) open.push(item);
    } else {
      size += 2;
      for (const [key, item] of Object.entries(next)) {
        size += key.length + 3;
        open.push(item);
      }
    }
  }
  return size;
}

/**
 * Gives every piece of bytes in the value a buffer of its own. MessagePack decodes bytes as a view of the whole frame, and a
 * view is cloned with all that lies under it: each tab would get the frame once more.
 *
 * @returns The same value, changed in place.
 */
export function ownBytes(value: unknown): unknown {
  const root = [value];
  const open: Record<string | number, unknown>[] = [root as unknown as Record<string, unknown>];
  for (let within = open.pop(); within !== undefined; within = open.pop()) {
    for (const key of Object.keys(within)) {
      const next = within[key];
      if (next instanceof Uint8Array) {
        if (next.byteLength < next.buffer.byteLength) within[key] = next.slice();
      } else if (typeof next === 'object' && next !== null && !(next instanceof Date)) {
        open.push(next as Record<string, unknown>);
      }
    }
  }
  return root[0];
}
