/** Checks the HTTP requests that a tab wants to have sent. Where they may go is for the rules of `authorizedFetch` to say. */
import type { FetchRequest } from '../../src/contract/fetch.js';
import { checkHubUrl } from './check-message.js';
import { checkFlag, checkItems, checkText, checkWords, fail, fields } from './check-value.js';

/** RFC 9110: what methods and names of headers are made of. */
const WORD = /^[!#$%&'*+.^_`|~\w-]+$/;
/** What `fetch` takes as the value of a header. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const MAX_HEADERS = 200;
const MAX_URL = 16_384;

const CACHES = ['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'] as const;
const CREDENTIALS = ['omit', 'same-origin', 'include'] as const;
const MODES = ['cors', 'same-origin'] as const;
const REFERRER_POLICIES = [
  '',
  'no-referrer',
  'no-referrer-when-downgrade',
  'same-origin',
  'origin',
  'strict-origin',
  'origin-when-cross-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
] as const;

export function checkRequestId(value: unknown): string {
  return checkText(value, 'requestId', 100);
}

export function checkFetch(value: unknown): FetchRequest {
  const request = fields(value, 'authorizedFetch');
  const { body } = request;
  if (body !== null && !(body instanceof ArrayBuffer)) return fail('body must be an ArrayBuffer or null.');
  return {
    hub: checkHubUrl(request['hub']),
    requestId: checkRequestId(request['requestId']),
    url: checkUrl(request['url']),
    method: checkWord(request['method'], 'method', 40),
    headers: checkItems(request['headers'], 'headers', checkHeader, MAX_HEADERS),
    body,
    cache: oneOf(CACHES, request['cache'], 'cache'),
    credentials: oneOf(CREDENTIALS, request['credentials'], 'credentials'),
    integrity: checkWords(request['integrity'], 'integrity'),
    keepalive: checkFlag(request['keepalive'], 'keepalive'),
    mode: oneOf(MODES, request['mode'], 'mode'),
    referrerPolicy: oneOf(REFERRER_POLICIES, request['referrerPolicy'], 'referrerPolicy'),
  };
}

function checkUrl(value: unknown): string {
  const text = checkText(value, 'url', MAX_URL);
  if (!URL.canParse(text)) return fail('url must be an absolute URL.');
  const { protocol, href } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? href : fail('url must be an http or https URL.');
}

function checkHeader(value: unknown): readonly [string, string] {
  if (!Array.isArray(value) || value.length !== 2) return fail('a header must be a pair of name and value.');
  const [name, text] = value as unknown[];
  return typeof text === 'string' && HEADER_VALUE.test(text)
    ? [checkWord(name, 'the name of a header', 200), text]
    : fail('the value of a header must be a text of one line.');
}

function checkWord(value: unknown, what: string, maxLength: number): string {
  const text = checkText(value, what, maxLength);
  return WORD.test(text) ? text : fail(`${what} must be a word.`);
}

function oneOf<const T extends string>(allowed: readonly T[], value: unknown, what: string): T {
  return (allowed as readonly unknown[]).includes(value)
    ? (value as T)
    : fail(`${what} must be one that fetch() knows.`);
}
