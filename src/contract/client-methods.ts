/** What a page may name as client methods: which names, and how many. */

import type { HubshareError } from './errors.js';
import { limitReached } from './limit-reached.js';

/** Client methods that one page hears of one hub. */
export const MAX_CLIENT_METHODS = 10_000;

/** Characters of the name of a method. */
export const MAX_METHOD_NAME = 1_000;

/** @returns What a page is told that asks for more. */
export function tooManyMethods(): HubshareError<'limit-reached'> {
  return limitReached(
    'client methods of one hub are heard by one page',
    MAX_CLIENT_METHODS,
    'Call off() for some, or give what differs as an argument.',
  );
}

/** SignalR keeps its handlers in a plain object: a name that every object has (`constructor`, `__proto__`) makes it throw. */
export function isReservedMethod(name: string): boolean {
  return name.toLowerCase() in {};
}
