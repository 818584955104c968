import { describe, expect, it } from 'vitest';
import { wireError } from '../../src/contract/errors.js';
import { encodeEvent } from '../delivery/encode.js';
import { PartTab } from '../testing/fake-tab.js';
import { FakeClock } from '../testing/fake-clock.js';

const HUB = 'https://h.test/hubs/ops';
const settle = (): Promise<void> => new FakeClock().settle();

describe('deliver', () => {
  it('names the hub before its first entry, and never again', async () => {
    const part = new PartTab('a');
    part.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    part.tab.deliver(encodeEvent(2, 'metric', [2]), `${HUB}2`);
    part.tab.deliver(encodeEvent(1, 'metric', [3]), HUB);
    await settle();
    expect(part.told).toEqual([
      { kind: 'event', hub: HUB, method: 'metric', args: [1] },
      { kind: 'event', hub: `${HUB}2`, method: 'metric', args: [2] },
      { kind: 'event', hub: HUB, method: 'metric', args: [3] },
    ]);
    expect(
      part.batches
        .map(({ text }) => text)
        .join('')
        .match(/\[0,/g),
    ).toHaveLength(2);
  });

  it('still names a hub whose first entry was wiped', async () => {
    const part = new PartTab('a');
    part.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    part.tab.outbox.wipe();
    part.tab.deliver(encodeEvent(1, 'metric', [2]), HUB);
    await settle();
    expect(part.events()).toEqual([[2]]);
  });
});

it('says at once that a call is accepted, before what waits', async () => {
  const part = new PartTab('a');
  part.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
  part.tab.accept('call-1');
  expect(part.frames).toEqual([{ kind: 'accepted', callId: 'call-1' }]);
  await settle();
  expect(part.frames).toHaveLength(2);
});

describe('an acknowledgement', () => {
  it('gives credit and is told', async () => {
    const part = new PartTab('a', { now: () => 42, limits: { window: 1 } });
    part.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    await settle();
    expect(part.tab.outbox.unacknowledged).toBe(0);
    expect(part.tab.outbox.lastAckAtMs).toBe(42);
    // Posted, and acknowledged.
    expect(part.changes).toBe(2);
  });

  it.each([
    null,
    undefined,
    5,
    'ack',
    [],
    {},
    { kind: 'ack' },
    { kind: 'ack', last: '2' },
    { kind: 'ack', last: 1.5 },
    { kind: 'ack', last: NaN },
    { kind: 'batch', last: 2 },
  ])('of the shape %j is none', async (data) => {
    const part = new PartTab('a', { limits: { window: 1 } });
    part.acknowledges = false;
    part.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    await settle();
    part.post(data);
    expect(part.badFrames).toBe(1);
    expect(part.tab.outbox.unacknowledged).toBe(1);
  });
});

describe('end', () => {
  it('closes the port, hears nothing any more and posts nothing that waited', async () => {
    const part = new PartTab('a');
    part.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
    part.tab.end();
    await settle();
    expect(part.isPortClosed).toBe(true);
    expect(part.isListening).toBe(false);
    expect(part.events()).toEqual([]);
  });

  it('tells those who wait for the tab', () => {
    const part = new PartTab('a');
    expect(part.tab.gone.aborted).toBe(false);
    part.tab.end();
    expect(part.tab.gone.aborted).toBe(true);
  });
});

it('passes a question for a token on to its page', async () => {
  const part = new PartTab('a');
  await expect(part.tab.fetchAccessToken(HUB)).resolves.toEqual({ ok: true, value: 'a-token-of-the-tab' });
  expect(part.asked).toEqual([HUB]);
});

describe('a page that is cached or frozen', () => {
  it.each(['cached', 'frozen'] as const)('is away (%s), and may be posted to again when it is back', async (how) => {
    const { tab } = new PartTab('a');
    expect(tab.away.aborted).toBe(false);
    await tab.back();
    const { away } = tab;
    tab.setParking(how);
    expect([away.aborted, tab.away.aborted, tab.gone.aborted, tab.parked]).toEqual([true, true, false, true]);
    let isBack = false;
    void tab.back().then(() => (isBack = true));
    await settle();
    expect(isBack).toBe(false);
    tab.setParking(null);
    await settle();
    expect(isBack).toBe(true);
    expect([away.aborted, tab.away.aborted, tab.parked]).toEqual([true, false, false]);
  });

  it('is not away when it is only hidden', () => {
    const { tab } = new PartTab('a');
    tab.setParking('hidden');
    expect([tab.parking, tab.parked, tab.away.aborted]).toEqual(['hidden', true, false]);
  });

  it('is told of calls that were accepted meanwhile when it is back, in their order', async () => {
    const part = new PartTab('a');
    part.tab.setParking('cached');
    part.tab.accept('one');
    part.tab.setParking('frozen');
    part.tab.accept('two');
    expect(part.frames).toEqual([]);
    part.tab.setParking(null);
    expect(part.accepted).toEqual(['one', 'two']);
    part.tab.setParking('frozen');
    part.tab.setParking(null);
    expect(part.accepted).toEqual(['one', 'two']);
  });

  it('that dies stays away, and nobody waits for it', async () => {
    const part = new PartTab('a');
    part.tab.setParking('cached');
    const waiting = part.tab.back();
    part.tab.accept('one');
    part.tab.end();
    await waiting;
    await part.tab.back();
    part.tab.setParking(null);
    expect([part.tab.away.aborted, part.tab.gone.aborted]).toEqual([true, true]);
    expect(part.frames).toEqual([]);
  });
});

it('takes the gaps of a parked tab out of the line, by the URL of the hub', async () => {
  const part = new PartTab('a', { limits: { maxQueuedEntries: 3 } });
  part.tab.setParking('frozen');
  for (let n = 1; n <= 4; n += 1) part.tab.deliver(encodeEvent(1, 'metric', [n]), HUB);
  for (let n = 5; n <= 6; n += 1) part.tab.deliver(encodeEvent(2, 'metric', [n]), `${HUB}2`);
  expect([...part.tab.takeMissed()]).toEqual([[HUB, 3]]);
  expect([...part.tab.takeMissed()]).toEqual([]);
  part.tab.setParking(null);
  await settle();
  expect(part.told.map(({ kind }) => kind)).toEqual(['event', 'event', 'event']);
});

it('gives the outbox the key by which newer values take the place of older ones', async () => {
  const part = new PartTab('a');
  part.tab.setParking('hidden');
  for (const n of [1, 2, 3]) part.tab.deliver(encodeEvent(1, 'metric', [n]), HUB, 'metric\0cpu');
  part.tab.setParking(null);
  await settle();
  expect(part.events()).toEqual([[3]]);
});

it('asks a hidden tab to come back, past what waits', () => {
  const part = new PartTab('a');
  part.tab.setParking('hidden');
  part.tab.deliver(encodeEvent(1, 'metric', [1]), HUB);
  part.tab.wake();
  expect(part.frames).toEqual([{ kind: 'wake' }]);
  expect(part.wakes).toBe(1);
});

describe('a fence', () => {
  const error = wireError('signed-out', 'Signed out.', {});

  it('is known until the tab comes to the hub anew', () => {
    const { tab } = new PartTab('a');
    tab.fence(HUB, { error, attachment: 3 });
    expect(tab.fenceOf(HUB)).toEqual({ error, attachment: 3 });
    tab.attached(1, { hub: HUB, attachment: 4, opening: 4 });
    expect(tab.fenceOf(HUB)).toBeUndefined();
  });

  it('is kept to be told to a tab that is parked, and told once; one that is awake has its goodbye', () => {
    const { tab } = new PartTab('a');
    tab.fence(HUB, { error, attachment: 1 });
    expect([...tab.takeFences()]).toEqual([]);
    tab.setParking('hidden');
    tab.fence(HUB, { error, attachment: 2 });
    expect([...tab.takeFences()]).toEqual([[HUB, error]]);
    expect([...tab.takeFences()]).toEqual([]);
  });
});

it('names the attachment before the first entry that is of it, also when the hub has been named before', async () => {
  const part = new PartTab('a');
  part.tab.attached(1, { hub: HUB, attachment: 1, opening: 1 });
  part.tab.attached(1, { hub: HUB, attachment: 2, opening: 2 });
  await settle();
  expect(part.batches.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
    [
      [0, 1, HUB, 1, 1],
      [0, 1, HUB, 2, 2],
    ],
  ]);
});
