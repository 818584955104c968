import { describe, expect, it } from 'vitest';
import type { HubSettings } from '../../src/contract/rpc.js';
import { createTopicDeclarations } from '../delivery/topic-declarations.js';
import { PLAIN_SETTINGS } from '../testing/fake-tab.js';
import { METRIC } from '../testing/topic-hub.js';
import { UNACKNOWLEDGED_BYTES } from './protocol/acknowledgements.js';
import { settingDifferences, topicDifferences } from './setting-differences.js';

const with_ = (more: Partial<HubSettings>): HubSettings => ({ ...PLAIN_SETTINGS, ...more });

it('there is none between settings that are the same', () => {
  const settings = with_({ transport: 1, headers: { 'X-App': 'a' }, retryDelaysMs: [0, 2_000], logLevel: 1 });
  expect(settingDifferences(settings, structuredClone(settings))).toEqual([]);
});

it.each<[keyof HubSettings, Partial<HubSettings>, Partial<HubSettings>, string, string]>([
  ['protocol', {}, { protocol: 'messagepack' }, 'json', 'messagepack'],
  ['transport', {}, { transport: 1 }, 'the default', '1'],
  ['skipNegotiation', {}, { skipNegotiation: true }, 'false', 'true'],
  ['withCredentials', {}, { withCredentials: false }, 'true', 'false'],
  ['requestTimeoutMs', { requestTimeoutMs: 5 }, { requestTimeoutMs: 6 }, '5', '6'],
  ['serverTimeoutMs', {}, { serverTimeoutMs: 60_000 }, 'the default', '60000'],
  ['keepAliveIntervalMs', { keepAliveIntervalMs: 5 }, { keepAliveIntervalMs: 15_000 }, '5', '15000'],
  ['statefulReconnectBufferSize', {}, { statefulReconnectBufferSize: 1 }, 'the default', '1'],
  ['retryDelaysMs', { retryDelaysMs: [0, 1] }, { retryDelaysMs: [0, 2] }, '[0, 1]', '[0, 2]'],
  ['retryDelaysMs', {}, { retryDelaysMs: [] }, 'the default', '[]'],
  ['logLevel', {}, { logLevel: 0 }, 'the default', '0'],
])('in %s is named, with what is in force and what was asked', (setting, first, second, inForce, asked) => {
  expect(settingDifferences(with_(first), with_(second))).toEqual([{ setting, inForce, asked }]);
});

it('covers every setting of the contract', () => {
  const other: HubSettings = {
    protocol: 'messagepack',
    transport: 1,
    skipNegotiation: true,
    withCredentials: false,
    headers: { 'X-App': 'a' },
    requestTimeoutMs: 1,
    serverTimeoutMs: 1,
    keepAliveIntervalMs: 1,
    statefulReconnectBufferSize: 1,
    retryDelaysMs: [1],
    logLevel: 1,
  };
  const named = settingDifferences(PLAIN_SETTINGS, other).map(({ setting }) => setting);
  expect(named.sort()).toEqual(Object.keys(PLAIN_SETTINGS).sort());
});

describe('there is none', () => {
  it.each<[string, Partial<HubSettings>]>([
    ['in what is left to the worker', { serverTimeoutMs: null, transport: null, retryDelaysMs: null, logLevel: null }],
  ])('%s', (_, asked) => {
    const inForce = with_({ serverTimeoutMs: 7, transport: 1, retryDelaysMs: [1], logLevel: 0 });
    expect(settingDifferences(inForce, with_(asked))).toEqual([]);
  });

  it('in a default that is asked for by name', () => {
    const asked = with_({
      transport: 7,
      requestTimeoutMs: 100_000,
      serverTimeoutMs: 30_000,
      keepAliveIntervalMs: 15_000,
      statefulReconnectBufferSize: UNACKNOWLEDGED_BYTES,
      logLevel: 3,
    });
    expect(settingDifferences(PLAIN_SETTINGS, asked)).toEqual([]);
  });
});

describe('headers', () => {
  const between = (inForce: Record<string, string>, asked: Record<string, string>) =>
    settingDifferences(with_({ headers: inForce }), with_({ headers: asked }));

  it('are shown by name only, for a value may be a secret', () => {
    const differences = between({ 'X-Key': 'first-secret' }, { 'X-Key': 'second-secret', 'X-App': 'third-secret' });
    expect(differences).toEqual([{ setting: 'headers', inForce: 'X-Key', asked: 'X-Key (another value), X-App' }]);
    expect(JSON.stringify(differences)).not.toContain('secret');
  });

  it.each<[Record<string, string>, Record<string, string>, string, string]>([
    [{}, { 'X-App': 'a' }, 'none', 'X-App'],
    [{ 'X-App': 'a' }, {}, 'X-App', 'none'],
  ])('%j and %j differ', (first, second, inForce, asked) => {
    expect(between(first, second)).toEqual([{ setting: 'headers', inForce, asked }]);
  });

  it('are the same in upper and lower case, and in another order', () => {
    expect(between({ 'X-App': 'a', 'X-Key': 'b' }, { 'x-key': 'b', 'x-app': 'a' })).toEqual([]);
  });
});

describe('topics', () => {
  const inForce = createTopicDeclarations([{ name: 'counted', ...METRIC, keyPath: null, keyOf: () => 'a key' }]);
  inForce.declare({ metric: METRIC });
  const between = (asked: Parameters<typeof topicDifferences>[1]) =>
    topicDifferences((name) => inForce.find(name), asked);

  it('that are declared the same, or by nobody else, do not differ', () => {
    expect(between({ metric: structuredClone(METRIC), other: METRIC })).toEqual([]);
  });

  it('differ in what is shown, and in nothing else', () => {
    expect(between({ metric: { ...METRIC, leave: 'Stop', keyPath: [0, 'id'], retain: 'none' } })).toEqual([
      {
        setting: 'topics.metric',
        inForce: 'leave LeaveMetric, key [0,"name"], retain last',
        asked: 'leave Stop, key [0,"id"], retain none',
      },
    ]);
  });

  it('of the worker with a key function differ from any path', () => {
    expect(between({ counted: METRIC })).toEqual([
      { setting: 'topics.counted', inForce: 'key by a function of the worker', asked: 'key [0,"name"]' },
    ]);
  });
});
