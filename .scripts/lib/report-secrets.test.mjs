/** The search of the reports finds what it looks for, also deep in a folder, and does not repeat it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { secretsInReports } from './report-secrets.mjs';

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = [base64url({ alg: 'HS256', typ: 'JWT' }), base64url({ sub: 'ann', exp: 1 }), 'c2lnbmF0dXJl'].join('.');
const refreshToken = ['Zm9vYmFyYmF6cXV4cXV1eA', '12', 'k'.repeat(43)].join('.');

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubshare-reports-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name, text) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

it.each([
  ['an access token in an error', `Expected: "${jwt}"\nReceived: ""`, 'a JSON Web Token'],
  ['one in a JSON report', JSON.stringify({ errors: [{ message: `got '${jwt}'` }] }), 'a JSON Web Token'],
  ['one that was cut off behind its second part', `Bearer ${jwt.slice(0, -10)}…`, 'a JSON Web Token'],
  ['a refresh token', `set-cookie: refresh=${refreshToken}; HttpOnly`, 'a refresh token'],
  ['a token in a URL', 'GET /hubs/ops?id=1&access_token=opaque-token 200', 'a token in a URL'],
])('finds %s', (_, text, what) => {
  const file = write('some-test-chromium/error-context.md', text);
  const found = secretsInReports([folder]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/error-context\.md holds /);
  expect(found[0]).toContain(what);
  expect(found[0]).not.toContain(jwt.slice(0, 10));
  expect(secretsInReports([file]), 'as a file that is named').toEqual(found);
});

it.each(['trace.zip', 'network.har'])('refuses %s, which cannot be searched', (name) => {
  write(`some-test/${name}`, '');
  expect(secretsInReports([folder])).toEqual([expect.stringMatching(/is a recording/)]);
});

it('finds nothing in reports without tokens, nor where there are none', () => {
  write('a/access.log', 'POST /hubs/ops/negotiate?negotiateVersion=1 200\nGET /hubs/ops?id=eyJxQ0a1_-xW 101');
  write('playwright.json', JSON.stringify({ title: 'no access_token= in a URL', version: '1.64.1', at: '10.0.11.5' }));
  expect(secretsInReports([folder, join(folder, 'nothing-here')])).toEqual([]);
});
