/** What the state panel may ask, answered by whichever worker this tab is with at the time. */
import { isHubshareError, wireError } from '../contract/errors.js';
import type { Inspection } from '../contract/inspection.js';
import type { Reply } from '../contract/rpc.js';
import { answered, LONGEST_TIMER_MS } from '../tab/answered.js';
import type { Stay, TabClient } from '../tab/tab-client.js';

export function inspectHub(client: TabClient, hub: () => string): Inspection {
  async function ask<T>(question: (stay: Stay) => Promise<Reply<T>>, afterMs?: number): Promise<Reply<T>> {
    const { stay } = client;
    if (stay === null)
      return { ok: false, error: wireError('not-joined', 'This tab has no worker at the moment.', {}) };
    try {
      return { ok: true, value: await answered(question(stay), stay.over, afterMs) };
    } catch (error) {
      return {
        ok: false,
        error: isHubshareError(error) ? error.wire : wireError('worker-lost', String(error), {}),
      };
    }
  }

  return {
    get tabId() {
      return client.tabId;
    },
    get hub() {
      return hub();
    },
    // A report comes when something changes: the wait has no limit of its own, only the worker's life.
    nextReport: (sinceVersion, sinceJournal) =>
      ask(({ api }) => api.nextReport(sinceVersion, sinceJournal), LONGEST_TIMER_MS),
    reconnectNow: () => ask(({ api }) => api.reconnectNow(hub())),
    refreshTokenNow: () => ask(({ api }) => api.refreshTokenNow(hub()), 60_000),
    becomePrimary: () => ask(({ api }) => api.becomePrimary(hub())),
  };
}
