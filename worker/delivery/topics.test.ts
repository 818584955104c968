import { describe, expect, it } from 'vitest';
import { wireError } from '../../src/contract/errors.js';
import { MAX_TOPIC_KEYS_OF_TAB, MAX_TOPICS_OF_HUB } from '../limits.js';
import { PartTab } from '../testing/fake-tab.js';
import { METRIC, setUpLiveTopics, setUpTopics, TOPIC_LINGER } from '../testing/topic-hub.js';
import { createTopicDeclarations } from './topic-declarations.js';

const tabs = () =>
  ['a', 'b', 'c'].map((id, place) => new PartTab(id, { ordinal: place + 1 })) as [PartTab, PartTab, PartTab];
const OK = { ok: true, value: { retain: 'last', declaration: METRIC } };

describe('a key', () => {
  it('is joined when the first tab wants it, once for all tabs', async () => {
    const { hub, asked, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    const [first, second] = [join(a, 'cpu'), join(b, 'cpu')];
    expect(asked()).toEqual(['1 JoinMetric cpu']);
    expect([...hub.socket.listened]).toEqual(['metric']);
    await invocation('JoinMetric', 'cpu').answer();
    expect([first.settled?.reply, second.settled?.reply]).toEqual([OK, OK]);
  });

  it('that is joined is given to the next tab at once', async () => {
    const { clock, asked, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    const late = join(b, 'cpu');
    await clock.settle();
    expect(late.settled?.reply).toEqual(OK);
    expect(asked()).toHaveLength(1);
  });

  it('said twice by the same tab is held once', async () => {
    const { clock, audience, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    const both = [join(a, 'cpu'), join(a, 'cpu')];
    await invocation('JoinMetric', 'cpu').answer();
    expect(both.map(({ settled }) => settled?.reply)).toEqual([OK, OK]);
    audience.leaveTopic(a.tab, 'metric', 'cpu');
    await clock.advanceBy(TOPIC_LINGER);
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu']);
  });

  it('is left when the last tab has let it go and the linger time is over', async () => {
    const { clock, hub, audience, asked, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    join(b, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    audience.leaveTopic(a.tab, 'metric', 'cpu');
    await clock.advanceBy(TOPIC_LINGER * 2);
    audience.leaveTopic(b.tab, 'metric', 'cpu');
    await clock.advanceBy(TOPIC_LINGER - 1);
    expect(asked()).toHaveLength(1);
    await clock.advanceBy(1);
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu']);
    await invocation('LeaveMetric', 'cpu').answer();
    expect([...hub.socket.listened]).toEqual([]);
    expect(audience.topics()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('that is wanted again within the linger time is neither left nor joined again', async () => {
    const { clock, audience, asked, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    audience.drop(a.tab);
    await clock.advanceBy(TOPIC_LINGER - 1);
    const next = join(b, 'cpu');
    await clock.advanceBy(TOPIC_LINGER * 2);
    expect(next.settled?.reply).toEqual(OK);
    expect(asked()).toEqual(['1 JoinMetric cpu']);
    expect(clock.pending).toBe(0);
  });

  it('goes to the hub as the app gave it, and the number 1 is the same as the text 1', async () => {
    const { clock, hub, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 1);
    join(b, '1');
    expect(hub.invocations.map(({ args }) => args)).toEqual([[1]]);
    await invocation('JoinMetric', 1).answer();
    await hub.emit('metric', { name: '1', value: 5 });
    await hub.emit('metric', { name: 1, value: 6 });
    await clock.settle();
    expect([a, b].map((part) => part.events().length)).toEqual([2, 2]);
  });

  it('is asked of the tab that wants it, not of an earlier one, when it is joined anew', async () => {
    const { clock, hub, audience, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 1);
    await invocation('JoinMetric', 1).answer();
    join(b, '1');
    audience.drop(a.tab);
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    expect(hub.invocations.map(({ args }) => args)).toEqual([[1], ['1']]);
  });

  it('of a topic that nobody has declared is refused, and the hub hears nothing of it', async () => {
    const { clock, asked, join } = await setUpLiveTopics();
    const [a] = tabs();
    const call = join(a, 'cpu', 'weather');
    await clock.settle();
    expect(call.settled?.reply).toMatchObject({ ok: false, error: { code: 'topic-unknown', topic: 'weather' } });
    expect(asked()).toEqual([]);
  });

  it('that nobody holds can be let go', async () => {
    const { clock, audience, asked } = await setUpLiveTopics();
    const [a] = tabs();
    audience.leaveTopic(a.tab, 'metric', 'cpu');
    audience.leaveTopic(a.tab, 'weather', 'cpu');
    expect(asked()).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('while a join is on its way', () => {
  it('the key that is let go and wanted again is not asked for a second time', async () => {
    const { audience, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    const first = join(a, 'cpu');
    audience.leaveTopic(a.tab, 'metric', 'cpu');
    const again = join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    expect(first.settled?.reply).toMatchObject({ ok: false, error: { code: 'stopped' } });
    expect(again.settled?.reply).toEqual(OK);
    expect(asked()).toEqual(['1 JoinMetric cpu']);
  });

  it('the leave waits for its end, however long that takes', async () => {
    const { clock, audience, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    join(a, 'cpu');
    audience.drop(a.tab);
    await clock.advanceBy(TOPIC_LINGER * 3);
    expect(asked()).toEqual(['1 JoinMetric cpu']);
    await invocation('JoinMetric', 'cpu').answer();
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu']);
  });

  it('and the connection is lost, the next one is asked', async () => {
    const { clock, hub, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    const call = join(a, 'cpu');
    await hub.cut();
    expect(call.settled).toBeNull();
    await clock.advanceBy(1_000);
    await hub.accept();
    expect(asked()).toEqual(['1 JoinMetric cpu', '2 JoinMetric cpu']);
    await invocation('JoinMetric', 'cpu').answer();
    expect(call.settled?.reply).toEqual(OK);
  });
});

describe('while a leave is on its way', () => {
  async function leaving() {
    const parts = await setUpLiveTopics();
    const [a, b] = tabs();
    parts.join(a, 'cpu');
    await parts.invocation('JoinMetric', 'cpu').answer();
    parts.audience.drop(a.tab);
    await parts.clock.advanceBy(TOPIC_LINGER);
    return { ...parts, a, b };
  }

  it('a join waits for its end', async () => {
    const { asked, invocation, join, b } = await leaving();
    const call = join(b, 'cpu');
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu']);
    await invocation('LeaveMetric', 'cpu').answer();
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu', '1 JoinMetric cpu']);
    expect(call.settled).toBeNull();
    await invocation('JoinMetric', 'cpu').answer();
    expect(call.settled?.reply).toEqual(OK);
  });

  it('a tab that comes and goes again leaves nothing behind', async () => {
    const { clock, audience, asked, invocation, join, b } = await leaving();
    join(b, 'cpu');
    audience.drop(b.tab);
    await invocation('LeaveMetric', 'cpu').answer();
    await clock.advanceBy(TOPIC_LINGER);
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu']);
    expect(audience.topics()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('that fails, it is noted and forgotten', async () => {
    const { clock, audience, texts, invocation } = await leaving();
    await invocation('LeaveMetric', 'cpu').fail('no such group');
    expect(texts()).toEqual(['LeaveMetric of cpu in topic metric failed: no such group']);
    expect(audience.topics()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('and the connection is lost, nothing is noted, and the next connection is not bothered', async () => {
    const { clock, hub, audience, texts, asked } = await leaving();
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu']);
    expect(texts()).toEqual([]);
    expect(audience.topics()).toEqual([]);
  });

  it('and the connection is lost, a key that is wanted again is joined once on the next', async () => {
    const { clock, hub, asked, invocation, join, b } = await leaving();
    const call = join(b, 'cpu');
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    expect(asked().slice(2)).toEqual(['2 JoinMetric cpu']);
    await invocation('JoinMetric', 'cpu').answer();
    expect(call.settled?.reply).toEqual(OK);
  });
});

describe('a join that the hub refuses', () => {
  it('rejects for every tab that holds the key then, with the key as that tab gave it', async () => {
    const { clock, audience, texts, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    const [first, second] = [join(a, 7), join(b, '7')];
    await invocation('JoinMetric', 7).fail('not yours');
    const error = {
      code: 'topic-refused',
      topic: 'metric',
      message: 'The hub did not let this client join 7 of topic metric: not yours',
    };
    expect(first.settled?.reply).toMatchObject({ ok: false, error: { ...error, key: 7 } });
    expect(second.settled?.reply).toMatchObject({ ok: false, error: { ...error, key: '7' } });
    expect([a.refusals(), b.refusals()]).toEqual([[], []]);
    expect(texts()).toHaveLength(1);
    expect(audience.topics()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('costs nobody another key, and the next tab that asks asks the hub anew', async () => {
    const { clock, hub, asked, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    join(a, 'secret');
    await invocation('JoinMetric', 'cpu').answer();
    await invocation('JoinMetric', 'secret').fail('not yours');
    await hub.emit('metric', { name: 'cpu' });
    const next = join(b, 'secret');
    expect(asked().slice(2)).toEqual(['1 JoinMetric secret']);
    await invocation('JoinMetric', 'secret').answer();
    await clock.settle();
    expect(next.settled?.reply).toEqual(OK);
    expect(a.events()).toHaveLength(1);
  });

  it('after a reconnect is told to the tabs that had it, as an entry, and to one that waits as its outcome', async () => {
    const { clock, hub, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    const waits = join(b, 'cpu');
    await invocation('JoinMetric', 'cpu').fail('not any more');
    await clock.settle();
    expect(a.refusals()).toMatchObject([{ topic: 'metric', key: 'cpu', error: { code: 'topic-refused' } }]);
    expect(b.refusals()).toEqual([]);
    expect(waits.settled?.reply).toMatchObject({ ok: false, error: { code: 'topic-refused' } });
    await hub.emit('metric', { name: 'cpu' });
    await clock.settle();
    expect([a.events(), b.events()]).toEqual([[], []]);
  });

  it('does not touch a tab that has let the key go meanwhile', async () => {
    const { clock, audience, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    const gone = join(a, 'cpu');
    const stays = join(b, 'cpu');
    audience.leaveTopic(a.tab, 'metric', 'cpu');
    await invocation('JoinMetric', 'cpu').fail('not yours');
    expect(gone.settled?.reply).toMatchObject({ error: { code: 'stopped' } });
    expect(stays.settled?.reply).toMatchObject({ error: { code: 'topic-refused' } });
    expect(clock.pending).toBe(0);
  });
});

describe('a join whose request fails on its way', () => {
  class HttpError extends Error {}

  it('is asked for again when the connection turns out to be lost', async () => {
    const { clock, hub, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    const call = join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').failBy(new HttpError('Failed to fetch'));
    expect(call.settled).toBeNull();
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    expect(asked()).toEqual(['1 JoinMetric cpu', '2 JoinMetric cpu']);
    await invocation('JoinMetric', 'cpu').answer();
    expect(call.settled?.reply).toEqual(OK);
    expect(clock.pending).toBe(0);
  });

  it('rejects as a call does when the connection stays, and is left, for the hub may have heard it', async () => {
    const { clock, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    const call = join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').failBy(new HttpError('Too many requests'));
    await clock.advanceBy(2_000);
    expect(call.settled?.reply).toMatchObject({ error: { code: 'call-failed', method: 'JoinMetric' } });
    expect(asked()).toEqual(['1 JoinMetric cpu', '1 LeaveMetric cpu']);
    expect(clock.pending).toBe(0);
  });

  it('at a new connection ends nothing for those who held the key: it is left and joined again', async () => {
    const { clock, hub, asked, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    const late = join(b, 'cpu');
    await invocation('JoinMetric', 'cpu').failBy(new HttpError('Bad gateway'));
    await clock.advanceBy(2_000);
    expect(late.settled?.reply).toMatchObject({ error: { code: 'call-failed' } });
    await invocation('LeaveMetric', 'cpu').answer();
    expect(asked().slice(1)).toEqual(['2 JoinMetric cpu', '2 LeaveMetric cpu', '2 JoinMetric cpu']);
    await invocation('JoinMetric', 'cpu').answer();
    expect(a.refusals()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('was never sent when the transport has ended: that is no refusal', async () => {
    const { clock, hub, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    const call = join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').fail("Cannot send data if the connection is not in the 'Connected' State.");
    expect(call.settled).toBeNull();
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    await invocation('JoinMetric', 'cpu').answer();
    expect(call.settled?.reply).toEqual(OK);
  });
});

describe('a new connection', () => {
  it('is asked for every key that is held, once, and for none that only lingers', async () => {
    const { clock, hub, audience, asked, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    for (const key of ['cpu', 'disk', 'net']) {
      join(a, key);
      await invocation('JoinMetric', key).answer();
    }
    join(b, 'cpu');
    audience.leaveTopic(a.tab, 'metric', 'net');
    await hub.cut();
    await clock.advanceBy(1_000);
    await hub.accept();
    expect(asked().slice(3)).toEqual(['2 JoinMetric cpu', '2 JoinMetric disk']);
    await clock.advanceBy(TOPIC_LINGER);
    expect(asked()).toHaveLength(5);
    expect(audience.topics().map(({ key }) => key)).toEqual(['cpu', 'disk']);
  });

  it('that ends while it is being asked is followed by another that is asked the same', async () => {
    const { clock, hub, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    join(a, 'cpu');
    const late = invocation('JoinMetric', 'cpu');
    for (const _ of [1, 2]) {
      await hub.cut();
      await clock.advanceBy(1_000);
      await hub.accept();
    }
    await late.answer();
    expect(asked()).toEqual(['1 JoinMetric cpu', '2 JoinMetric cpu', '3 JoinMetric cpu']);
  });

  it('is waited for by keys that were asked for before it', async () => {
    const { connect, asked, invocation, join } = setUpTopics();
    const [a] = tabs();
    const call = join(a, 'cpu');
    expect(asked()).toEqual([]);
    await connect();
    expect(asked()).toEqual(['1 JoinMetric cpu']);
    await invocation('JoinMetric', 'cpu').answer();
    expect(call.settled?.reply).toEqual(OK);
  });

  it('is asked for nothing when the hub has taken up the old one', async () => {
    const { hub, asked, join } = await setUpLiveTopics();
    const [a] = tabs();
    join(a, 'cpu');
    await hub.resume(20);
    expect(asked()).toEqual(['1 JoinMetric cpu']);
  });
});

describe('the retained value', () => {
  it('is given to a tab that comes late, with the time at which it came, before its call settles', async () => {
    const { clock, hub, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    await clock.advanceBy(300);
    await hub.emit('metric', { name: 'cpu', value: 1 });
    await clock.advanceBy(400);
    await hub.emit('metric', { name: 'cpu', value: 2 }, 'more');
    await clock.advanceBy(500);
    const late = join(b, 'cpu');
    const place = b.tab.outbox.lastNumber;
    await clock.settle();
    expect(b.retained()).toMatchObject([
      { topic: 'metric', key: 'cpu', args: [{ name: 'cpu', value: 2 }, 'more'], atMs: 700 },
    ]);
    expect(late.settled).toEqual({ after: place, reply: OK });
    expect(a.retained()).toEqual([]);
  });

  it.each(['text', 'values'] as const)('is as the event was, in a hub of %s', async (format) => {
    const { clock, hub, invocation, join } = await setUpLiveTopics({ format });
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    const bytes = new Uint8Array([1, 2]);
    await hub.emit('metric', { name: 'cpu', bytes: format === 'text' ? [1, 2] : bytes });
    join(b, 'cpu');
    await clock.settle();
    expect(b.retained()[0]?.args).toEqual(a.events()[0]);
  });

  it('that came during the join, with which many hubs begin, is not given twice', async () => {
    const { clock, hub, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    join(a, 'cpu');
    await hub.emit('metric', { name: 'cpu' });
    await invocation('JoinMetric', 'cpu').answer();
    await clock.settle();
    expect(a.events()).toHaveLength(1);
    expect(a.retained()).toEqual([]);
  });

  it('goes on while the key lingers, and ends when it is left', async () => {
    const { clock, hub, audience, invocation, join } = await setUpLiveTopics();
    const [a, b, c] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    audience.drop(a.tab);
    await hub.emit('metric', { name: 'cpu', value: 1 });
    join(b, 'cpu');
    audience.drop(b.tab);
    await clock.advanceBy(TOPIC_LINGER);
    await hub.emit('metric', { name: 'cpu', value: 2 });
    join(c, 'cpu');
    await clock.settle();
    expect([a.events(), b.retained().map(({ args }) => args), c.retained()]).toEqual([
      [],
      [[{ name: 'cpu', value: 1 }]],
      [],
    ]);
  });

  it('outlives a lost connection', async () => {
    const { clock, hub, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    await hub.emit('metric', { name: 'cpu', value: 1 });
    await hub.cut();
    const late = join(b, 'cpu');
    await clock.settle();
    expect(b.retained()).toHaveLength(1);
    expect(late.settled).toBeNull();
  });

  it('ends when the hub refuses the key', async () => {
    const { clock, hub, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    await hub.emit('metric', { name: 'cpu', value: 1 });
    await invocation('JoinMetric', 'cpu').fail('no');
    join(b, 'cpu');
    await clock.settle();
    expect(b.retained()).toEqual([]);
  });

  it('is not kept where the topic does not ask for it', async () => {
    const { clock, hub, audience, invocation, join } = await setUpLiveTopics({
      declared: { metric: { ...METRIC, retain: 'none' } },
    });
    const [a, b] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    await hub.emit('metric', { name: 'cpu', value: 1 });
    const late = join(b, 'cpu');
    await clock.settle();
    expect(late.settled?.reply).toMatchObject({ ok: true, value: { retain: 'none' } });
    expect(b.retained()).toEqual([]);
    expect(audience.topics()).toMatchObject([{ retainedAtMs: null }]);
  });
});

describe('when everything is cleared', () => {
  it('nothing is left, nothing is said to the hub, and who waits is told why', async () => {
    const { clock, hub, audience, asked, invocation, join } = await setUpLiveTopics();
    const [a, b, c] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').answer();
    await hub.emit('metric', { name: 'cpu' });
    join(b, 'disk');
    const open = invocation('JoinMetric', 'disk');
    const waits = join(a, 'disk');
    join(c, 'net');
    audience.drop(c.tab);
    audience.clearTopics(wireError('signed-out', 'Signed out.', {}));
    await open.answer();
    await clock.settle();
    expect(waits.settled?.reply).toMatchObject({ ok: false, error: { code: 'signed-out' } });
    expect(asked()).toHaveLength(3);
    expect([...hub.socket.listened]).toEqual([]);
    expect(audience.topics()).toEqual([]);
    expect(clock.pending).toBe(0);

    join(b, 'cpu');
    await clock.settle();
    expect(b.retained()).toEqual([]);
  });

  it('a failure that was waited for is forgotten too', async () => {
    const { clock, audience, asked, invocation, join } = await setUpLiveTopics();
    const [a] = tabs();
    join(a, 'cpu');
    await invocation('JoinMetric', 'cpu').failBy(new TypeError('Failed to fetch'));
    audience.clearTopics(wireError('stopped', 'Stopped.', {}));
    await clock.advanceBy(60_000);
    expect(asked()).toEqual(['1 JoinMetric cpu']);
    expect(clock.pending).toBe(0);
  });
});

describe('a report', () => {
  it('names each member with its tabs, whether it is joined, and when its value came', async () => {
    const { clock, hub, audience, invocation, join } = await setUpLiveTopics();
    const [a, b] = tabs();
    join(a, 'cpu');
    join(b, 'cpu');
    join(b, 'disk');
    await invocation('JoinMetric', 'cpu').answer();
    await clock.advanceBy(250);
    await hub.emit('metric', { name: 'cpu' });
    audience.leaveTopic(b.tab, 'metric', 'disk');
    expect(audience.topics()).toEqual([
      { topic: 'metric', key: 'cpu', tabs: 2, isJoined: true, retainedAtMs: 250 },
      { topic: 'metric', key: 'disk', tabs: 0, isJoined: false, retainedAtMs: null },
    ]);
  });

  it('names no more than 200', async () => {
    const { audience, join } = await setUpLiveTopics();
    const [a] = tabs();
    for (let key = 0; key < 250; key += 1) join(a, key);
    expect(audience.topics()).toHaveLength(200);
  });
});

describe('a tab that wants keys without end', () => {
  it('is refused over the limit, and may have another when it lets one go', async () => {
    const { audience, clock, join } = setUpTopics();
    const [a, b] = tabs();
    for (let n = 0; n < MAX_TOPIC_KEYS_OF_TAB; n += 1) void audience.joinTopic(a.tab, 'metric', n);
    const refused = join(a, 'one-more');
    await clock.settle();
    expect(refused.settled?.reply).toMatchObject({ ok: false, error: { code: 'limit-reached' } });
    // What it holds it may ask for again, and others what they want.
    const [known, other] = [join(a, 5), join(b, 'one-more')];
    await clock.settle();
    expect([known.settled, other.settled]).toEqual([null, null]);
    audience.leaveTopic(a.tab, 'metric', 0);
    const taken = join(a, 'one-more');
    await clock.settle();
    expect(taken.settled).toBeNull();
    for (const { tab } of [a, b]) audience.drop(tab);
  });

  it('declares no more names than a hub knows', () => {
    const declarations = createTopicDeclarations();
    for (let n = 0; n <= MAX_TOPICS_OF_HUB; n += 1) declarations.declare({ [`t${n}`]: METRIC });
    expect(declarations.find(`t${MAX_TOPICS_OF_HUB - 1}`)).toBeDefined();
    expect(declarations.find(`t${MAX_TOPICS_OF_HUB}`)).toBeUndefined();
  });
});
