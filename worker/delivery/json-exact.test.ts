import { decode, encode, ExtData } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { isJsonExact } from './json-exact.js';

describe('isJsonExact', () => {
  it.each<[string, unknown]>([
    ['text', 'a\ud800"\u2028'],
    ['numbers', [0, -1, 1.5, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 + 2, 0.1 + 0.2]],
    ['null and booleans', [null, true, false]],
    ['objects and lists', { b: [{ a: 1 }, []], a: {}, 1: 'one', toJSON: 1, constructor: 'x' }],
  ])('is true of %s, which come back as they were', (_, value) => {
    expect(isJsonExact(value)).toBe(true);
    expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
  });

  it.each<[string, unknown]>([
    ['bytes', new Uint8Array([1])],
    ['a date', new Date(0)],
    ['undefined', undefined],
    ['a bigint', 1n],
    ['NaN', NaN],
    ['an infinite number', -Infinity],
    ['-0', -0],
    ['a map', new Map()],
    ['an object of a class', new ExtData(5, new Uint8Array([1]))],
    ['an object without prototype', Object.create(null)],
    ['a list with a hole', new Array(1)],
    ['a function', () => undefined],
  ])('is false of %s, however deep it lies', (_, value) => {
    expect(isJsonExact(value)).toBe(false);
    expect(isJsonExact([{ a: [1, value] }])).toBe(false);
  });

  it('is true of nothing that MessagePack gives and JSON would change', () => {
    const values = [1.5, -0, 'é😀', null, new Date(5), new Uint8Array([1, 2]), { a: [1, { b: NaN }] }, [2 ** 60]];
    for (const value of values.map((sent) => decode(encode(sent)))) {
      if (isJsonExact(value)) expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
      else expect(JSON.parse(JSON.stringify(value))).not.toStrictEqual(value);
    }
  });

  it('is not limited by the depth of a value', () => {
    let value: unknown = 'core';
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(isJsonExact(value)).toBe(true);
  });
});
