/** The charts of the console: which metrics each draws, in which unit, on which scale. */
import { niceTop, type ChartSpec } from './chart.js';
import {
  GIB,
  formatGibibytes,
  formatMilliseconds,
  formatNumber,
  formatPercent,
  formatRoundGibibytes,
} from './format.js';

const one = (name: string) => (): readonly string[] => [name];
const itself = (name: string): string => name;

/** The next even number of GiB, so that the middle of the axis is a whole one. */
const memoryTop = (bytes: number): number => Math.max(2, Math.ceil(bytes / GIB / 2) * 2) * GIB;

export function chartSpecs(memoryTotal: () => number | null): readonly ChartSpec[] {
  return [
    {
      id: 'cpu',
      title: 'CPU per core',
      series: (store) => store.names('cpu.'),
      label: (name) => name.replace('cpu.', 'core '),
      format: formatPercent,
      formatTick: formatPercent,
      top: () => 100,
    },
    {
      id: 'memory',
      title: 'Memory',
      series: one('memory.used'),
      label: itself,
      format: (bytes) => {
        const total = memoryTotal();
        return total === null
          ? formatGibibytes(bytes)
          : `${(bytes / GIB).toFixed(1)} of ${formatRoundGibibytes(total)}`;
      },
      formatTick: formatRoundGibibytes,
      top: (store, highest) => memoryTop(store.latest('memory.total') ?? highest),
    },
    {
      id: 'load',
      title: 'Load, 1 minute',
      series: one('load.1'),
      label: itself,
      format: (value) => value.toFixed(2),
      formatTick: formatNumber,
      // A load of one for each core is a machine that is just busy.
      top: (store, highest) => niceTop(Math.max(highest, store.names('cpu.').length, 1)),
    },
    {
      id: 'delay',
      title: 'Event loop delay, p99',
      series: one('loop.delay.p99'),
      label: itself,
      format: formatMilliseconds,
      formatTick: (ms) => `${formatNumber(ms)} ms`,
      top: (_, highest) => niceTop(Math.max(highest, 20)),
    },
    {
      id: 'connections',
      title: 'Connections at the hub',
      series: one('hub.connections'),
      label: itself,
      format: formatNumber,
      formatTick: formatNumber,
      top: (_, highest) => niceTop(Math.max(highest, 4)),
      stepped: true,
    },
    {
      id: 'messages',
      title: 'Messages from the hub',
      series: one('hub.messages'),
      label: itself,
      format: (value) => `${formatNumber(value)} /s`,
      formatTick: (value) => `${formatNumber(value)} /s`,
      top: (_, highest) => niceTop(Math.max(highest, 10)),
    },
  ];
}
