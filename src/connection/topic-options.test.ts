import { describe, expect, it } from 'vitest';
import { checkHiddenParking } from './options.js';
import { checkTopics, type TopicOptions } from './topic-options.js';

const METRIC: TopicOptions = { event: 'Metric', join: 'JoinMetric', leave: 'LeaveMetric', key: 'name' };

const many = (count: number): Record<string, TopicOptions> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`topic-${n}`, METRIC]));
const LONG = 'x'.repeat(1_001);

describe('a declared topic', () => {
  it('goes over with its event in lower case, and retains nothing unless it says so', () => {
    expect(checkTopics({ metric: METRIC, host: { ...METRIC, retain: 'last' } })).toEqual({
      metric: { event: 'metric', join: 'JoinMetric', leave: 'LeaveMetric', keyPath: [0, 'name'], retain: 'none' },
      host: { event: 'metric', join: 'JoinMetric', leave: 'LeaveMetric', keyPath: [0, 'name'], retain: 'last' },
    });
  });

  it.each<[TopicOptions['key'], unknown[]]>([
    ['name', [0, 'name']],
    ['source.id', [0, 'source', 'id']],
    [[0], [0]],
    [
      [1, 'name'],
      [1, 'name'],
    ],
    [
      [2, 'list', 0, 'a.b'],
      [2, 'list', 0, 'a.b'],
    ],
  ])('with the key %j has the path %j', (key, path) => {
    expect(checkTopics({ metric: { ...METRIC, key } })['metric']?.keyPath).toEqual(path);
  });

  it.each<[string, unknown, string]>([
    ['no object', null, 'withTopics'],
    ['a list', [METRIC], 'withTopics'],
    ['a topic without a name', { '': METRIC }, 'withTopics'],
    ['a topic that is none', { metric: 'cpu' }, 'topics.metric'],
    ['an unknown option', { metric: { ...METRIC, linger: 5 } }, 'topics.metric.linger'],
    ['no event', { metric: { ...METRIC, event: '' } }, 'topics.metric.event'],
    ['a reserved event', { metric: { ...METRIC, event: 'constructor' } }, 'topics.metric.event'],
    ['a join that is no text', { metric: { ...METRIC, join: 5 } }, 'topics.metric.join'],
    ['no leave', { metric: { ...METRIC, leave: undefined } }, 'topics.metric.leave'],
    ['a wrong retain', { metric: { ...METRIC, retain: 'all' } }, 'topics.metric.retain'],
    ['an empty path', { metric: { ...METRIC, key: '' } }, 'topics.metric.key'],
    ['a path with a gap', { metric: { ...METRIC, key: 'a..b' } }, 'topics.metric.key'],
    ['an empty list', { metric: { ...METRIC, key: [] } }, 'topics.metric.key'],
    ['a list without the argument', { metric: { ...METRIC, key: ['name'] } }, 'topics.metric.key'],
    ['a list with a negative number', { metric: { ...METRIC, key: [0, -1] } }, 'topics.metric.key'],
    ['more topics than the worker takes', many(101), 'withTopics'],
    ['a name that is too long', { [LONG]: METRIC }, 'withTopics'],
    ['a name with a NUL', { 'a\0b': METRIC }, 'withTopics'],
    ['an event that is too long', { metric: { ...METRIC, event: LONG } }, 'topics.metric.event'],
    ['a join that is too long', { metric: { ...METRIC, join: LONG } }, 'topics.metric.join'],
    ['a leave that is too long', { metric: { ...METRIC, leave: LONG } }, 'topics.metric.leave'],
    ['a step that is too long', { metric: { ...METRIC, key: LONG } }, 'topics.metric.key'],
    ['an argument too far', { metric: { ...METRIC, key: [21] } }, 'topics.metric.key'],
    ['too many steps', { metric: { ...METRIC, key: `a${'.a'.repeat(20)}` } }, 'topics.metric.key'],
    ['a number that is not exact', { metric: { ...METRIC, key: [0, 2 ** 60] } }, 'topics.metric.key'],
    ['no key', { metric: { ...METRIC, key: undefined } }, 'topics.metric.key'],
  ])('is refused with %s', (_, given, option) => {
    expect(() => checkTopics(given)).toThrow(
      expect.objectContaining({ code: 'option-invalid', wire: expect.objectContaining({ option }) as object }),
    );
  });

  it('is taken up to the limits', () => {
    const longest = 'x'.repeat(1_000);
    const key = [20, ...Array.from({ length: 20 }, () => longest)] as const;
    const all = checkTopics({ ...many(99), [longest]: { event: longest, join: longest, leave: longest, key } });
    expect(all[longest]).toEqual({ event: longest, join: longest, leave: longest, keyPath: key, retain: 'none' });
  });

  it('says where a key function belongs', () => {
    const key = (metric: { name: string }): string => metric.name;
    expect(() => checkTopics({ metric: { ...METRIC, key } })).toThrow(
      expect.objectContaining({
        code: 'option-unsupported',
        message: expect.stringContaining('serveHubs()') as string,
      }),
    );
  });
});

describe('hidden parking', () => {
  it.each<[number | false, number | null]>([
    [1, 1],
    [300_000, 300_000],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [false, null],
  ])('%j is %j', (given, expected) => {
    expect(checkHiddenParking(given)).toBe(expected);
  });

  it.each([0, -1, NaN, Infinity, 2 ** 31, true, '5', null, undefined])('%j is refused', (given) => {
    expect(() => checkHiddenParking(given)).toThrow(expect.objectContaining({ code: 'option-invalid' }));
  });
});
