/** What the messages of a tab are made of: texts, numbers and objects, each checked before anything is done with it. */
import { HubshareError, wireError } from '../../src/contract/errors.js';

export function fail(detail: string): never {
  throw new HubshareError(
    wireError('message-invalid', `${detail} Use the client of the same hubshare version on this port.`, { detail }),
  );
}

export function fields(value: unknown, what: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : fail(`${what} must be an object.`);
}

export function checkText(value: unknown, what: string, maxLength = 2_048): string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength
    ? value
    : fail(`${what} must be a text of 1 to ${maxLength} characters.`);
}

export function checkFlag(value: unknown, what: string): boolean {
  return typeof value === 'boolean' ? value : fail(`${what} must be true or false.`);
}

export function checkNumber(value: unknown, what: string): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fail(`${what} must be a number.`);
}

export function checkCount(value: unknown, what: string): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : fail(`${what} must be a number from 0.`);
}

export function checkWhole(value: unknown, what: string, most: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
    ? value
    : fail(`${what} must be a whole number from 0 to ${most}.`);
}

export function checkList(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : fail(`${what} must be a list.`);
}

/** A list of such items; a hole in it is an item too. A list of a few bytes may say a length of billions, so there is always a bound. */
export function checkItems<T>(value: unknown, what: string, checkItem: (item: unknown) => T, most: number): T[] {
  const list = checkList(value, what);
  return list.length <= most
    ? Array.from(list, (item) => checkItem(item))
    : fail(`${what} must have at most ${most} items.`);
}

/** Words of an app, of any length, also none. */
export function checkWords(value: unknown, what: string): string {
  return typeof value === 'string' ? value : fail(`${what} must be a text.`);
}

export function checkOptionalCount(value: unknown, what: string): number | null {
  return value === null ? null : checkCount(value, what);
}
