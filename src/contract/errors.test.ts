import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { ErrorCode } from './errors.js';

/** The compiler sees to it that none is missing. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  'option-invalid': true,
  'option-unsupported': true,
  'state-invalid': true,
  'feature-unavailable': true,
  'message-invalid': true,
  'limit-reached': true,
  'worker-unsupported': true,
  'worker-load-failed': true,
  'worker-unreachable': true,
  'worker-lost': true,
  'contract-mismatch': true,
  'not-joined': true,
  'worker-failed': true,
  'hub-unreachable': true,
  'hub-not-found': true,
  'hub-refused': true,
  'hub-not-allowed': true,
  'not-a-hub': true,
  'start-timed-out': true,
  'connection-lost': true,
  'hub-closed': true,
  'not-connected': true,
  stopped: true,
  'hub-error': true,
  'call-failed': true,
  'call-timed-out': true,
  'outcome-unknown': true,
  'stream-overrun': true,
  'topic-unknown': true,
  'topic-refused': true,
  'settings-differ': true,
  'token-unavailable': true,
  'token-rejected': true,
  'token-timed-out': true,
  'signed-out': true,
  'identity-changed': true,
  'fetch-refused': true,
  'fetch-failed': true,
};

it('the table of the README explains every code once, and no other', () => {
  const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, , table = ''] = page.slice(page.indexOf('\n## Errors\n') + 1).split('\n\n');
  const rows = table.split('\n').slice(2);
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code));
  expect(told.toSorted()).toEqual(Object.keys(CODES).toSorted());
});
