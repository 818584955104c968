import { describe, expect, it } from 'vitest';
import type { KeyPath } from '../../src/contract/topics.js';
import { keyAt, keyText } from './topic-keys.js';

describe('the key of an event', () => {
  it.each<[KeyPath, unknown[], unknown]>([
    [[0, 'name'], [{ name: 'cpu' }], 'cpu'],
    [[0], ['cpu'], 'cpu'],
    [[1], ['x', 7], 7],
    [[0, 'a', 'b'], [{ a: { b: 'deep' } }], 'deep'],
    [[0, 'list', 1], [{ list: ['x', 'y'] }], 'y'],
    [[0, 1], [['x', 'y']], 'y'],
  ])('at %j of %j is %j', (path, args, key) => {
    expect(keyAt(path)(args)).toBe(key);
  });

  it.each<[KeyPath, unknown[]]>([
    [[0, 'name'], []],
    [[0, 'name'], [null]],
    [[0, 'name'], ['a text']],
    [[0, 'name'], [{}]],
    [[0, 'a', 'b'], [{ a: 5 }]],
    [[0, 'constructor', 'name'], [{}]],
    [[0, '__proto__'], [{}]],
    [[0, 'toString'], [[]]],
    [[3], ['x']],
  ])('at %j of %j is none', (path, args) => {
    expect(keyAt(path)(args)).toBeUndefined();
  });
});

describe('as text', () => {
  it('the number 1 and the text 1 are the same key', () => {
    expect(keyText(1)).toBe(keyText('1'));
  });

  it.each([undefined, null, NaN, Infinity, true, {}, [], 1n, Symbol('key')])('%s is no key', (value) => {
    expect(keyText(value)).toBeNull();
  });

  it('an empty text is a key: the app may use it', () => {
    expect(keyText('')).toBe('');
  });
});
