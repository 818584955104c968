import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HubshareError } from '../src/contract/errors.js';
import { DEFAULT_FETCH_LIMITS } from './auth/authorized-fetch.js';
import { DEFAULT_REFRESH_POLICY } from './auth/refresh-policy.js';
import { DEFAULT_OUTBOX_LIMITS } from './delivery/outbox.js';
import { resolveOptions, type ServeHubsOptions } from './serve-options.js';

const resolve = (options: unknown) => resolveOptions(options as ServeHubsOptions);

it('has a default for everything (SEC-8)', () => {
  expect(resolve({})).toEqual({
    accessToken: null,
    refresh: DEFAULT_REFRESH_POLICY,
    retryDelaysMs: [0, 2_000, 10_000, 30_000, 60_000],
    retryJitter: 0.2,
    retrySpreadMs: 500,
    startTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
    lingerMs: 5_000,
    topics: new Map(),
    topicLingerMs: 5_000,
    tokenFromTabMs: 10_000,
    questionTakeMs: 5_000,
    delivery: DEFAULT_OUTBOX_LIMITS,
    journalEntries: 500,
    hasOwnOrigin: false,
    identityClaim: 'sub',
    maxSpacingMs: 16,
    fetchOrigins: new Set(),
    fetchLimits: DEFAULT_FETCH_LIMITS,
  });
});

it('takes what is given and keeps the rest', () => {
  const source = { kind: 'endpoint', fetch: () => Promise.resolve({ token: 't' }) } as const;
  const options = resolve({
    accessToken: source,
    refresh: { bufferMs: 1_000 },
    reconnect: { delaysMs: [0, 5], jitter: 0, spreadMs: 0 },
    startTimeoutMs: 1,
    lingerMs: 0,
    tokenFromTabMs: 1,
    delivery: { window: 2 },
    journalEntries: 1,
    fetchOrigins: ['https://api.test'],
    fetchLimits: { maxAtOnce: 1 },
  });
  expect(options).toMatchObject({
    accessToken: source,
    refresh: { ...DEFAULT_REFRESH_POLICY, bufferMs: 1_000 },
    retryDelaysMs: [0, 5],
    retryJitter: 0,
    retrySpreadMs: 0,
    startTimeoutMs: 1,
    lingerMs: 0,
    delivery: { ...DEFAULT_OUTBOX_LIMITS, window: 2 },
    journalEntries: 1,
    fetchOrigins: new Set(['https://api.test']),
    fetchLimits: { ...DEFAULT_FETCH_LIMITS, maxAtOnce: 1 },
  });
});

it('takes the bounds of the refresh themselves', () => {
  const refresh = { bufferMs: 0, shareOfLife: 0.5, jitter: 0.5, failureCooldownMs: 100 };
  expect(resolve({ refresh }).refresh).toEqual(refresh);
});

it('counts the origin of the worker among those that may get the token', () => {
  const { fetchOrigins } = resolveOptions({ fetchOrigins: ['https://api.test/'] }, 'https://app.test/assets/worker.js');
  expect([...fetchOrigins]).toEqual(['https://app.test', 'https://api.test']);
});

describe('refuses', () => {
  it.each<[string, unknown, string]>([
    ['an option that there is not', { lingerMS: 5 }, 'lingerMS'],
    ['a token in place of a token source', { accessToken: 'a-token' }, 'accessToken'],
    ['a token source without fetch', { accessToken: {} }, 'accessToken'],
    ['null as token source', { accessToken: null }, 'accessToken'],
    ['a function as token source', { accessToken: () => 'a-token' }, 'accessToken'],
    ['a start limit of 0', { startTimeoutMs: 0 }, 'startTimeoutMs'],
    ['a start limit that is a text', { startTimeoutMs: '30000' }, 'startTimeoutMs'],
    ['a negative linger time', { lingerMs: -1 }, 'lingerMs'],
    ['a linger time that is no number', { lingerMs: NaN }, 'lingerMs'],
    ['a token limit of 0', { tokenFromTabMs: 0 }, 'tokenFromTabMs'],
    ['a negative delay', { reconnect: { delaysMs: [0, -1] } }, 'reconnect.delaysMs'],
    ['a delay that is a text', { reconnect: { delaysMs: ['0'] } }, 'reconnect.delaysMs'],
    ['delays that are no list', { reconnect: { delaysMs: 5 } }, 'reconnect.delaysMs'],
    ['reconnect: null', { reconnect: null }, 'reconnect'],
    ['reconnect: a list', { reconnect: [0, 5] }, 'reconnect'],
    ['a misspelt option of reconnect', { reconnect: { delays: [0] } }, 'reconnect.delays'],
    ['a negative jitter', { reconnect: { jitter: -0.1 } }, 'reconnect.jitter'],
    ['a negative spread', { reconnect: { spreadMs: -1 } }, 'reconnect.spreadMs'],
    ['a window of 0', { delivery: { window: 0 } }, 'delivery.window'],
    ['a bound that is a text', { delivery: { maxQueuedChars: '8M' } }, 'delivery.maxQueuedChars'],
    ['a misspelt bound', { delivery: { maxQueued: 5 } }, 'delivery.maxQueued'],
    ['a delivery that is no object', { delivery: 5 }, 'delivery'],
    ['a negative refresh buffer', { refresh: { bufferMs: -1 } }, 'refresh.bufferMs'],
    ['a buffer of more than half of the life', { refresh: { shareOfLife: 0.51 } }, 'refresh.shareOfLife'],
    ['a jitter of more than half of the buffer', { refresh: { jitter: 1 } }, 'refresh.jitter'],
    ['no pause after a refresh that failed', { refresh: { failureCooldownMs: 99 } }, 'refresh.failureCooldownMs'],
    ['no room in the journal', { journalEntries: 0 }, 'journalEntries'],
    ['origins that are no list', { fetchOrigins: 'https://api.test' }, 'fetchOrigins'],
    ['any origin', { fetchOrigins: ['*'] }, 'fetchOrigins'],
    ['a wildcard', { fetchOrigins: ['https://*.test'] }, 'fetchOrigins'],
    ['a path in place of an origin', { fetchOrigins: ['https://api.test/v1'] }, 'fetchOrigins'],
    ['an origin with a password', { fetchOrigins: ['https://ann:hush@api.test'] }, 'fetchOrigins'],
    ['an origin of another scheme', { fetchOrigins: ['data:text/plain,x'] }, 'fetchOrigins'],
    ['an origin that is no text', { fetchOrigins: [5] }, 'fetchOrigins'],
    ['a misspelt limit', { fetchLimits: { maxBytes: 5 } }, 'fetchLimits.maxBytes'],
    ['a limit of 0', { fetchLimits: { maxAtOnce: 0 } }, 'fetchLimits.maxAtOnce'],
    ['null in place of the options', null, 'options'],
    ['a text in place of the options', 'https://h.test', 'options'],
  ])('%s', (_, options, option) => {
    let thrown: unknown;
    try {
      resolve(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HubshareError);
    expect(thrown).toMatchObject({ code: 'option-invalid', wire: { option } });
  });
});

describe('the table of the README', () => {
  /** The default by the name of the option: a number, or words. */
  const told = new Map<string, number | string>();
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, table = ''] = page.slice(page.indexOf('Options of `serveHubs()`')).split('\n\n');
  for (const line of table.split('\n').slice(2)) {
    const [names = '', defaults = ''] = line.split('|').slice(1);
    const values = defaults.split(';');
    let group = '';
    for (const [index, [, name = '']] of [...names.matchAll(/`([^`]+)`/g)].entries()) {
      if (!name.startsWith('.')) group = name.split('.')[0] ?? '';
      const value = (values[index] ?? '').replace(/\(.*\)/, '').trim();
      const number = Number(value.replaceAll(' ', ''));
      told.set(name.startsWith('.') ? group + name : name, Number.isNaN(number) ? value : number);
    }
  }

  const groups = {
    refresh: DEFAULT_REFRESH_POLICY,
    delivery: DEFAULT_OUTBOX_LIMITS,
    fetchLimits: DEFAULT_FETCH_LIMITS,
    reconnect: { delaysMs: '0, 2 000, 10 000, 30 000, 60 000', jitter: 0.2, spreadMs: 500 },
  };
  const { startTimeoutMs, lingerMs, topicLingerMs, tokenFromTabMs, maxSpacingMs, journalEntries } = resolve({});
  const single: Readonly<Record<Exclude<keyof ServeHubsOptions, keyof typeof groups>, number | string>> = {
    hubs: 'none',
    accessToken: "the primary tab's `accessTokenFactory`",
    identityClaim: '`sub`',
    startTimeoutMs,
    lingerMs,
    topicLingerMs,
    tokenFromTabMs,
    maxSpacingMs,
    journalEntries,
    fetchOrigins: "the worker's own",
  };

  it('names each option, with its default', () => {
    const inGroups = Object.entries(groups).flatMap(([group, options]) =>
      Object.entries<number | string>({ ...options }).map(([name, value]) => [`${group}.${name}`, value] as const),
    );
    expect(Object.fromEntries(told)).toEqual({ ...single, ...Object.fromEntries(inGroups) });
  });
});
