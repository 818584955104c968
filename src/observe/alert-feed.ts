/** Asks the worker for the alerts of a hub, one question at a time, for as long as somebody in this page listens. */
import { isHubshareError, type ErrorCode } from '../contract/errors.js';
import type { Alert } from '../contract/metrics.js';
import { REJOIN_DELAYS_MS } from '../contract/timing.js';
import { answered, LONGEST_TIMER_MS } from '../tab/answered.js';
import type { Stay, TabClient } from '../tab/tab-client.js';

export interface AlertFeed {
  /** @returns Ends it. */
  add(tell: (alert: Alert) => void): () => void;
}

/** Some browsers round the time of day, in each context by itself, so that nobody is recognised by it. */
export const CLOCK_GRAIN_MS = 100;

/** Asking another time meets the same answer. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['worker-unsupported', 'contract-mismatch']);

/** One question per page and hub is what the worker holds open, however many connections listen. */
const feeds = new WeakMap<TabClient, Map<string, AlertFeed>>();

export function alertFeedOf(client: TabClient, hub: string): AlertFeed {
  const ofClient = feeds.get(client) ?? new Map<string, AlertFeed>();
  feeds.set(client, ofClient);
  const feed = ofClient.get(hub) ?? createAlertFeed(client, hub, () => ofClient.delete(hub));
  ofClient.set(hub, feed);
  return feed;
}

/** @param onUnused - Nobody listens any more. */
function createAlertFeed(client: TabClient, hub: string, onUnused: () => void): AlertFeed {
  const listeners = new Set<(alert: Alert) => void>();
  const unused = new AbortController();
  let bootId: string | null = null;
  let sinceId = 0;
  let isAsking = false;

  async function ask(stay: Stay): Promise<void> {
    if (stay.welcome.bootId !== bootId) sinceId = 0;
    bootId = stay.welcome.bootId;
    const over = new AbortController();
    const end = (): void => over.abort();
    stay.over.addEventListener('abort', end);
    unused.signal.addEventListener('abort', end);
    if (stay.over.aborted || unused.signal.aborted) end();
    try {
      for (const alert of await answered(stay.api.nextAlerts(hub, sinceId), over.signal, LONGEST_TIMER_MS)) {
        sinceId = alert.id;
        for (const tell of [...listeners]) tell(alert);
      }
    } finally {
      stay.over.removeEventListener('abort', end);
      unused.signal.removeEventListener('abort', end);
    }
  }

  async function askOn(): Promise<void> {
    let failures = 0;
    while (!unused.signal.aborted) {
      try {
        await client.visit((stay) => {
          failures = 0;
          return ask(stay);
        });
      } catch (error) {
        if (isHubshareError(error) && FINAL.has(error.code)) {
          // Whoever comes later asks again: the tabs of the other build may have closed by then.
          isAsking = false;
          return;
        }
        const delayMs = REJOIN_DELAYS_MS[Math.min(failures, REJOIN_DELAYS_MS.length - 1)] ?? 0;
        failures += 1;
        await pause(delayMs, unused.signal);
      }
    }
  }

  return {
    add(tell) {
      // What was raised before is not news; a worker and its pages have one clock.
      const fromMs = Date.now() - CLOCK_GRAIN_MS;
      const listener = (alert: Alert): void => {
        if (alert.atMs >= fromMs) tell(alert);
      };
      listeners.add(listener);
      if (!isAsking) void askOn();
      isAsking = true;
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        unused.abort();
        onUnused();
      };
    },
  };
}

/** Ends at once when it is not wanted any more. */
function pause(ms: number, unwanted: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unwanted.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    unwanted.addEventListener('abort', end);
    if (unwanted.aborted) end();
  });
}
