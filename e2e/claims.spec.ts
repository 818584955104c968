/** Side effects once: of all tabs that claim the same thing exactly one gets it, also when the one that was to get it stands still or dies. */
import { killWorker } from './fault/kill-worker.js';
import { agree, makePrimary, primaryOf } from './fixtures/agreement.js';
import { closeUnread } from './fixtures/page-notes.js';
import { often, type Tab } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';
import { HELD } from './fixtures/wiretap.js';
import type { Outcome } from './harness/tab-api.js';

function values(outcomes: readonly (Outcome | null)[]): unknown[] {
  return outcomes.map((outcome) => (outcome?.ok ? outcome.value : outcome));
}

test('ten tabs claim the same incident: exactly one gets it, and a later claim gets nothing', async ({
  connectTabs,
}) => {
  const tabs = await connectTabs(10);
  const { primary } = await primaryOf(tabs);
  const outcomes = values(await Promise.all(tabs.map((tab) => tab.claim('INC-1'))));
  expect(outcomes.filter((value) => value === true)).toHaveLength(1);
  expect(outcomes.filter((value) => value === false)).toHaveLength(9);

  expect(values([await primary.claim('INC-1')])).toEqual([false]);
  // Another thing is another claim: the best tab takes it at once, whoever else might want it.
  expect(values([await primary.claim('INC-2')])).toEqual([true]);
  expect(values(await Promise.all(tabs.map((tab) => tab.claim('INC-2'))))).toEqual(tabs.map(() => false));
});

test('the tab that is offered a claim stands still: another gets it, and the first one does not', async ({
  hub,
  connectTabs,
}) => {
  const tabs = await connectTabs(3);
  const { primary, others } = await standsStillOutside(tabs);

  const claiming = claimAndStandStill(primary);
  try {
    await expect.poll(() => hub.wire.held, often).toBe(1);
    const outcomes = values(await Promise.all(others.map((tab) => tab.claim('INC-1'))));
    expect(outcomes.toSorted()).toEqual([false, true]);
  } finally {
    hub.wire.release();
    await claiming;
  }
  await expect.poll(() => primary.outcomeOf('incident'), often).toEqual({ ok: true, value: false });
});

test('the tab that is offered a claim goes before it confirms: another gets it', async ({ hub, connectTabs }) => {
  const tabs = await connectTabs(3);
  const { primary, others } = await standsStillOutside(tabs);

  const claiming = claimAndStandStill(primary);
  // The page goes away under it.
  claiming.catch(() => undefined);
  await expect.poll(() => hub.wire.held, often).toBe(1);
  const outcomes = Promise.all(others.map((tab) => tab.claim('INC-1')));
  await closeUnread(primary.page);
  expect(values(await outcomes).toSorted()).toEqual([false, true]);
});

test.describe('the worker is killed', () => {
  test.use({ killsWorkers: true });

  test('what was claimed before is not given a second time', async ({ connectTabs, workerWatch }) => {
    const tabs = await connectTabs(3);
    const { primary, others } = await primaryOf(tabs);
    const [other, third] = others as [Tab, Tab];
    expect(values([await primary.claim('INC-1')])).toEqual([true]);
    expect(values([await other.claim('INC-1')])).toEqual([false]);
    const { connectionId } = await agree(tabs);

    await killWorker(primary.page, workerWatch);
    await expect.poll(async () => (await agree(tabs)).connectionId, often).not.toBe(connectionId);

    // The third tab has never heard of the claim; the new worker was told of it by the tabs that have.
    expect(values([await third.claim('INC-1')])).toEqual([false]);
    expect(values([await primary.claim('INC-1')])).toEqual([false]);
  });
});

/** The primary tab, which may stand still: it is not the one whose process holds the worker. */
async function standsStillOutside(tabs: readonly Tab[]): Promise<{ primary: Tab; others: readonly Tab[] }> {
  const [, second] = tabs;
  if (!second) throw new Error('two tabs at least');
  await makePrimary(second, tabs);
  return primaryOf(tabs);
}

/** In one task the tab claims and then waits for a request: it can neither hear the offer nor confirm it. */
function claimAndStandStill(tab: Tab): Promise<void> {
  return tab.page.evaluate((held) => {
    window.tab.delivery.beginClaim('incident', 'INC-1');
    const request = new XMLHttpRequest();
    request.open('GET', held, false);
    request.send();
  }, HELD);
}
