/** Where an event says to which member of a topic it belongs. */
import type { KeyPath } from '../../src/contract/topics.js';

/** Gives what stands for the key in the arguments of an event; anything but a key when there is none. May throw if the app wrote it. */
export type KeyOf = (args: readonly unknown[]) => unknown;

/** Looks at own properties only: what every object has (`constructor`) is no key. */
export function keyAt([argument, ...names]: KeyPath): KeyOf {
  return (args) => {
    let value = args[argument];
    for (const name of names) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as Readonly<Record<string | number, unknown>>)[name];
    }
    return value;
  };
}

/** The key as it is compared: the number 1 and the text `1` are the same. `null`: this is no key. */
export function keyText(key: unknown): string | null {
  if (typeof key === 'string') return key;
  return typeof key === 'number' && Number.isFinite(key) ? String(key) : null;
}
