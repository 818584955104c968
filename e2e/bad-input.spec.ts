/** Bad input ends in a clear error with a code and advice, in the tab that caused it, and no other tab notices. */
import { NOT_A_HUB } from './fixtures/wiretap.js';
import type { Tab } from './fixtures/tab.js';
import { expect, test, type TestHub } from './fixtures/test.js';
import { withEachTokenSource } from './fixtures/token-sources.js';
import { misuses, type Outcome } from './harness/tab-api.js';

/** Runs something that goes wrong in one tab while another receives events; the other one must not notice. */
async function unnoticedBy(witness: Tab, hub: TestHub, goWrong: () => Promise<void>): Promise<void> {
  const before = await witness.snapshot();
  await hub.admin.startSequence({ count: 0, everyMs: 4 });
  await witness.hasReceived((await hub.admin.lastOfSequence()) + 10);
  await goWrong();
  await witness.hasReceived((await hub.admin.lastOfSequence()) + 10);
  const last = await hub.admin.stopSequence();
  await witness.hasUnbrokenSequenceTo(last);
  expect(await witness.lifecycle()).toEqual([]);
  expect(await witness.resyncs()).toEqual([]);
  const after = await witness.snapshot();
  expect(after).toMatchObject({ status: 'connected', connectionId: before.connectionId });
  expect(after.error).toBeUndefined();
  expect(await hub.counts()).toMatchObject({ connections: 1, handshakes: 1 });
}

/** A failure with this code whose message is more than the code: a sentence that says what to do. */
function failsWith(outcome: Outcome, code: string | RegExp): void {
  expect(outcome).toMatchObject({ ok: false, error: { code: expect.stringMatching(code) } });
  if (outcome.ok) return;
  expect(outcome.error.message.split(' ').length, `advice in “${outcome.error.message}”`).toBeGreaterThan(5);
}

withEachTokenSource(() => {
  test('a hub that is not there', async ({ hub, openTab, connectTabs }) => {
    const [witness] = await connectTabs(1);
    if (!witness) throw new Error('no tab');
    const lost = await openTab({ hub: '/hubs/nothing-here', retryDelaysMs: [0] });
    await unnoticedBy(witness, hub, async () => {
      failsWith(await lost.start(), 'hub-not-found');
      expect(await lost.view()).toMatchObject({ state: 'Disconnected', connectionId: null });
    });
  });

  test('an address that is no SignalR hub', async ({ hub, openTab, connectTabs }) => {
    const [witness] = await connectTabs(1);
    if (!witness) throw new Error('no tab');
    const lost = await openTab({ hub: NOT_A_HUB, retryDelaysMs: [0] });
    await unnoticedBy(witness, hub, async () => {
      failsWith(await lost.start(), 'not-a-hub');
    });
  });

  test('a worker script that is not there', async ({ hub, openTab, connectTabs }) => {
    const [witness] = await connectTabs(1);
    if (!witness) throw new Error('no tab');
    const lost = await openTab({ worker: 'missing' });
    await unnoticedBy(witness, hub, async () => {
      failsWith(await lost.start(), 'worker-load-failed');
    });
  });

  test('a worker that the content security policy of the page blocks', async ({
    hub,
    openTab,
    connectTabs,
    browserName,
  }) => {
    const [witness] = await connectTabs(1);
    if (!witness) throw new Error('no tab');
    // Firefox asks the policy only when it loads a worker's script, so there the page asks for one that is not yet running.
    const notRunning = browserName === 'firefox' ? { worker: 'unused' as const } : {};
    const blocked = await openTab({ page: 'no-worker', ...notRunning });
    await unnoticedBy(witness, hub, async () => {
      failsWith(await blocked.start(), 'worker-load-failed');
    });
  });

  test('options and arguments of the wrong type', async ({ hub, openTab, connectTabs }) => {
    const [witness] = await connectTabs(1);
    if (!witness) throw new Error('no tab');
    const clumsy = await openTab();
    await unnoticedBy(witness, hub, async () => {
      for (const misuse of misuses) {
        await test.step(misuse, async () => {
          failsWith(await clumsy.misuse(misuse), /^option-(invalid|unsupported)$/);
        });
      }
    });
  });
});

test('messages of the wrong shape on a port of the worker', async ({ hub, openTab, connectTabs }) => {
  const [witness] = await connectTabs(1);
  if (!witness) throw new Error('no tab');
  const intruder = await openTab();
  await unnoticedBy(witness, hub, async () => {
    const answers = await intruder.page.evaluate(() => window.tab.intrude());
    for (const { message, code, advice } of answers) {
      expect(code, message).toMatch(/^(message-invalid|not-joined|contract-mismatch)$/);
      expect(advice?.split(' ').length ?? 0, `advice on ${message}`).toBeGreaterThan(5);
    }
  });
  // The tab that did it can still use the worker in the right way.
  await intruder.connect();
  expect(await intruder.invoke('Echo', 'reformed')).toEqual({ ok: true, value: 'reformed' });
});
