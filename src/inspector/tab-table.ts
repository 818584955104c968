/** The tabs as a table: role, page, outbox, deliveries, and when each last confirmed. */
import type { TabReport } from '../contract/report.js';
import { createKeyedRows, h, setAttributes, setHidden, setText } from './dom.js';
import { isPrimary, pageFace, pageState } from './faces.js';
import { age, count, hubPath, NONE } from './format.js';
import { createTable } from './table.js';

export interface TabTable {
  readonly root: HTMLElement;
  show(tabs: readonly TabReport[], ownTabId: string | null, nowMs: number): void;
  tick(nowMs: number): void;
}

export function createTabTable(): TabTable {
  let ownTabId: string | null = null;
  let shownAtMs = 0;
  const total = h('span', { class: 'heading-note', 'data-tab-count': '' });
  const { heading, table, body } = createTable('tab', 'Tabs', total, [
    ['Tab'],
    ['Role'],
    ['Page'],
    ['Waiting', 'num'],
    ['Delivered', 'num'],
    ['Last ack', 'num'],
  ]);
  const empty = h('p', { class: 'empty' }, 'No tab has joined.');
  const root = h('section', { class: 'tabs-area', part: 'tabs' }, heading, table, empty);
  const rows = createKeyedRows<TabReport, ReturnType<typeof createRow>>(body, (tab) => tab.id, createRow);

  return {
    root,
    show(tabs, own, nowMs) {
      ownTabId = own;
      shownAtMs = nowMs;
      rows.show([...tabs].sort((a, b) => a.ordinal - b.ordinal));
      const parked = tabs.filter((tab) => tab.parked).length;
      setText(total, parked === 0 ? count(tabs.length) : `${count(tabs.length)}, ${count(parked)} parked`);
      setAttributes(total, { 'data-tab-count': String(tabs.length) });
      setHidden(empty, tabs.length > 0);
    },
    tick(nowMs) {
      for (const row of rows.views()) row.tick(nowMs);
    },
  };

  function createRow() {
    const name = h('span');
    const own = h('span', { class: 'this-tab' }, ' (this)');
    const role = h('span', { class: 'chip' }, 'primary');
    const page = h('td', { 'data-cell': 'page' });
    const waiting = h('td', { class: 'num', 'data-cell': 'waiting' });
    const delivered = h('span');
    const dropped = h('span', { class: 'under dropped' });
    const conflated = h('span', {
      class: 'under',
      title: 'Left out because a newer value of the same key waited: no loss',
    });
    const ack = h('td', { class: 'num', 'data-cell': 'last-ack' });
    const row = h(
      'tr',
      {},
      h('th', { scope: 'row' }, name, own),
      h('td', { 'data-cell': 'role' }, role),
      page,
      waiting,
      h('td', { class: 'num', 'data-cell': 'delivered' }, delivered, dropped, conflated),
      ack,
    );
    let shown: TabReport | null = null;
    const tick = (nowMs: number): void => {
      const atMs = shown?.lastAckAtMs ?? null;
      setText(ack, atMs === null ? NONE : age(nowMs - atMs));
    };
    return {
      root: row,
      tick,
      update(tab: TabReport) {
        shown = tab;
        const state = pageState(tab);
        const primary = isPrimary(tab);
        setAttributes(row, {
          'data-tab-id': tab.id,
          'data-ordinal': String(tab.ordinal),
          'data-role': primary ? 'primary' : '',
          'data-this': tab.id === ownTabId ? 'true' : null,
          'data-page': state,
          'data-waiting': String(tab.waiting),
          'data-unacknowledged': String(tab.unacknowledged),
          'data-delivered': String(tab.delivered),
          'data-dropped': String(tab.dropped),
          'data-conflated': String(tab.conflated),
          'data-parking': tab.parking,
        });
        setText(name, `tab ${tab.ordinal}`);
        setHidden(own, tab.id !== ownTabId);
        setHidden(role, !primary);
        setAttributes(role, { title: primary ? `Primary of ${tab.primaryOf.map(hubPath).join(', ')}` : null });
        const { word, sentence } = pageFace(tab);
        setText(page, word);
        setAttributes(page, { title: sentence });
        setText(waiting, tab.parked && tab.waiting > 0 ? `${count(tab.waiting)} kept` : count(tab.waiting));
        setText(delivered, count(tab.delivered));
        setText(dropped, tab.dropped > 0 ? `${count(tab.dropped)} dropped` : '');
        setHidden(dropped, tab.dropped === 0);
        setText(conflated, tab.conflated > 0 ? `${count(tab.conflated)} conflated` : '');
        setHidden(conflated, tab.conflated === 0);
        tick(shownAtMs);
      },
    };
  }
}
