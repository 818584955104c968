import type { ILogger } from '@microsoft/signalr';
import { describe, expect, it } from 'vitest';
import { quiet } from '../../worker/testing/settle.js';
import { wireError } from '../contract/errors.js';
import type { TopicListener } from '../tab/topics.js';
import { createLog } from './log.js';
import { createTopics, type SubscribeOptions, type TopicHandler, type TopicValue } from './topics.js';

const REFUSED = wireError('topic-refused', 'Not for you.', { topic: 'metric', key: 'cpu' });

function setUp() {
  const lines: string[] = [];
  const logger: ILogger = { log: (level, text) => lines.push(`${level} ${text}`) };
  const held: TopicListener[] = [];
  const released: TopicListener[] = [];
  const self = { name: 'the connection' };
  const topics = createTopics({
    self,
    log: createLog(logger, null),
    hold: (listener) => held.push(listener),
    letGo: (listener) => released.push(listener),
  });
  const subscribe = (handler: TopicHandler = () => undefined, options?: SubscribeOptions) =>
    topics.topic('metric', 'cpu').subscribe(handler, options);
  return { lines, held, released, self, topics, subscribe };
}

/** How a promise stands. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = 'pending';
  promise.then(
    () => (state = 'resolved'),
    (error: unknown) => (state = (error as { code: string }).code),
  );
  await quiet();
  return state;
}

describe('a value', () => {
  it('is the first argument, with all of them beside it', () => {
    const { held, self, subscribe } = setUp();
    const seen: unknown[] = [];
    subscribe(function (this: unknown, value: unknown, about: TopicValue) {
      seen.push(this, value, about);
    });
    held[0]!.onValue([{ name: 'cpu' }, 'b'], null);
    expect(seen).toEqual([self, { name: 'cpu' }, { args: [{ name: 'cpu' }, 'b'], retained: false, ageMs: 0 }]);
  });

  it('that is retained says how old it is, and never that it is of the future', () => {
    const { held, subscribe } = setUp();
    const abouts: TopicValue[] = [];
    subscribe((_, about) => abouts.push(about));
    held[0]!.onValue([1], Date.now() - 60_000);
    held[0]!.onValue([1], Date.now() + 60_000);
    expect(abouts[0]).toMatchObject({ retained: true });
    expect(abouts[0]!.ageMs).toBeGreaterThanOrEqual(60_000);
    expect(abouts[1]).toMatchObject({ retained: true, ageMs: 0 });
  });

  it.each<[string, TopicHandler]>([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
  ])('whose handler %s is told to the log', async (_, handler) => {
    const { held, lines, subscribe } = setUp();
    subscribe(handler);
    held[0]!.onValue([1], null);
    await quiet();
    expect(lines).toEqual(["4 A handler of the topic 'metric' threw error 'Error: oops'."]);
  });
});

describe('the same handler twice', () => {
  it('is two subscriptions', () => {
    const { held, topics, subscribe } = setUp();
    const handler = (): void => undefined;
    subscribe(handler);
    subscribe(handler).unsubscribe();
    expect(held).toHaveLength(2);
    expect([...topics.listeners()]).toEqual([held[0]]);
  });
});

describe('unsubscribe', () => {
  it('ends it: nothing more is told, and the key is let go once', async () => {
    const { held, released, topics, subscribe, lines } = setUp();
    const seen: unknown[] = [];
    const subscription = subscribe((value) => seen.push(value), { onerror: (error) => seen.push(error) });
    const { joined } = subscription;
    subscription.unsubscribe();
    subscription.unsubscribe();
    held[0]!.onValue([1], null);
    held[0]!.onJoined();
    held[0]!.onRefused(REFUSED);
    expect(await stateOf(joined)).toBe('stopped');
    expect(seen).toEqual([]);
    expect(released).toEqual(held);
    expect([...topics.listeners()]).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('after the join leaves it joined', async () => {
    const { held, subscribe } = setUp();
    const subscription = subscribe();
    held[0]!.onJoined();
    subscription.unsubscribe();
    expect(await stateOf(subscription.joined)).toBe('resolved');
  });
});

describe('a refusal', () => {
  it('rejects, and ends the subscription', async () => {
    const { held, released, topics, subscribe, lines } = setUp();
    const seen: unknown[] = [];
    const subscription = subscribe((value) => seen.push(value));
    const { joined } = subscription;
    held[0]!.onRefused(REFUSED);
    held[0]!.onValue([1], null);
    subscription.unsubscribe();
    await expect(joined).rejects.toMatchObject({ code: 'topic-refused', message: 'Not for you.' });
    expect([seen, released, [...topics.listeners()], lines]).toEqual([[], [], [], []]);
  });

  it('that nobody looks at goes to the log, and is no unhandled rejection', async () => {
    const { held, subscribe, lines } = setUp();
    subscribe();
    held[0]!.onRefused(REFUSED);
    await quiet();
    expect(lines).toEqual(["4 The topic 'metric' was not joined: Not for you."]);
  });

  it('is told to onerror, also when it had been joined before', async () => {
    const { held, subscribe, lines } = setUp();
    const errors: unknown[] = [];
    const { joined } = subscribe(undefined, { onerror: (error) => errors.push(error.code) });
    held[0]!.onJoined();
    held[0]!.onRefused(REFUSED);
    expect(await stateOf(joined)).toBe('resolved');
    expect(errors).toEqual(['topic-refused']);
    expect(lines).toEqual([]);
  });

  it('after the join, with no onerror, goes to the log though the app has looked at the promise', async () => {
    const { held, subscribe, lines } = setUp();
    const { joined } = subscribe();
    held[0]!.onJoined();
    await joined;
    held[0]!.onRefused(REFUSED);
    expect(lines).toEqual(["4 The topic 'metric' is joined no more: Not for you."]);
  });

  it('survives an onerror that throws', () => {
    const { held, subscribe, lines } = setUp();
    const onerror = (): never => {
      throw new Error('oops');
    };
    subscribe(undefined, { onerror });
    held[0]!.onRefused(REFUSED);
    expect(lines).toEqual(["4 An onerror callback of the topic 'metric' threw error 'Error: oops'."]);
  });
});

describe('what is wrong', () => {
  it.each<[string, (topics: ReturnType<typeof setUp>['topics']) => unknown, string]>([
    ['a name', (topics) => topics.topic('', 'cpu'), 'topic'],
    ['a name that is too long', (topics) => topics.topic('x'.repeat(1_001), 'cpu'), 'topic'],
    ['a name with a NUL', (topics) => topics.topic('a\0b', 'cpu'), 'topic'],
    ['a key', (topics) => topics.topic('metric', NaN), 'key'],
    ['an empty key', (topics) => topics.topic('metric', ''), 'key'],
    ['a key that is too long', (topics) => topics.topic('metric', 'x'.repeat(1_001)), 'key'],
    ['a key that is no text', (topics) => topics.topic('metric', {} as string), 'key'],
    ['a handler', (topics) => topics.topic('metric', 'cpu').subscribe(undefined as never), 'handler'],
    [
      'an onerror',
      (topics) => topics.topic('metric', 'cpu').subscribe(() => 1, { onerror: 'log' as never }),
      'onerror',
    ],
  ])('%s is refused, and nothing is held', (_, act, option) => {
    const { topics, held } = setUp();
    expect(() => act(topics)).toThrow(
      expect.objectContaining({ code: 'option-invalid', wire: expect.objectContaining({ option }) as object }),
    );
    expect(held).toEqual([]);
  });
});
