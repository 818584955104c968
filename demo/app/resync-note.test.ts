/** The sentence about what was missed says why, for how long, and what was done about it. */
import type { Resync } from 'hubshare';
import { expect, it } from 'vitest';
import { noteOf } from './resync-note.js';

it.each<[Resync, string]>([
  [
    { reason: 'reconnected', missed: 'unknown', dropped: null, lastedMs: 2_600 },
    'The connection was away for 3 s. Events may have been missed, so the figures were fetched again.',
  ],
  [
    { reason: 'worker-replaced', missed: 'unknown', dropped: null, lastedMs: 40 },
    'The shared worker was gone for 1 s and has been replaced. Events may have been missed, so the figures were fetched again.',
  ],
  [
    { reason: 'page-restored', missed: 'no', dropped: 0, lastedMs: 90_000 },
    'This page was asleep for 2 min. Nothing was missed.',
  ],
  [
    { reason: 'page-restored', missed: 'yes', dropped: 1, lastedMs: 7_200_000 },
    'This page was asleep for 2 h. 1 event was missed; the figures were fetched again.',
  ],
  [
    { reason: 'outbox-full', missed: 'yes', dropped: 1_200, lastedMs: null },
    'This tab could not keep up. 1200 events were missed; the figures were fetched again.',
  ],
])('%j', (resync, text) => {
  expect(noteOf(resync)).toEqual({ text });
});
