import { describe, expect, it, vi } from 'vitest';
import type { Topic } from './topic-declarations.js';
import { PartTab } from '../testing/fake-tab.js';
import { METRIC, setUpLiveTopics } from '../testing/topic-hub.js';

const tabs = () =>
  ['a', 'b', 'c'].map((id, place) => new PartTab(id, { ordinal: place + 1 })) as [PartTab, PartTab, PartTab];
const ownTopic = (keyOf: Topic['keyOf'], more: Partial<Topic> = {}): Topic => ({
  name: 'metric',
  ...METRIC,
  keyPath: null,
  keyOf,
  ...more,
});
const matches = (part: PartTab) => part.told.flatMap((told) => (told.kind === 'event' ? [told.topics] : []));

describe('an event of a topic', () => {
  it('goes to the tabs that hold its key and to those with a handler, and to no other', async () => {
    const { clock, hub, audience, join } = await setUpLiveTopics();
    const [a, b, c] = tabs();
    join(a, 'cpu');
    join(b, 'disk');
    audience.subscribe(c.tab, 'Metric');
    await hub.emit('METRIC', { name: 'cpu' });
    await clock.settle();
    expect([a, b, c].map((part) => part.events().length)).toEqual([1, 0, 1]);
    expect([matches(a), matches(c)]).toEqual([[[['metric', 'cpu']]], [[['metric', 'cpu']]]]);
  });

  it('goes once to a tab that has a handler for it and holds its key', async () => {
    const { clock, hub, audience, join } = await setUpLiveTopics();
    const [a] = tabs();
    audience.subscribe(a.tab, 'metric');
    join(a, 'cpu');
    await hub.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect(a.events()).toHaveLength(1);
  });

  it('is encoded once, and is the same for every tab', async () => {
    const { hub, audience, join } = await setUpLiveTopics();
    const parts = tabs();
    const deliveries = parts.map((part) => vi.spyOn(part.tab, 'deliver'));
    join(parts[0], 'cpu');
    join(parts[1], 'cpu');
    audience.subscribe(parts[2].tab, 'metric');
    await hub.emit('metric', { name: 'cpu' });
    const encoded = deliveries.map((deliver) => deliver.mock.calls[0]?.[0]);
    expect(encoded[0]).toMatchObject({ kind: 'event' });
    expect(encoded[1]).toBe(encoded[0]);
    expect(encoded[2]).toBe(encoded[0]);
  });

  it('whose key nobody holds is as one of no topic', async () => {
    const { clock, hub, audience, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    audience.subscribe(b.tab, 'metric');
    await hub.emit('metric', { name: 'disk' });
    await clock.settle();
    expect(a.events()).toEqual([]);
    expect(b.told).toMatchObject([{ kind: 'event', args: [{ name: 'disk' }] }]);
    expect(matches(b)).toEqual([undefined]);
  });

  it('of two topics names the members of both, and goes to each tab once', async () => {
    const { clock, hub, join } = await setUpLiveTopics({
      declared: { metric: METRIC, host: { ...METRIC, keyPath: [0, 'host'] } },
    });
    const [a, b, c] = tabs();
    join(a, 'cpu');
    join(b, 'web-1', 'host');
    join(c, 'cpu');
    join(c, 'web-1', 'host');
    await hub.emit('metric', { name: 'cpu', host: 'web-1' });
    await clock.settle();
    expect([a, b, c].map((part) => part.events().length)).toEqual([1, 1, 1]);
    expect(matches(c)).toEqual([
      [
        ['metric', 'cpu'],
        ['host', 'web-1'],
      ],
    ]);
  });

  it('is of no use any more once a newer one of its key waits, for tabs that want nothing else of it', async () => {
    const { hub, audience, join } = await setUpLiveTopics({
      declared: {
        metric: METRIC,
        host: { ...METRIC, keyPath: [0, 'host'] },
        every: { ...METRIC, retain: 'none', keyPath: [0, 'every'] },
      },
    });
    const parts = [...tabs(), new PartTab('d')] as const;
    const keys = parts.map((part) => {
      const deliver = vi.spyOn(part.tab, 'deliver');
      return () => deliver.mock.calls.map(([entry, , key]) => (entry.kind === 'event' ? key : 'another entry'));
    });
    join(parts[0], 'cpu');
    join(parts[1], 'cpu');
    join(parts[1], 'web-1', 'host');
    join(parts[2], 'cpu');
    audience.subscribe(parts[2].tab, 'metric');
    join(parts[3], 'all', 'every');
    await hub.emit('metric', { name: 'cpu', host: 'web-1', every: 'all' });
    expect(keys.map((of) => of())).toEqual([['metric\0cpu'], [undefined], [undefined], [undefined]]);
  });

  it('reaches a tab from the moment it asks: hubs answer a join with the present value first', async () => {
    const { clock, hub, join } = await setUpLiveTopics();
    const [a] = tabs();
    const call = join(a, 'cpu');
    await hub.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect(call.settled).toBeNull();
    expect(a.events()).toHaveLength(1);
  });

  it('reaches no tab that has let the key go', async () => {
    const { clock, hub, audience, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    join(b, 'cpu');
    audience.leaveTopic(a.tab, 'metric', 'cpu');
    audience.drop(b.tab);
    await hub.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect([a.events(), b.events()]).toEqual([[], []]);
  });

  it('that is conflated while a tab is parked leaves it the newest of each key', async () => {
    const { clock, hub, join } = await setUpLiveTopics();
    const [a] = tabs();
    join(a, 'cpu');
    join(a, 'disk');
    a.tab.setParking('frozen');
    for (const value of [1, 2, 3]) {
      await hub.emit('metric', { name: 'cpu', value });
      await hub.emit('metric', { name: 'disk', value });
    }
    a.tab.setParking(null);
    await clock.settle();
    expect(a.events()).toEqual([[{ name: 'cpu', value: 3 }], [{ name: 'disk', value: 3 }]]);
  });
});

describe('a key function of the app', () => {
  it('is given all arguments, once for each event', async () => {
    const keyOf = vi.fn(([first, second]: readonly unknown[]) => `${String(first)}/${String(second)}`);
    const { clock, hub, join } = await setUpLiveTopics({ declared: {}, own: [ownTopic(keyOf)] });
    const [a, b] = tabs();
    join(a, 'x/1');
    join(b, 'x/1');
    await hub.emit('metric', 'x', 1);
    await clock.settle();
    expect(keyOf).toHaveBeenCalledTimes(1);
    expect([a.events(), b.events()]).toEqual([[['x', 1]], [['x', 1]]]);
  });

  it('is not called while nobody holds a key of the topic', async () => {
    const keyOf = vi.fn(() => 'cpu');
    const { hub, audience, join } = await setUpLiveTopics({
      declared: { other: { ...METRIC, event: 'other' } },
      own: [ownTopic(keyOf)],
    });
    const [a] = tabs();
    audience.subscribe(a.tab, 'metric');
    join(a, 'cpu', 'other');
    await hub.emit('metric', 1);
    expect(keyOf).not.toHaveBeenCalled();
  });

  it.each<[string, Topic['keyOf'], string]>([
    [
      'throws',
      () => {
        throw new Error('no name');
      },
      'an event metric belongs to no member of topic metric: its key function threw: no name',
    ],
    [
      'gives no key',
      () => undefined,
      'an event metric belongs to no member of topic metric: there is no text or number where its key should be',
    ],
  ])('that %s costs the topic its event, nobody else, and is noted once', async (_, keyOf, note) => {
    const { clock, hub, audience, texts, join } = await setUpLiveTopics({
      declared: { other: METRIC },
      own: [ownTopic(keyOf)],
    });
    const [a, b, c] = tabs();
    join(a, 'cpu');
    audience.subscribe(b.tab, 'metric');
    join(c, 'cpu', 'other');
    await hub.emit('metric', { name: 'cpu' });
    await hub.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect([a, b, c].map((part) => part.events().length)).toEqual([0, 2, 2]);
    expect(texts()).toEqual([note]);
  });
});

describe('a method is listened to', () => {
  it('while a tab has a handler for it or holds a key of a topic of it', async () => {
    const { clock, hub, audience, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    const listened = () => [...hub.socket.listened];
    audience.subscribe(a.tab, 'metric');
    join(b, 'cpu');
    join(b, 'disk');
    audience.unsubscribe(a.tab, 'METRIC');
    expect(listened()).toEqual(['metric']);
    await invocation('JoinMetric', 'cpu').fail('no');
    expect(listened()).toEqual(['metric']);
    audience.subscribe(a.tab, 'metric');
    await invocation('JoinMetric', 'disk').fail('no');
    expect(listened()).toEqual(['metric']);
    audience.resubscribe(a.tab, ['incident']);
    expect(listened()).toEqual(['incident']);
    audience.drop(a.tab);
    expect(listened()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('by its new connection too', async () => {
    const { clock, hub, join } = await setUpLiveTopics();
    const [a] = tabs();
    join(a, 'cpu');
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    await hub.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect(a.events()).toHaveLength(1);
  });
});
