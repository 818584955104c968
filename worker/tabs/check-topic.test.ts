import { describe, expect, it } from 'vitest';
import type { TopicDeclaration } from '../../src/contract/topics.js';
import { checkTopicKey, checkTopicName, checkTopics } from './check-topic.js';

const metric: TopicDeclaration = {
  event: 'metric',
  join: 'JoinMetric',
  leave: 'LeaveMetric',
  keyPath: [0, 'name'],
  retain: 'last',
};
const one = (change: Record<string, unknown>): unknown => ({ metric: { ...metric, ...change } });

function refused(check: () => unknown): void {
  expect(check).toThrow(expect.objectContaining({ code: 'message-invalid' }));
}

describe('declarations of topics', () => {
  it('pass as they are when they are right, without what does not belong to them', () => {
    expect(checkTopics({})).toEqual({});
    expect(checkTopics(one({ more: 1 }))).toEqual({ metric });
    const longest = [20, ...Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 'x'.repeat(1_000) : n))];
    expect(checkTopics(one({ keyPath: longest, retain: 'none' }))).toEqual({
      metric: { ...metric, keyPath: longest, retain: 'none' },
    });
    expect(checkTopics(one({ keyPath: [0] }))).toMatchObject({ metric: { keyPath: [0] } });
  });

  it('may be 100, and no more', () => {
    const declare = (count: number): unknown =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`topic-${n}`, metric]));
    expect(Object.keys(checkTopics(declare(100)))).toHaveLength(100);
    refused(() => checkTopics(declare(101)));
  });

  it.each([undefined, null, [], 'metric', 5, () => undefined])('are refused as %j', (value) =>
    refused(() => checkTopics(value)),
  );
  it.each([undefined, null, [], 'metric', {}])('are refused with a topic that is %j', (value) =>
    refused(() => checkTopics({ metric: value })),
  );
  it.each(['', 'x'.repeat(1_001), 'a\0b'])('are refused with the name %j', (name) =>
    refused(() => checkTopics({ [name]: metric })),
  );

  it.each<[string, unknown]>([
    ['event', undefined],
    ['event', ''],
    ['event', 'Metric'],
    ['event', 5],
    ['event', 'constructor'],
    ['event', 'x'.repeat(1_001)],
    ['join', undefined],
    ['join', ''],
    ['join', () => undefined],
    ['leave', undefined],
    ['leave', ''],
    ['leave', 5],
    ['keyPath', undefined],
    ['keyPath', []],
    ['keyPath', 'name'],
    ['keyPath', ['name']],
    ['keyPath', [-1]],
    ['keyPath', [0.5]],
    ['keyPath', [21]],
    ['keyPath', [0, '']],
    ['keyPath', [0, 'x'.repeat(1_001)]],
    ['keyPath', [0, -1]],
    ['keyPath', [0, 1.5]],
    ['keyPath', [0, NaN]],
    ['keyPath', [0, null]],
    ['keyPath', [0, ['name']]],
    ['keyPath', [0, ...Array.from({ length: 21 }, () => 'a')]],
    ['retain', undefined],
    ['retain', null],
    ['retain', 'first'],
    ['retain', true],
  ])('are refused with %s: %j', (field, value) => refused(() => checkTopics(one({ [field]: value }))));

  it('may name a topic __proto__, which is a name like any other', () => {
    const topics = checkTopics(JSON.parse(`{"__proto__":${JSON.stringify(metric)}}`));
    expect(Object.keys(topics)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(topics)).toBe(Object.prototype);
  });
});

describe('a key', () => {
  it.each(['cpu', '1', 'x'.repeat(1_000), 0, -1, 1.5, Number.MAX_VALUE])('may be %j', (key) =>
    expect(checkTopicKey(key)).toBe(key),
  );
  it.each([undefined, null, '', 'x'.repeat(1_001), NaN, Infinity, -Infinity, true, {}, ['cpu'], 1n])(
    'may not be %s',
    (key) => refused(() => checkTopicKey(key)),
  );
});

describe('the name of a topic', () => {
  it.each(['metric', 'x'.repeat(1_000)])('may be %j', (name) => expect(checkTopicName(name)).toBe(name));
  it.each([undefined, null, '', 5, {}, ['metric'], 'x'.repeat(1_001), 'a\0b'])('may not be %j', (name) =>
    refused(() => checkTopicName(name)),
  );
});
