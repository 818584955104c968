/** The journal: newest first, one kind or all, with the time of day and the age of each line, to copy as JSON. */
import type { JournalEntry, JournalKind } from '../contract/report.js';
import { copyText } from './copy-text.js';
import { createKeyedRows, h, setAttribute, setAttributes, setHidden, setText, setTime } from './dom.js';
import { ago, clockTimeMs, plural, shortId } from './format.js';
import { createJournalStore, journalAsJson, type JournalLine } from './journal-store.js';

export interface JournalView {
  readonly root: HTMLElement;
  take(bootId: string, entries: readonly JournalEntry[], nowMs: number): void;
  note(bootId: string, atMs: number, kind: JournalKind, text: string): void;
  tick(nowMs: number): void;
  clear(): void;
}

const KINDS: Readonly<Record<JournalKind, string>> = {
  worker: 'Worker',
  hub: 'Hub',
  tab: 'Tabs',
  token: 'Token',
  call: 'Calls',
  log: 'Log',
};
/** How long the copy button says that it has copied. */
const COPIED_MS = 2_000;

export function createJournalView(announce: (text: string) => void): JournalView {
  const store = createJournalStore();
  let kind: JournalKind | null = null;
  let nowAtMs = Date.now();
  let copiedAtMs = -Infinity;

  const filter = h(
    'select',
    { 'aria-label': 'Show lines of', 'data-journal-filter': '', part: 'journal-filter' },
    h('option', { value: '' }, 'All kinds'),
    ...Object.entries(KINDS).map(([value, label]) => h('option', { value }, label)),
  );
  const labels = [
    h('span', {}, 'Copy as JSON'),
    h('span', { class: 'away' }, 'Copied'),
    h('span', { class: 'away' }, 'Cannot copy'),
  ];
  const copy = h(
    'button',
    { type: 'button', class: 'small', 'data-action': 'copy-journal', part: 'button' },
    ...labels,
  );
  const list = h('ol', { class: 'lines', 'data-journal': '' });
  const empty = h('p', { class: 'empty' }, 'No line yet.');
  const scroller = h(
    'div',
    { class: 'scroller', tabindex: '0', role: 'region', 'aria-labelledby': 'journal-heading' },
    list,
    empty,
  );
  const root = h(
    'section',
    { class: 'journal-area', part: 'journal' },
    h(
      'div',
      { class: 'heading' },
      h('h3', { id: 'journal-heading' }, 'Journal'),
      h('span', { class: 'tools' }, filter, copy),
    ),
    scroller,
  );
  const rows = createKeyedRows<JournalLine, ReturnType<typeof createLine>>(list, (line) => line.key, createLine);

  filter.addEventListener('change', () => {
    kind = isKind(filter.value) ? filter.value : null;
    show();
  });
  copy.addEventListener('click', () => void copyShown());

  return {
    root,
    take(bootId, entries, nowMs) {
      nowAtMs = nowMs;
      if (store.take(bootId, entries)) show();
    },
    note(bootId, atMs, noteKind, text) {
      store.note(bootId, atMs, noteKind, text);
      show();
    },
    tick(nowMs) {
      nowAtMs = nowMs;
      for (const row of rows.views()) row.tick();
      if (nowMs - copiedAtMs > COPIED_MS) showLabel(0);
    },
    clear() {
      store.clear();
      show();
    },
  };

  function show(): void {
    const lines = store.lines(kind);
    rows.show(lines);
    setHidden(empty, lines.length > 0);
    setText(empty, kind === null ? 'No line yet.' : 'No line of this kind.');
  }

  async function copyShown(): Promise<void> {
    const lines = store.lines(kind);
    const done = await copyText(journalAsJson(lines), root);
    copiedAtMs = Date.now();
    showLabel(done ? 1 : 2);
    announce(done ? `${plural(lines.length, 'line')} copied.` : 'The browser does not allow copying here.');
  }

  function showLabel(shown: number): void {
    for (const [index, label] of labels.entries()) setAttribute(label, 'class', index === shown ? null : 'away');
  }

  function createLine(line: JournalLine) {
    const at = h('time', { class: 'at' });
    setTime(at, line.atMs, clockTimeMs(line.atMs));
    const old = h('span', { class: 'age' });
    const text = h('span', { class: 'text' }, line.text);
    const tags = h('span', { class: 'tags' }, line.kind);
    if (line.code !== null) tags.append(' · ', h('code', {}, line.code));
    const root = h(
      'li',
      { class: line.seq === null ? 'entry seen-here' : 'entry' },
      h('div', { class: 'when' }, at, old),
      h('div', { class: 'what' }, text, tags),
    );
    setAttributes(root, {
      'data-journal-seq': line.seq === null ? '' : String(line.seq),
      'data-kind': line.kind,
      'data-code': line.code,
      title: `Worker ${shortId(line.bootId)}`,
    });
    const tick = (): void => setText(old, ago(nowAtMs - line.atMs));
    return { root, tick, update: tick };
  }
}

function isKind(value: string): value is JournalKind {
  return Object.hasOwn(KINDS, value);
}
