/** A path to the key of a topic as people write it, in a tab or in a worker of their own. */
import type { KeyPath } from './topics.js';

/**
 * @param written - `name`, `a.b`, or a list that begins with the number of the argument.
 * @returns `null`: it is none.
 */
export function readKeyPath(written: unknown): KeyPath | null {
  const path: unknown[] =
    typeof written === 'string' ? [0, ...written.split('.')] : Array.isArray(written) ? written : [];
  const [argument, ...names] = path;
  return isIndex(argument) && names.every((name) => isIndex(name) || (typeof name === 'string' && name !== ''))
    ? [argument, ...(names as (string | number)[])]
    : null;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
