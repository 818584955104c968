/** The monitors of the hubs that this worker has had open, their alerts, and who waits for one. Bounded. */
import type { Alert, HubMetrics } from '../../src/contract/metrics.js';
import type { WorkerTotals } from '../../src/contract/report.js';
import { createAlertLog } from './alert-log.js';
import { createChangeFeed } from './change-feed.js';
import type { Journal } from './journal.js';
import { createHubMonitor, type HubMonitor, type HubNow } from './metrics.js';
import { createTokenMeter, type TokenMeter } from './metrics-token.js';

/** Hubs whose figures are kept though they are closed, and questions of one tab: a script that invents URLs gets no more memory. */
export const KEPT_HUBS = 100;

/** A tab that waits for alerts. */
export interface AlertReader {
  /** Nothing is posted to it. */
  readonly parked: boolean;
}

export interface MonitorRegistry {
  /** Of the worker's own source of tokens. */
  readonly sharedTokens: TokenMeter;
  /** The monitor of a hub that is being opened; the same as the last time. */
  open(url: string): HubMonitor;
  /** An event of that hub was dropped for one tab. */
  dropped(url: string): void;
  read(url: string, now: HubNow): HubMetrics;
  totals(): WorkerTotals;
  alerts(): readonly Alert[];
  /** The hub's alerts above that id, as soon as there is one and the reader is awake. `null`: it has gone, or has asked again. */
  nextAlerts(reader: AlertReader, url: string, sinceId: number): Promise<readonly Alert[] | null>;
  /** A reader was parked and is back. */
  readerIsBack(): void;
  readerIsGone(reader: AlertReader): void;
}

export function createMonitorRegistry(deps: {
  readonly bootId: string;
  readonly now: () => number;
  readonly journal: Journal;
  /** The worker has a source of tokens of its own. */
  readonly sharesTokens: boolean;
  readonly onChange: () => void;
}): MonitorRegistry {
  const { bootId, now, journal } = deps;
  const startedAtMs = now();
  const feed = createChangeFeed();
  /** The one that was opened last at the end. */
  const monitors = new Map<string, HubMonitor>();
  /** By tab and hub, what stands for the open question. */
  const questions = new Map<AlertReader, Map<string, object>>();
  let forgotten: WorkerTotals = { starts: 0, connected: 0, lost: 0, events: 0, calls: 0, callsFailed: 0, dropped: 0 };

  const log = createAlertLog({
    now,
    onRaised: ({ kind, text }) => {
      journal.note(kind === 'authentication-failed' ? 'token' : 'hub', `alert: ${text}`);
      feed.changed();
    },
    onChange: deps.onChange,
  });
  const sharedTokens = createTokenMeter(true, () => {
    for (const monitor of monitors.values()) monitor.issuerRefused();
  });

  function create(url: string): HubMonitor {
    return createHubMonitor(url, log, now, deps.sharesTokens ? sharedTokens : null);
  }

  function forgetOldest(): void {
    if (monitors.size <= KEPT_HUBS) return;
    for (const monitor of monitors.values()) {
      if (monitor.isOpen) continue;
      forgotten = sum(forgotten, monitor);
      monitors.delete(monitor.url);
      return;
    }
  }

  function dropQuestion(reader: AlertReader, url: string): void {
    const question = questions.get(reader)?.get(url);
    if (question === undefined) return;
    questions.get(reader)?.delete(url);
    feed.drop(question);
  }

  return {
    sharedTokens,
    open(url) {
      const monitor = monitors.get(url) ?? create(url);
      monitors.delete(url);
      monitors.set(url, monitor);
      forgetOldest();
      return monitor;
    },
    dropped(url) {
      monitors.get(url)?.dropOne();
    },
    read(url, hubNow) {
      return { ...(monitors.get(url) ?? create(url)).read(hubNow), bootId, startedAtMs, alerts: log.since(0, url) };
    },
    totals: () => [...monitors.values()].reduce(sum, forgotten),
    alerts: () => log.since(0),
    async nextAlerts(reader, url, sinceId) {
      dropQuestion(reader, url);
      const question = {};
      const ofReader = questions.get(reader) ?? new Map<string, object>();
      questions.set(reader, ofReader.set(url, question));
      for (const [oldest] of ofReader) if (ofReader.size > KEPT_HUBS) dropQuestion(reader, oldest);
      for (;;) {
        const { version } = feed;
        const found = log.since(sinceId, url);
        if (found.length > 0 && !reader.parked) {
          ofReader.delete(url);
          return found;
        }
        if (!(await feed.next(version, question)) || ofReader.get(url) !== question) return null;
      }
    },
    readerIsBack() {
      if (questions.size > 0) feed.changed();
    },
    readerIsGone(reader) {
      for (const url of questions.get(reader)?.keys() ?? []) dropQuestion(reader, url);
      questions.delete(reader);
    },
  };
}

function sum(before: WorkerTotals, { counters, dropped }: HubMonitor): WorkerTotals {
  return {
    starts: before.starts + counters.starts,
    connected: before.connected + counters.connected,
    lost: before.lost + counters.lost,
    events: before.events + counters.events,
    calls: before.calls + counters.calls,
    callsFailed: before.callsFailed + counters.callsFailed,
    dropped: before.dropped + dropped,
  };
}
