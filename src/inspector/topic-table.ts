/** The members of topics that the tabs share: who holds each, whether the hub has let the worker join, how old the value is. */
import type { HubReport, TopicReport } from '../contract/report.js';
import { createKeyedRows, h, setAttribute, setAttributes, setHidden, setText } from './dom.js';
import { topicState } from './faces.js';
import { age, count, hubPath, NONE } from './format.js';
import { createTable } from './table.js';

export interface TopicTable {
  readonly root: HTMLElement;
  show(hubs: readonly HubReport[], nowMs: number): void;
  tick(nowMs: number): void;
}

interface Member {
  readonly hub: HubReport;
  readonly topic: TopicReport;
}

/** Of one hub: a report names no more. */
const MOST = 200;

export function createTopicTable(): TopicTable {
  let shownAtMs = 0;
  let manyHubs = false;
  const total = h('span', { class: 'heading-note', 'data-topic-count': '' });
  const { heading, table, body } = createTable('topic', 'Topics', total, [
    ['Topic'],
    ['Key'],
    ['Tabs', 'num'],
    ['State'],
    ['Value', 'num'],
  ]);
  // What scrolls takes the focus, so that the arrow keys scroll it.
  const list = h(
    'div',
    { class: 'scroller topic-list', tabindex: '0', role: 'region', 'aria-labelledby': 'topic-heading' },
    table,
  );
  const root = h('section', { part: 'topics' }, heading, list);
  const rows = createKeyedRows<Member, ReturnType<typeof createRow>>(
    body,
    ({ hub, topic }) => JSON.stringify([hub.url, topic.topic, topic.key]),
    createRow,
  );

  return {
    root,
    show(hubs, nowMs) {
      shownAtMs = nowMs;
      const members = hubs.flatMap((hub) => [...hub.topics].sort(byName).map((topic) => ({ hub, topic })));
      manyHubs = new Set(members.map(({ hub }) => hub.url)).size > 1;
      rows.show(members);
      const under = members.filter(({ hub, topic }) => topicState(topic, hub.phase) !== 'joined').length;
      const more = hubs.some(({ topics }) => topics.length >= MOST) ? ' or more' : '';
      setText(total, `${count(members.length)}${more}${under === 0 ? '' : `, ${count(under)} not joined`}`);
      setAttribute(total, 'data-topic-count', String(members.length));
      setHidden(root, members.length === 0);
    },
    tick(nowMs) {
      for (const row of rows.views()) row.tick(nowMs);
    },
  };

  function createRow() {
    const name = h('th', { scope: 'row' });
    const key = h('td', { class: 'key', 'data-cell': 'key' });
    const tabs = h('td', { class: 'num', 'data-cell': 'tabs' });
    const state = h('td', { 'data-cell': 'state' });
    const value = h('td', { class: 'num', 'data-cell': 'value' });
    const row = h('tr', {}, name, key, tabs, state, value);
    let shown: TopicReport | null = null;
    const tick = (nowMs: number): void => {
      const atMs = shown?.retainedAtMs ?? null;
      setText(value, atMs === null ? NONE : age(nowMs - atMs));
    };
    return {
      root: row,
      tick,
      update({ hub, topic }: Member) {
        shown = topic;
        const words = topicState(topic, hub.phase);
        setAttributes(row, {
          'data-topic': topic.topic,
          'data-key': topic.key,
          'data-state': words,
          'data-tabs': String(topic.tabs),
        });
        setText(name, manyHubs ? `${hubPath(hub.url)} · ${topic.topic}` : topic.topic);
        setText(key, topic.key);
        setAttribute(key, 'title', topic.key);
        setText(tabs, count(topic.tabs));
        setText(state, words);
        tick(shownAtMs);
      },
    };
  }
}

function byName(a: TopicReport, b: TopicReport): number {
  return compare(a.topic, b.topic) || compare(a.key, b.key);
}

/** Keys with numbers in them stand in the order of the numbers. */
const { compare } = new Intl.Collator('en', { numeric: true });
