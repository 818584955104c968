/** Ends the SharedWorker of a page at once: no event, no goodbye, as when its process is killed. */
import { expect, type Page } from 'playwright/test';
import type { WorkerWatch } from '../fixtures/worker-watch.js';
import { DIE, FAULT_CHANNEL } from '../harness/faults.js';

/**
 * Chromium: the debugger ends the target. Elsewhere the worker is told to end itself, which only the worker files
 * of the harness understand; the ready-made worker has no such door.
 */
export async function killWorker(page: Page, watch: WorkerWatch | null): Promise<void> {
  if (watch) {
    expect(await watch.kill(new URL(page.url()).origin), 'workers that were killed').toBe(1);
    return;
  }
  await page.evaluate(
    ([channelName, message]) => {
      const channel = new BroadcastChannel(channelName);
      channel.postMessage(message);
      channel.close();
    },
    [FAULT_CHANNEL, DIE] as const,
  );
}
