/** A table under its heading, with columns that hold words or numbers. */
import { h } from './dom.js';

export interface Table {
  readonly heading: HTMLElement;
  readonly table: HTMLTableElement;
  readonly body: HTMLTableSectionElement;
}

/** @param name - Names the table's part and, for screen readers, its heading. */
export function createTable(
  name: string,
  title: string,
  note: HTMLElement,
  columns: readonly (readonly [label: string, numeric?: 'num'])[],
): Table {
  const id = `${name}-heading`;
  const body = h('tbody');
  return {
    heading: h('div', { class: 'heading' }, h('h3', { id }, title), note),
    body,
    table: h(
      'table',
      { part: `${name}-table`, 'aria-labelledby': id },
      h(
        'thead',
        {},
        h('tr', {}, ...columns.map(([label, kind = '']) => h('th', { scope: 'col', class: kind }, label))),
      ),
      body,
    ),
  };
}
