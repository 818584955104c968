import { describe, expect, it } from 'vitest';
import { readKeyPath } from './key-path.js';
import type { KeyPath } from './topics.js';

describe('a path', () => {
  it.each<[unknown, KeyPath]>([
    ['name', [0, 'name']],
    ['a.b', [0, 'a', 'b']],
    [[1], [1]],
    [
      [0, 'list', 2],
      [0, 'list', 2],
    ],
  ])('is written as %j', (written, path) => {
    expect(readKeyPath(written)).toEqual(path);
  });

  it.each([[''], ['a..b'], ['.'], [[]], [['name']], [[-1]], [[0.5]], [[0, '']], [[0, null]], [5], [null], [undefined]])(
    'is not %j',
    (written) => {
      expect(readKeyPath(written)).toBeNull();
    },
  );
});
