import { Subject } from '@microsoft/signalr';
import { describe, expect, it } from 'vitest';
import { splitArguments, wireFormOf } from './wire-form.js';

const json = wireFormOf('json');
const messagepack = wireFormOf('messagepack');

const thrownBy = (form: (value: unknown) => unknown, value: unknown): unknown => {
  try {
    form(value);
  } catch (error) {
    return error;
  }
  return null;
};

const ring: { self?: unknown } = {};
ring.self = ring;

describe('the form for JSON', () => {
  it('is that in which the hub would get the arguments', () => {
    const date = new Date(0);
    expect(json([1, 'a', null, true, { a: [1] }, date, { toJSON: () => 'own form' }])).toEqual([
      1,
      'a',
      null,
      true,
      { a: [1] },
      date.toJSON(),
      'own form',
    ]);
  });

  it('treats what JSON does not know as JSON does', () => {
    expect(json([undefined, NaN, () => 1, Symbol('x'), { a: undefined, f: () => 1 }])).toEqual([
      null,
      null,
      null,
      null,
      {},
    ]);
    expect(json(undefined)).toBeNull();
  });

  it('is a copy: a later change of an argument changes nothing that was sent', () => {
    const argument = { a: 1 };
    const sent = json(argument);
    argument.a = 2;
    expect(sent).toEqual({ a: 1 });
  });

  it.each<[string, unknown]>([
    ['a BigInt', 10n],
    ['an object that holds itself', ring],
    [
      'an object whose toJSON throws',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
    ],
  ])('cannot hold %s', (_, argument) => {
    expect(thrownBy(json, [1, argument])).toMatchObject({ code: 'option-invalid', wire: { option: 'args' } });
  });
});

describe('the form for MessagePack', () => {
  it('keeps bytes and dates, and what has no value', () => {
    const value = [new Uint8Array([1, 2]), new Date(5), undefined, { a: 1 }];
    expect(messagepack(value)).toStrictEqual(value);
  });

  it('is a copy', () => {
    const bytes = new Uint8Array([1, 2]);
    const sent = messagepack(bytes);
    bytes[0] = 9;
    expect(sent).toEqual(new Uint8Array([1, 2]));
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
  ])('cannot hold %s', (_, argument) => {
    expect(thrownBy(messagepack, { argument })).toMatchObject({ code: 'option-invalid', wire: { option: 'args' } });
  });
});

describe('the arguments', () => {
  it('are given as they are when there are none', () => {
    expect(splitArguments([], json)).toEqual({ args: [], streams: [] });
  });

  it('lose every stream among them, also two side by side', () => {
    const [first, second, third] = [new Subject(), new Subject(), { subscribe: () => undefined }];
    expect(splitArguments([first, second, 'label', third], json)).toEqual({
      args: ['label'],
      streams: [first, second, third],
    });
    expect(splitArguments([first], json)).toEqual({ args: [], streams: [first] });
  });

  it('keep an object whose subscribe is no function', () => {
    expect(splitArguments([{ subscribe: true }, null, undefined, 0, ''], json)).toEqual({
      args: [{ subscribe: true }, null, null, 0, ''],
      streams: [],
    });
  });

  it('are left in place in the app’s own list', () => {
    const given = [new Subject(), 1];
    splitArguments(given, json);
    expect(given).toHaveLength(2);
  });
});

it.each([1n, [[1n]], { a: { b: 1n } }])('MessagePack takes no big integers, however deep: %o', (value) => {
  expect(() => wireFormOf('messagepack')(value)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
});
