/** The newest word about an incident wins, in whatever order the words arrive. */
import { expect, it } from 'vitest';
import type { Incident } from './hub-types.js';
import { createIncidentStore } from './incident-store.js';

function incident(change: Partial<Incident> = {}): Incident {
  return {
    id: 'INC-1',
    title: 'Disk full',
    severity: 'warning',
    state: 'open',
    raisedBy: 'ann',
    raisedAtMs: 1_000,
    acknowledgedBy: null,
    closedBy: null,
    changedAtMs: 1_000,
    ...change,
  };
}

it('calls an incident new only once', () => {
  const store = createIncidentStore();

  expect(store.apply(incident())).toBe('new');
  expect(store.apply(incident())).toBe('known');
});

it('keeps an acknowledgement when the list of before it arrives later', () => {
  const store = createIncidentStore();
  store.apply(incident({ state: 'acknowledged', acknowledgedBy: 'bob', changedAtMs: 2_000 }));

  expect(store.apply(incident())).toBe('known');
  expect(store.get('INC-1')?.state).toBe('acknowledged');
});

it('takes the later state of two that carry the same time', () => {
  const store = createIncidentStore();
  store.apply(incident({ state: 'closed' }));

  expect(store.apply(incident({ state: 'acknowledged' }))).toBe('known');
  expect(store.get('INC-1')?.state).toBe('closed');
});

it('lists the newest first and keeps a hundred', () => {
  const store = createIncidentStore();
  for (let n = 1; n <= 101; n += 1) store.apply(incident({ id: `INC-${n}`, raisedAtMs: n }));

  const list = store.list();
  expect(list).toHaveLength(100);
  expect(list[0]?.id).toBe('INC-101');
  expect(store.get('INC-1')).toBeUndefined();
});
