import { expect, it } from 'vitest';
import { MAX_CHARS_OF_CALL, MAX_DEPTH_OF_CALL, MAX_VALUES_OF_CALL } from '../limits.js';
import { checkWeight } from './check-weight.js';

function refused(list: readonly unknown[]): void {
  expect(() => checkWeight(list, 'args')).toThrow(expect.objectContaining({ code: 'limit-reached' }));
}

function nested(depth: number): unknown[] {
  let value: unknown[] = [];
  for (let n = 1; n < depth; n += 1) value = [value];
  return value;
}

it('gives a list without members of other names', () => {
  const args = Object.assign([1, [2]], { constructor: 'x', length: 2 });
  expect(Object.keys(checkWeight(args, 'args'))).toEqual(['0', '1']);
});

it('lets the arguments of apps pass, as they are', () => {
  const args = [1, 'two', null, undefined, { a: [true, { b: new Date(0) }] }, new Uint8Array(8), [], new Map([[1, 2]])];
  const checked = checkWeight(args, 'args');
  expect(checked).toEqual(args);
  expect(checked[4]).toBe(args[4]);
});

it('refuses a list that says a length of billions, at once', () => {
  refused(new Array(2 ** 32 - 1));
  refused([{ a: [new Array(2 ** 32 - 1)] }]);
});

it('refuses a list that holds itself, and an object that does', () => {
  const ring: unknown[] = [];
  ring.push(ring);
  refused(ring);
  const object: Record<string, unknown> = {};
  object['self'] = object;
  refused([object]);
});

it('counts what is written twice twice: 2 to the power of 40 texts in 40 lists', () => {
  let value: unknown = 'x';
  for (let n = 0; n < 40; n += 1) value = [value, value];
  refused([value]);
});

it('takes as many values as there may be, and not one more', () => {
  expect(checkWeight(Array<number>(MAX_VALUES_OF_CALL).fill(0), 'args')).toHaveLength(MAX_VALUES_OF_CALL);
  refused(Array<number>(MAX_VALUES_OF_CALL + 1).fill(0));
});

it('takes lists within each other as deep as they may be, and not one more', () => {
  expect(checkWeight(nested(MAX_DEPTH_OF_CALL), 'args')).toHaveLength(1);
  refused(nested(MAX_DEPTH_OF_CALL + 1));
});

it('takes as many characters and bytes as there may be, and not one more', () => {
  const half = 'x'.repeat(MAX_CHARS_OF_CALL / 2);
  const bytes = new Uint8Array(MAX_CHARS_OF_CALL / 2);
  expect(checkWeight([half, bytes], 'args')).toHaveLength(2);
  refused([half, bytes, 'x']);
  refused([half, bytes.buffer, { x: 1 }]);
});
