import { describe, expect, it } from 'vitest';
import { HubshareError } from '../src/contract/errors.js';
import { hubKey, resolveHubs } from './topic-options.js';

const BASE = 'https://app.test/assets/ops.worker.js';
const METRIC = { event: 'Metric', join: 'JoinMetric', leave: 'LeaveMetric', key: 'name' };
const hub = (topics: unknown, address = '/hubs/ops') => ({ [address]: { topics } });
const topicsOf = (url: string, hubs: unknown) => resolveHubs(hubs, BASE).get(hubKey(url)) ?? [];

describe('a hub', () => {
  it.each([
    ['/hubs/ops', 'https://app.test/hubs/ops'],
    ['../hubs/ops', 'https://app.test/hubs/ops?tenant=7'],
    ['https://other.test/ops', 'https://other.test/ops'],
    ['https://other.test/ops?tenant=7', 'https://other.test/ops?tenant=8'],
  ])('named %s is the one at %s', (address, url) => {
    expect(topicsOf(url, hub({ metric: METRIC }, address)).map(({ name }) => name)).toEqual(['metric']);
  });

  it.each(['https://app.test/hubs/ops/', 'https://app.test/hubs/Ops', 'http://app.test/hubs/ops'])(
    'named /hubs/ops is not the one at %s',
    (url) => {
      expect(topicsOf(url, hub({ metric: METRIC }))).toEqual([]);
    },
  );

  it('named by its URL needs no worker with an address', () => {
    expect(resolveHubs(hub({ metric: METRIC }, 'https://app.test/hubs/ops'), undefined).size).toBe(1);
  });
});

describe('a topic', () => {
  it('has its event in lower case and keeps no values unless it is said', () => {
    expect(topicsOf('https://app.test/hubs/ops', hub({ metric: METRIC }))).toMatchObject([
      {
        name: 'metric',
        event: 'metric',
        join: 'JoinMetric',
        leave: 'LeaveMetric',
        keyPath: [0, 'name'],
        retain: 'none',
      },
    ]);
  });

  it.each<[unknown, unknown[], unknown]>([
    ['a.b', [{ a: { b: 5 } }], 5],
    [[1, 'id'], [0, { id: 'x' }], 'x'],
    [(first: { id: number }, second: string) => `${first.id}/${second}`, [{ id: 1 }, 'x'], '1/x'],
  ])('finds its key by %s', (key, args, found) => {
    const [topic] = topicsOf('https://app.test/hubs/ops', hub({ metric: { ...METRIC, key } }));
    expect(topic?.keyOf(args)).toBe(found);
  });
});

it('there need not be any', () => {
  expect(resolveHubs(undefined, undefined).size).toBe(0);
  expect(topicsOf('https://app.test/hubs/ops', { '/hubs/ops': {} })).toEqual([]);
});

describe('refuses', () => {
  it.each<[string, unknown, string]>([
    ['hubs that are no object', [], 'hubs'],
    ['a hub without a URL', { 'http://': {} }, "hubs['http://']"],
    [
      'a hub that is named twice',
      { '/hubs/ops': {}, 'https://app.test/hubs/ops': {} },
      "hubs['https://app.test/hubs/ops']",
    ],
    ['a hub that is no object', { '/hubs/ops': null }, "hubs['/hubs/ops']"],
    ['a misspelt option of a hub', { '/hubs/ops': { topic: {} } }, "hubs['/hubs/ops'].topic"],
    ['topics that are a list', hub([METRIC]), "hubs['/hubs/ops'].topics"],
    [
      'more topics than tabs may declare',
      hub(Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`t${n}`, METRIC]))),
      "hubs['/hubs/ops'].topics",
    ],
    [
      'a method of more characters than a tab may name',
      hub({ metric: { ...METRIC, join: 'x'.repeat(1_001) } }),
      "hubs['/hubs/ops'].topics.metric.join",
    ],
    ['a topic that is a text', hub({ metric: 'metric' }), "hubs['/hubs/ops'].topics.metric"],
    ['a topic without a name', hub({ '': METRIC }), "hubs['/hubs/ops'].topics."],
    [
      'a misspelt option of a topic',
      hub({ metric: { ...METRIC, keyPath: 'x' } }),
      "hubs['/hubs/ops'].topics.metric.keyPath",
    ],
    ['a topic without event', hub({ metric: { ...METRIC, event: '' } }), "hubs['/hubs/ops'].topics.metric.event"],
    [
      'an event that every object has',
      hub({ metric: { ...METRIC, event: 'Constructor' } }),
      "hubs['/hubs/ops'].topics.metric.event",
    ],
    [
      'a join that is a function',
      hub({ metric: { ...METRIC, join: () => 0 } }),
      "hubs['/hubs/ops'].topics.metric.join",
    ],
    [
      'a topic without leave',
      hub({ metric: { ...METRIC, leave: undefined } }),
      "hubs['/hubs/ops'].topics.metric.leave",
    ],
    ['a topic without key', hub({ metric: { ...METRIC, key: undefined } }), "hubs['/hubs/ops'].topics.metric.key"],
    ['an empty path', hub({ metric: { ...METRIC, key: 'a.' } }), "hubs['/hubs/ops'].topics.metric.key"],
    ['another way to retain', hub({ metric: { ...METRIC, retain: 'all' } }), "hubs['/hubs/ops'].topics.metric.retain"],
  ])('%s', (_, hubs, option) => {
    let thrown: unknown;
    try {
      resolveHubs(hubs, BASE);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HubshareError);
    expect(thrown).toMatchObject({ code: 'option-invalid', wire: { option } });
  });

  it('a path where the worker has no address', () => {
    expect(() => resolveHubs(hub({}), undefined)).toThrow('must be named by its URL or its path');
  });
});
