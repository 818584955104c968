/** Joins the parts of the panel and gives the whole its face: nothing given, waiting, stale, replaced, or live. */
import type { WireError } from '../contract/errors.js';
import type { Inspection } from '../contract/inspection.js';
import type { WorkerReport } from '../contract/report.js';
import type { Reply } from '../contract/rpc.js';
import { createAlertBand } from './alerts.js';
import { createBlank } from './blank.js';
import { createCounters } from './counters.js';
import { h, setAttribute, setAttributes, setHidden, setText } from './dom.js';
import { hubFace } from './faces.js';
import { createFan } from './fan.js';
import { ago, shortId } from './format.js';
import { createHeader, type InspectionAction } from './header.js';
import { createHubList, sameHub } from './hub-list.js';
import { createJournalView } from './journal-view.js';
import { createRate, type Rate } from './rate.js';
import type { FeedNews } from './report-feed.js';
import { createTabTable } from './tab-table.js';
import { createTopicTable } from './topic-table.js';

/** What the panel looks at. `foreign`: a connection was given, but no worker stands behind it. */
export type Subject =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'worker'; readonly source: Inspection };

export interface Panel {
  readonly root: HTMLElement;
  look(subject: Subject, nowMs: number): void;
  take(news: FeedNews, nowMs: number): void;
  tick(nowMs: number): void;
}

/** How long the panel points at a worker's replacement. It stays in the journal. */
const FRESH_MS = 12_000;

export function createPanel(): Panel {
  let subject: Subject = { kind: 'nothing' };
  let report: WorkerReport | null = null;
  let reportAtMs = 0;
  let failure: WireError | null | 'none' = 'none';
  let replaced: { readonly from: string; readonly atMs: number } | null = null;
  let primaryTabId: string | null = null;
  let rate: Rate = createRate();

  const spoken = h('div', { class: 'unseen', 'aria-live': 'polite', 'data-announcement': '' });
  // The same words twice are two messages: without a difference a screen reader would keep silent.
  const announce = (text: string): void => setText(spoken, text === spoken.textContent ? `${text}\u00a0` : text);
  const act = (action: InspectionAction): Promise<Reply<void>> =>
    subject.kind === 'worker'
      ? subject.source[action]()
      : Promise.resolve({
          ok: false,
          error: { code: 'worker-unreachable', message: 'There is no worker to ask.', afterMs: 0 },
        });

  const header = createHeader({ act, announce });
  const alerts = createAlertBand(announce);
  const hubs = createHubList({ reconnect: () => act('reconnectNow'), announce });
  const fan = createFan();
  const tabs = createTabTable();
  const topics = createTopicTable();
  const counters = createCounters();
  const journal = createJournalView(announce);

  const noticeTitle = h('b');
  const noticeText = h('span');
  const noticeCode = h('code', { 'data-notice-code': '' });
  const notice = h(
    'p',
    { class: 'notice', part: 'notice', 'data-notice': '' },
    noticeTitle,
    ' ',
    noticeText,
    ' ',
    noticeCode,
  );
  const blank = createBlank();
  const body = h(
    'div',
    { class: 'body', part: 'body' },
    fan.root,
    h('div', { class: 'middle' }, tabs.root, topics.root, counters.root),
    journal.root,
  );
  const card = h(
    'div',
    { class: 'card', part: 'panel' },
    header.root,
    notice,
    alerts.root,
    hubs.root,
    body,
    blank.root,
    spoken,
  );
  const root = h('div', { class: 'root' }, card);
  paint(Date.now());

  return {
    root,
    look(next, nowMs) {
      subject = next;
      report = null;
      failure = 'none';
      replaced = null;
      primaryTabId = null;
      rate = createRate();
      fan.clear();
      journal.clear();
      header.reset();
      alerts.reset();
      paint(nowMs);
    },
    take(news, nowMs) {
      if (news.type === 'failed') {
        failure = news.error;
        paint(nowMs);
        return;
      }
      const { replacedBootId } = news;
      failure = 'none';
      report = news.report;
      reportAtMs = nowMs;
      if (replacedBootId !== null) {
        replaced = { from: replacedBootId, atMs: nowMs };
        rate = createRate();
        const text = `worker replaced: boot ${shortId(replacedBootId)} is gone, boot ${shortId(report.bootId)} goes on`;
        journal.note(report.bootId, nowMs, 'worker', text);
        announce(`Worker replaced. New boot ${shortId(report.bootId)}.`);
      }
      rate.note(
        nowMs,
        report.hubs.reduce((sum, hub) => sum + hub.counters.events, 0),
      );
      journal.take(report.bootId, report.journal, nowMs);
      announcePrimary(report);
      paint(nowMs);
    },
    tick,
  };

  function announcePrimary(now: WorkerReport): void {
    const primary = now.tabs.find((tab) => tab.primaryOf.some((url) => isOwnHub(url))) ?? null;
    if (primary !== null && primaryTabId !== null && primary.id !== primaryTabId) {
      announce(`Tab ${primary.ordinal}${primary.id === ownTabId() ? ', this tab,' : ''} is primary now.`);
    }
    if (primary !== null) primaryTabId = primary.id;
  }

  function ownTabId(): string | null {
    return subject.kind === 'worker' ? subject.source.tabId : null;
  }

  function isOwnHub(url: string): boolean {
    return subject.kind === 'worker' && sameHub(url, subject.source.hub);
  }

  function isFresh(nowMs: number): boolean {
    return replaced !== null && nowMs - replaced.atMs < FRESH_MS;
  }

  function paint(nowMs: number): void {
    const ownHub = report?.hubs.find((hub) => isOwnHub(hub.url)) ?? null;
    const own = ownTabId();
    header.show({
      report,
      source: subject.kind === 'worker' ? subject.source : null,
      token: ownHub?.token ?? null,
      hubKnown: ownHub !== null,
      ownTabIsPrimary: report?.tabs.some((tab) => tab.id === own && tab.primaryOf.some(isOwnHub)) ?? false,
    });
    setHidden(hubs.root, report === null);
    setHidden(body, report === null);
    setHidden(blank.root, report !== null);
    if (report !== null) {
      hubs.show(report.hubs, subject.kind === 'worker' ? subject.source.hub : null, nowMs);
      fan.show({ report, ownTabId: own, fresh: isFresh(nowMs), nowMs });
      tabs.show(report.tabs, own, nowMs);
      topics.show(report.hubs, nowMs);
      counters.show(report);
      alerts.show(report.bootId, report.alerts, nowMs);
    }
    tick(nowMs);
  }

  function tick(nowMs: number): void {
    header.tick(nowMs);
    hubs.tick(nowMs);
    fan.tick(nowMs, rate.perSecond(nowMs));
    tabs.tick(nowMs);
    topics.tick(nowMs);
    alerts.tick(nowMs);
    journal.tick(nowMs);
    showFace(nowMs);
  }

  function showFace(nowMs: number): void {
    const ownHub = report?.hubs.find((hub) => isOwnHub(hub.url)) ?? null;
    const code = failure === 'none' || failure === null ? '' : failure.code;
    const why = failure === 'none' || failure === null ? '' : failure.message;
    let face: string;
    if (report === null) {
      face = subject.kind === 'nothing' ? 'no-connection' : subject.kind === 'foreign' ? 'not-shared' : 'waiting';
      const [title, text] = blankWords(face, why);
      blank.show(title, text, code);
      setHidden(notice, true);
    } else if (failure !== 'none') {
      face = 'stale';
      setText(noticeTitle, 'Waiting for the worker.');
      setText(noticeText, `What you see is from ${ago(nowMs - reportAtMs)}. ${why}`);
      setText(noticeCode, code);
      setHidden(noticeCode, code === '');
      setHidden(notice, false);
    } else if (replaced !== null && isFresh(nowMs)) {
      face = 'replaced';
      setText(noticeTitle, 'Worker replaced.');
      setText(
        noticeText,
        `Boot ${shortId(replaced.from)} is gone, boot ${shortId(report.bootId)} goes on. The tabs have joined again by themselves.`,
      );
      setHidden(noticeCode, true);
      setHidden(notice, false);
    } else {
      face = ownHub === null ? 'no-hub' : hubFace(ownHub).kind;
      setHidden(notice, true);
    }
    if (face === 'stale' && card.getAttribute('data-face') !== face) announce(`Waiting for the worker. ${why}`);
    setAttribute(card, 'data-face', face);
    setAttributes(notice, { 'data-notice': face });
  }
}

function blankWords(face: string, why: string): readonly [title: string, text: string] {
  switch (face) {
    case 'no-connection':
      return ['No connection given', 'Set the property “connection” of this element to a SharedHubConnection.'];
    case 'not-shared':
      return [
        'Not a shared connection',
        'There is no worker behind this connection. Build it with SharedHubConnectionBuilder to look at it here.',
      ];
    default:
      return [
        'Waiting for the worker',
        why === '' ? 'It answers as soon as this tab has joined it, usually at once.' : why,
      ];
  }
}
