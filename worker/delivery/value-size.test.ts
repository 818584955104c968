import { describe, expect, it } from 'vitest';
import { ownBytes, sizeOf } from './value-size.js';

describe('sizeOf', () => {
  it.each<[unknown, number]>([
    ['text', 6],
    [5, 8],
    [null, 8],
    [undefined, 8],
    [new Date(0), 8],
    [new Uint8Array(1_000), 1_000],
    [[], 2],
    [['ab', 1], 14],
    [{ ab: 'c' }, 10],
  ])('of %o is %i', (value, size) => expect(sizeOf(value)).toBe(size));

  it('is not limited by the depth of a value', () => {
    let value: unknown = 'core';
    for (let depth = 0; depth < 100_000; depth += 1) value = [value];
    expect(sizeOf(value)).toBe(200_006);
  });
});

describe('ownBytes', () => {
  it('frees bytes of the frame that they came in, however deep they lie', () => {
    const frame = new Uint8Array([1, 2, 3, 4, 5, 6]);
    const value = { list: [frame.subarray(1, 3)], more: { bytes: frame.subarray(4) } };
    expect(ownBytes(value)).toBe(value);
    expect(value.list[0]).toEqual(new Uint8Array([2, 3]));
    expect(value.list[0]?.buffer.byteLength).toBe(2);
    expect(value.more.bytes.buffer.byteLength).toBe(2);
  });

  it('frees bytes that are all there is', () => {
    const bytes = ownBytes(new Uint8Array([1, 2, 3]).subarray(1)) as Uint8Array;
    expect([...bytes]).toEqual([2, 3]);
    expect(bytes.buffer.byteLength).toBe(2);
  });

  it('leaves bytes that have a buffer of their own, and everything else, as they are', () => {
    const bytes = new Uint8Array([1]);
    const date = new Date(0);
    const value = { bytes, date, text: 'a', none: null, missing: undefined };
    expect(ownBytes(value)).toEqual({ bytes, date, text: 'a', none: null, missing: undefined });
    expect(value.bytes).toBe(bytes);
    expect(value.date).toBe(date);
  });
});
