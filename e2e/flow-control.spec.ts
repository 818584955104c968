/** A tab that does not read costs the others nothing, and itself no more than its bound: newest values stay, a loss is told before what follows. */
import { agree } from './fixtures/agreement.js';
import { accountsForAll } from './fixtures/loss.js';
import { sendEvents, sendValues } from './fixtures/paced.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { HELD } from './fixtures/wiretap.js';

const OPTIONS = { worker: 'small-outbox', declaresTopic: true } as const;
const COUNT = 192;

test.skip(
  ({ browserName }) => browserName !== 'chromium',
  'the test makes a page stand still by a synchronous request, during which messages on ports were seen to be dispatched in Firefox; whether another way would do there was not found out',
);

test('a tab that stands still gets the newest value of each key and a gap; the others get everything meanwhile', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(3, OPTIONS);
  // The first tab's process holds the worker: it must not be the one that stands still.
  const [reader, other, still] = tabs as [Tab, Tab, Tab];
  await agree(tabs);
  for (const tab of [reader, still]) await tab.join('test.a', 'test.b');
  const stillId = await still.tabId();

  const standing = still.page.evaluate((held) => {
    const request = new XMLHttpRequest();
    request.open('GET', held, false);
    request.send();
  }, HELD);
  let events;
  let values;
  try {
    await expect.poll(() => hub.wire.held, often).toBe(1);
    values = await sendValues(hub.admin, COUNT, ['test.a', 'test.b'], reader);
    events = await sendEvents(hub.admin, COUNT, [reader, other]);
    for (const tab of [reader, other]) await tab.hasUnbrokenSequenceTo(events.to);
    // What waits for it is bounded, while it has read nothing.
    const report = (await reader.report()).tabs.find(({ id }) => id === stillId);
    expect(report).toMatchObject({ conflated: expect.any(Number), dropped: expect.any(Number) });
    expect(report?.waiting).toBeLessThanOrEqual(50);
    expect(report?.conflated).toBeGreaterThan(0);
    expect(report?.dropped).toBeGreaterThan(0);
  } finally {
    hub.wire.release();
    await standing;
  }

  await still.hasReceived(events.to);
  expect(await accountsForAll(still, events.from, events.to)).toBeGreaterThan(0);
  const lost = (await still.resyncs()).map(({ reason }) => reason);
  expect(new Set(lost)).toEqual(new Set(['outbox-full']));
  for (const [index, key] of ['test.a', 'test.b'].entries()) {
    const all = Array.from({ length: COUNT / 2 }, (_, n) => values.from + 2 * n + index);
    expect(await reader.valuesOf(key), 'a tab that reads gets every value').toEqual(all);
    const seen = await still.valuesOf(key);
    expect(seen.at(-1), 'the newest value').toBe(all.at(-1));
    expect(seen.length, 'the others were left out').toBeLessThan(all.length);
    expect(seen, 'in order').toEqual(seen.toSorted((a, b) => a - b));
  }
  for (const tab of [reader, other]) expect(await tab.resyncs()).toEqual([]);

  // The line is empty again: from here on it gets all there is.
  const { from, to } = await sendEvents(hub.admin, 64, [still]);
  expect((await still.sequence()).last).toBe(to);
  await accountsForAll(still, events.from, to);
  expect(from).toBe(events.to + 1);
});
