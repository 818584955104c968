/** What the worker has counted since it started, over all hubs and tabs, also those that are no more. */
import type { WorkerReport } from '../contract/report.js';
import { h, setAttribute, setText } from './dom.js';
import { count } from './format.js';

export interface Counters {
  readonly root: HTMLElement;
  show(report: WorkerReport): void;
}

interface Counter {
  readonly name: string;
  readonly label: string;
  /** A figure that should stay at zero. */
  readonly bad?: true;
  readonly of: (report: WorkerReport) => number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const COUNTERS: readonly Counter[] = [
  { name: 'events', label: 'Events', of: ({ totals }) => totals.events },
  { name: 'calls', label: 'Calls', of: ({ totals }) => totals.calls },
  { name: 'calls-failed', label: 'Calls failed', bad: true, of: ({ totals }) => totals.callsFailed },
  { name: 'starts', label: 'Hub starts', of: ({ totals }) => totals.starts },
  { name: 'connected', label: 'Times connected', of: ({ totals }) => totals.connected },
  { name: 'lost', label: 'Connections lost', bad: true, of: ({ totals }) => totals.lost },
  { name: 'token-refreshes', label: 'Token refreshes', of: ({ hubs }) => sum(hubs.map((hub) => hub.token.refreshes)) },
  {
    name: 'token-failures',
    label: 'Refreshes failed',
    bad: true,
    of: ({ hubs }) => sum(hubs.map((hub) => hub.token.failures)),
  },
  { name: 'dropped', label: 'Events dropped', bad: true, of: ({ totals }) => totals.dropped },
];

export function createCounters(): Counters {
  const cells = COUNTERS.map((counter) => {
    const value = h('dd', { 'data-counter': counter.name }, '0');
    return { counter, value, root: h('div', {}, h('dt', {}, counter.label), value) };
  });
  const list = h('dl', { class: 'counters', 'aria-labelledby': 'counters-heading' }, ...cells.map((cell) => cell.root));
  return {
    root: h(
      'section',
      { class: 'counters-area', part: 'counters' },
      h('div', { class: 'heading' }, h('h3', { id: 'counters-heading' }, 'Since this worker started')),
      list,
    ),
    show(report) {
      for (const { counter, value } of cells) {
        const figure = counter.of(report);
        setText(value, count(figure));
        setAttribute(value, 'data-value', String(figure));
        setAttribute(value, 'data-tone', counter.bad === true && figure > 0 ? 'warn' : null);
      }
    },
  };
}
