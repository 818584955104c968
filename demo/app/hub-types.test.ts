/** A message of another shape is dropped, not drawn. */
import { expect, it } from 'vitest';
import { readHistory, readIncidents, readMetric, readNames, readPresence } from './hub-types.js';

it.each([null, 7, {}, { name: 'load.1', value: '1', atMs: 1 }, { name: 'load.1', value: 1 }])(
  'takes %j for no metric',
  (value) => {
    expect(readMetric(value)).toBeNull();
  },
);

it('leaves out incidents with a state that it does not know', () => {
  const good = { id: '1', title: 'x', severity: 'info', state: 'open', raisedBy: 'a', raisedAtMs: 1, changedAtMs: 1 };

  expect(readIncidents([good, { ...good, state: 'lost' }, null])).toHaveLength(1);
  expect(readIncidents('none')).toEqual([]);
});

it('leaves out samples without a figure', () => {
  const history = readHistory({ 'load.1': [{ atMs: 1, value: 2 }, { atMs: 2 }], broken: 1 });

  expect([...history]).toEqual([['load.1', [{ atMs: 1, value: 2 }]]]);
});

it('takes a presence without a count for none', () => {
  expect(readPresence({ users: 1 })).toBeNull();
  expect(readPresence({ connections: 0 })).toEqual({ connections: 0 });
});

it('takes names and nothing else for names', () => {
  expect(readNames(['cpu.0', 7, null])).toEqual(['cpu.0']);
  expect(readNames({ 0: 'cpu.0' })).toEqual([]);
});
