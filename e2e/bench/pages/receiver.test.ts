/** What a tab of the benchmark counts: a figure is only as good as this. */
import { expect, it } from 'vitest';
import { createReceiver } from './receiver.js';

const tick = (n: number, t = 0) => ({ n, t });

it('counts what arrived and what the running number says is missing', () => {
  const receiver = createReceiver(() => 0);
  receiver.reset(100);
  for (const n of [0, 1, 4]) receiver.take(tick(n));
  expect(receiver.counted()).toMatchObject({ received: 3, missed: 2 });
});

it('goes on where the running number starts again', () => {
  const receiver = createReceiver(() => 0);
  receiver.reset(4);
  for (const n of [2, 3, 0, 1, 3]) receiver.take(tick(n));
  expect(receiver.counted()).toMatchObject({ received: 5, missed: 1 });
});

it('gives the latencies since the last time they were taken, and none in a flood', () => {
  const receiver = createReceiver(() => 1_007);
  receiver.reset(100);
  receiver.take(tick(0, 1_000));
  receiver.take(tick(1, 1_005));
  expect(receiver.takeLatencies()).toEqual([7, 2]);
  receiver.take(tick(2));
  expect(receiver.takeLatencies()).toEqual([]);
});

it('reports its position, lost events included, each time it has grown enough', () => {
  const positions: number[] = [];
  const receiver = createReceiver(() => 0);
  receiver.onProgress(4, (position) => positions.push(position));
  receiver.reset(100);
  for (const n of [0, 1, 2, 3, 4, 9, 10]) receiver.take(tick(n));
  expect(positions).toEqual([4, 10]);
});

it('forgets everything at a reset', () => {
  const receiver = createReceiver(() => 0);
  receiver.reset(100);
  receiver.take(tick(7, 1));
  receiver.reset(100);
  receiver.take(tick(50));
  expect(receiver.counted()).toMatchObject({ received: 1, missed: 0 });
  expect(receiver.takeLatencies()).toEqual([]);
});
