/** Gathers what the state panel shows. Built when somebody looks, never otherwise. */
import { CONTRACT_VERSION } from '../../src/contract/rpc.js';
import type { HubReport, TabReport, WorkerReport } from '../../src/contract/report.js';
import type { OpenHub } from '../hub/open-hub.js';
import type { Tab } from '../tabs/tab.js';
import type { Journal } from './journal.js';
import type { MonitorRegistry } from './metrics-registry.js';

export function buildReport(parts: {
  readonly version: number;
  readonly bootId: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly hubs: readonly OpenHub[];
  readonly tabs: readonly Tab[];
  readonly monitors: Pick<MonitorRegistry, 'totals' | 'alerts'>;
  readonly journal: Journal;
  readonly sinceJournal: number;
  readonly redact: (text: string) => string;
}): WorkerReport {
  return {
    version: parts.version,
    bootId: parts.bootId,
    contractVersion: CONTRACT_VERSION,
    startedAtMs: parts.startedAtMs,
    nowMs: parts.nowMs,
    hubs: parts.hubs.map((open) => hubReport(open, parts.redact)),
    tabs: parts.tabs.map((tab) => tabReport(tab, parts.hubs, parts.redact)),
    totals: parts.monitors.totals(),
    alerts: parts.monitors.alerts(),
    journal: parts.journal.since(parts.sinceJournal),
  };
}

function hubReport({ hub, monitor, tokenReport }: OpenHub, redact: (text: string) => string): HubReport {
  const { status } = hub;
  return {
    url: redact(hub.url),
    phase: status.phase,
    snapshot: { ...status.snapshot, activeHubs: status.snapshot.activeHubs.map(redact) },
    connectionId: status.connectionId,
    transport: status.transport,
    connectedAtMs: hub.connectedAtMs,
    retryAtMs: status.retryAtMs,
    error: status.error === null ? null : { code: status.error.code, message: status.error.message },
    token: tokenReport(),
    counters: { ...hub.counters },
    authentication: monitor.authentication(),
    lastReconnect: status.lastReconnect,
    topics: hub.topics(),
  };
}

function tabReport(tab: Tab, hubs: readonly OpenHub[], redact: (text: string) => string): TabReport {
  const { outbox } = tab;
  return {
    id: tab.id,
    ordinal: tab.ordinal,
    visibility: tab.visibility,
    parked: tab.parked,
    parking: tab.parking,
    hubs: hubs.filter(({ hub }) => hub.tabIds.includes(tab.id)).map(({ hub }) => redact(hub.url)),
    primaryOf: hubs.filter(({ hub }) => hub.primaryTabId === tab.id).map(({ hub }) => redact(hub.url)),
    waiting: outbox.waiting,
    waitingBytes: outbox.waitingChars,
    unacknowledged: outbox.unacknowledged,
    delivered: outbox.delivered,
    dropped: outbox.dropped,
    conflated: outbox.conflated,
    lastAckAtMs: outbox.lastAckAtMs,
    joinedAtMs: tab.joinedAtMs,
  };
}
