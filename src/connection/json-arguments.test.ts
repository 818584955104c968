import { Subject } from '@microsoft/signalr';
import { describe, expect, it } from 'vitest';
import { jsonArguments } from './json-arguments.js';

const thrownBy = (args: readonly unknown[]): unknown => {
  try {
    jsonArguments(args);
  } catch (error) {
    return error;
  }
  return null;
};

it('brings arguments into the form in which the hub would get them', () => {
  const date = new Date(0);
  expect(jsonArguments([1, 'a', null, true, { a: [1] }, date, { toJSON: () => 'own form' }])).toEqual([
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
  expect(jsonArguments([undefined, NaN, () => 1, Symbol('x'), { a: undefined, f: () => 1 }])).toEqual([
    null,
    null,
    null,
    null,
    {},
  ]);
});

it('gives copies: a later change of an argument changes nothing that was sent', () => {
  const argument = { a: 1 };
  const [sent] = jsonArguments([argument]);
  argument.a = 2;
  expect(sent).toEqual({ a: 1 });
});

it('takes no arguments as they are', () => {
  expect(jsonArguments([])).toEqual([]);
});

describe('refuses', () => {
  const ring: { self?: unknown } = {};
  ring.self = ring;

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
  ])('%s', (_, argument) => {
    expect(thrownBy([1, argument])).toMatchObject({ code: 'option-invalid', wire: { option: 'args' } });
  });

  it('a stream', () => {
    expect(thrownBy([1, new Subject()])).toMatchObject({
      code: 'feature-unavailable',
      wire: { feature: 'upload-streams' },
    });
  });
});

it('does not take an object for a stream whose subscribe is no function', () => {
  expect(jsonArguments([{ subscribe: true }])).toEqual([{ subscribe: true }]);
});
