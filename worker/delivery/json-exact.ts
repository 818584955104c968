/** Whether JSON can hold a value such that the same comes out again: what MessagePack gives can be more than that. */

/** Bytes, dates, `undefined`, bigints, numbers such as `NaN` and -0, and objects of a class are not the same after JSON. */
export function isJsonExact(value: unknown): boolean {
  /** Not the call stack: a hub may nest deeper than that holds. */
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    switch (typeof next) {
      case 'string':
      case 'boolean':
        continue;
      case 'number':
        if (!Number.isFinite(next) || Object.is(next, -0)) return false;
        continue;
      case 'object':
        if (next === null) continue;
        if (Array.isArray(next)) {
          for (const item of next as unknown[]) open.push(item);
        } else {
          if (Object.getPrototypeOf(next) !== Object.prototype) return false;
          for (const key of Object.keys(next)) open.push((next as Record<string, unknown>)[key]);
        }
        continue;
      default:
        return false;
    }
  }
  return true;
}
