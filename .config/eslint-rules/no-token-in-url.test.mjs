/** SEC-9: each way in which code could put a token into a query string, and what looks like it and is fine. */
import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import config from '../eslint.config.mjs';
import { noTokenInUrl } from './no-token-in-url.mjs';

RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;

const bad = (code) => ({ code, errors: [{ messageId: 'inUrl' }] });

new RuleTester({ languageOptions: { parser: tseslint.parser } }).run('no-token-in-url', noTokenInUrl, {
  valid: [
    'const url = `${base}/negotiate?negotiateVersion=1`;',
    'fetch(url, { headers: { Authorization: `Bearer ${token}` } });',
    'new WebSocket(url, ["signalr", `bearer.${token}`]);',
    'url.searchParams.delete("access_token");',
    'const old = url.searchParams.get("access_token");',
    'if (url.searchParams.has("access_token")) refuse();',
    'const clean = text.replace(/access_token=[^&]*/g, "");',
    'tokens.set("token", value);',
    'const byToken = new Map(); byToken.set(accessToken, tab);',
    'headers.append("authorization", `Bearer ${token}`);',
    'log(`token expires in ${seconds} s`);',
    'const cookie = `refresh=${refreshToken}; HttpOnly`;',
    'const text = "id=" + token;',
    'url.searchParams.set("page", String(page));',
    'new URLSearchParams({ page: "1" });',
    'url.searchParams.set("id", connectionToken);',
    'const url = `${hub}?id=${negotiated.connectionToken}`;',
    'const n = a + b;',
    'expect(log).not.toContain("access_token=");',
    'log(`Is it valid? token: ${token}`);',
  ],
  invalid: [
    bad('const url = `${base}?access_token=${x}`;'),
    bad('const url = `${base}?id=${id}&access_token=${x}`;'),
    bad('const url = `?id=${id}&t=${auth.accessToken}`;'),
    bad('const url = `/hub?t=${encodeURIComponent(await getToken())}`;'),
    bad('const url = base + "?token=" + x;'),
    bad('const url = base + "?x=" + jwt;'),
    bad('const url = base + `?a=1` + `&auth=${x}`;'),
    bad('const query = "access_token=" + x;'),
    bad('new URL("/hub?access_token=" + x, location.origin);'),
    bad('new URL(`/hub?k=${token!}`, location.origin);'),
    bad('const url = "https://host/hub?access_token=abc";'),
    bad('url.searchParams.set("access_token", x);'),
    bad('url.searchParams.append("key", token);'),
    bad('const query = new URLSearchParams(); query.append("auth", x);'),
    bad('const query = url.searchParams; query.set("q", accessToken);'),
    bad('const { searchParams } = new URL(href); searchParams.set("token", x);'),
    bad('function f(query: URLSearchParams) { query.set("jwt", x); }'),
    bad('url.searchParams.set("id", accessToken);'),
    bad('url.searchParams.set("access_token", connectionToken);'),
    bad('new URLSearchParams({ access_token: x });'),
    bad('new URLSearchParams({ key: user.token });'),
    bad('new URLSearchParams([["token", x]]);'),
    bad('new URLSearchParams("token=" + x);'),
    bad('url.search = "token=" + x;'),
    bad('url.search += `&t=${token}`;'),
    bad('url.search = `k=${token}`;'),
  ],
});

it('is an error in the lint of this repository', () => {
  const [inForce] = config.filter(({ rules }) => rules?.['hubshare/no-token-in-url'] === 'error');
  expect(inForce).toMatchObject({
    files: ['**/*.ts'],
    plugins: { hubshare: { rules: { 'no-token-in-url': noTokenInUrl } } },
  });
});
