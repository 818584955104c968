/** The last minute of each metric stays in order, whichever way the samples come. */
import { expect, it } from 'vitest';
import { createMetricStore, WINDOW_MS } from './metric-store.js';

const metric = (atMs: number, value: number, name = 'load.1') => ({ name, value, unit: '', atMs });
const times = (samples: readonly { readonly atMs: number }[]) => samples.map(({ atMs }) => atMs);

it('puts the history before what was pushed already, each sample once', () => {
  const store = createMetricStore();
  store.add(metric(3_000, 3));
  store.add(metric(4_000, 4));

  store.prefill(new Map([['load.1', [1_000, 2_000, 3_000].map((atMs) => ({ atMs, value: 0 }))]]));

  expect(times(store.samples('load.1'))).toEqual([1_000, 2_000, 3_000, 4_000]);
  expect(store.samples('load.1')[2]?.value).toBe(3);
  expect(store.latest('load.1')).toBe(4);
});

it('ignores a sample that is not newer than the last one', () => {
  const store = createMetricStore();
  store.add(metric(2_000, 2));
  store.add(metric(2_000, 9));
  store.add(metric(1_000, 9));

  expect(store.samples('load.1')).toEqual([{ atMs: 2_000, value: 2 }]);
});

it('forgets what is older than the window', () => {
  const store = createMetricStore();
  for (let second = 0; second <= 200; second += 1) store.add(metric(second * 1_000, second));

  const [first] = store.samples('load.1');
  expect(first?.atMs).toBe(200_000 - WINDOW_MS - 2_000);
});

it('orders cores by their number', () => {
  const store = createMetricStore();
  for (const name of ['cpu.10', 'cpu.2', 'cpu.0']) store.add(metric(1, 1, name));

  expect(store.names('cpu.')).toEqual(['cpu.0', 'cpu.2', 'cpu.10']);
});

it('knows no age before the first sample', () => {
  expect(createMetricStore().ageMs()).toBeNull();
});
