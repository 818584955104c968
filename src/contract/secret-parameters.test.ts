import { expect, it } from 'vitest';
import { secretParameter } from './secret-parameters.js';

const at = (query: string): string | null => secretParameter(new URL(`https://h.test/hubs/ops?${query}`));

it.each(['access_token', 'token', 'auth', 'refreshToken', 'authToken', 'id-token', 'JWT', 'bearer', 'password'])(
  'finds %s',
  (name) => {
    expect(at(`room=1&${name}=x`)).toBe(name);
  },
);

it('finds a JWT under any name', () => {
  expect(at('x=eyJhbGciOiJub25lIn0')).toBe('x');
});

it.each(['room=1', 'tenant=acme&page=2', 'author=ann', 'tokens=3', ''])('lets %s pass', (query) => {
  expect(at(query)).toBeNull();
});
