/**
 * How heavy the values of a tab are that will be written as JSON or MessagePack. A message of a few bytes can stand for gigabytes: a
 * list with a length and no items, a list that holds the same list ten times, ten levels deep, or one that holds itself.
 */
import type { HubshareError } from '../../src/contract/errors.js';
import { limitReached } from '../../src/contract/limit-reached.js';
import { MAX_CHARS_OF_CALL, MAX_DEPTH_OF_CALL, MAX_VALUES_OF_CALL } from '../limits.js';

interface Level {
  readonly items: readonly unknown[];
  next: number;
}

/**
 * @returns The same items in a list of our own: a list of a tab may have members of other names than numbers, such as `constructor`.
 * @throws {HubshareError} `limit-reached`
 */
export function checkWeight(list: readonly unknown[], what: string): readonly unknown[] {
  let values = list.length;
  let chars = 0;
  // Not the call stack: a value may nest deeper than that holds.
  const levels: Level[] = [];
  const open = (items: readonly unknown[]): void => {
    levels.push({ items, next: 0 });
    if (levels.length > MAX_DEPTH_OF_CALL) throw tooMuch(`levels in ${what}`, MAX_DEPTH_OF_CALL);
  };
  const grow = (by: number): void => {
    values += by;
    // Before anybody goes through them: a list may say a length of billions.
    if (values > MAX_VALUES_OF_CALL) throw tooMuch(`values in ${what}`, MAX_VALUES_OF_CALL);
  };
  grow(0);
  open(list);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (level.next >= level.items.length) {
      levels.pop();
      continue;
    }
    const item = level.items[level.next];
    level.next += 1;
    if (typeof item === 'string') chars += item.length;
    else if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) chars += item.byteLength;
    else if (Array.isArray(item)) {
      grow(item.length);
      open(item as unknown[]);
    } else if (typeof item === 'object' && item !== null) {
      const names = Object.keys(item);
      grow(names.length);
      for (const name of names) chars += name.length;
      open(names.map((name) => (item as Readonly<Record<string, unknown>>)[name]));
    }
    if (chars > MAX_CHARS_OF_CALL) throw tooMuch(`characters and bytes in ${what}`, MAX_CHARS_OF_CALL);
  }
  return Array.from(list);
}

function tooMuch(what: string, most: number): HubshareError<'limit-reached'> {
  return limitReached(`${what} go to the hub in one message`, most, 'Send it in parts, and nothing that holds itself.');
}
