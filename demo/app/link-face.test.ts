/** Each state of the link has its words, and a way out where a person has to decide. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { faultOf } from './faults.js';
import { countSentence, faceOf, noticeFor, spoken } from './link-face.js';
import { statusOfFailure, type LinkStatus } from './link.js';

const ways = { retry: vi.fn(), signInAgain: vi.fn(), usePlain: vi.fn() };
const why = { code: 'hub-unreachable', message: 'The hub does not answer.' };

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

it.each<[string, LinkStatus]>([
  ['in 8 s · attempt 3', { kind: 'reconnecting', attempt: 3, retryAtMs: 107_500, why }],
  ['attempt 3', { kind: 'reconnecting', attempt: 3, retryAtMs: 99_000, why }],
  ['attempt 1', { kind: 'reconnecting', attempt: 1, retryAtMs: null, why: null }],
  ['WebSockets', { kind: 'connected', transport: 'WebSockets' }],
  ['', { kind: 'connecting', attempt: 0, retryAtMs: null, why: null }],
])('says "%s"', (detail, status) => {
  expect(faceOf(status).detail).toBe(detail);
});

it('does not read a countdown aloud', () => {
  expect(spoken({ kind: 'reconnecting', attempt: 3, retryAtMs: 107_500, why })).toBe('Reconnecting');
});

it.each([
  ['hub-unreachable', 'resting', ['Try again']],
  ['token-rejected', 'refused', ['Sign in again', 'Try again']],
  ['worker-unsupported', 'unsupported', ['Use plain SignalR']],
] as const)('answers %s with the face "%s" and the buttons %j', (code, kind, labels) => {
  const status = statusOfFailure({ code, message: '' });

  expect(status.kind).toBe(kind);
  expect(noticeFor(status, ways)?.actions?.map(({ label }) => label)).toEqual(labels);
});

it('has nothing to decide while the link mends itself', () => {
  expect(noticeFor({ kind: 'reconnecting', attempt: 1, retryAtMs: null, why }, ways)).toBeNull();
});

it.each([
  [1, 4, '1 connection at the hub for 4 tabs'],
  [4, 4, '4 connections at the hub for 4 tabs'],
  [1, 1, '1 connection at the hub for 1 tab'],
  [0, 2, '0 connections at the hub for 2 tabs'],
])('counts %i connections for %i tabs', (connections, tabs, sentence) => {
  expect(countSentence(connections, tabs)).toBe(sentence);
});

it("shows the hub's own words of a failed call, not SignalR's preamble", () => {
  const error = new Error(
    "An unexpected error occurred invoking 'X' on the server. HubException: No incident with id 7",
  );

  expect(faultOf(error)).toEqual({ code: 'hub-error', message: 'No incident with id 7' });
});
