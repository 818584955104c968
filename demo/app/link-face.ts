/** How each state of the link looks: the words of the status pill, its colour, and the notice that offers a way out. */
import { plural } from './format.js';
import type { LinkStatus } from './link.js';
import type { Notice, NoticeAction } from './notices.js';

export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'idle';

export interface Face {
  readonly tone: Tone;
  readonly title: string;
  readonly detail: string;
}

function countdown(retryAtMs: number | null, attempt: number): string {
  const seconds = retryAtMs === null ? 0 : Math.ceil((retryAtMs - Date.now()) / 1000);
  const nth = attempt > 0 ? `attempt ${attempt}` : '';
  if (seconds <= 0) return nth;
  return nth === '' ? `in ${seconds} s` : `in ${seconds} s · ${nth}`;
}

export function faceOf(status: LinkStatus): Face {
  switch (status.kind) {
    case 'connecting':
      return { tone: 'busy', title: 'Connecting', detail: countdown(status.retryAtMs, status.attempt) };
    case 'connected':
      return { tone: 'ok', title: 'Connected', detail: status.transport ?? '' };
    case 'reconnecting':
      return { tone: 'warn', title: 'Reconnecting', detail: countdown(status.retryAtMs, status.attempt) };
    case 'resting':
      return { tone: 'bad', title: 'Disconnected', detail: 'resting' };
    case 'refused':
      return { tone: 'bad', title: 'Disconnected', detail: 'token refused' };
    case 'unsupported':
      return { tone: 'bad', title: 'Disconnected', detail: 'no shared worker' };
    case 'signed-out':
      return { tone: 'idle', title: 'Signed out', detail: '' };
  }
}

/** What a screen reader is told when the state changes; no countdown in it. */
export function spoken(status: LinkStatus): string {
  const { title, detail } = faceOf(status);
  return status.kind === 'connecting' || status.kind === 'reconnecting'
    ? title
    : [title, detail].filter(Boolean).join(', ');
}

export interface WaysOut {
  retry(): Promise<void>;
  signInAgain(): Promise<void>;
  usePlain(): Promise<void>;
}

export function noticeFor(status: LinkStatus, ways: WaysOut): Notice | null {
  const retry: NoticeAction = {
    label: 'Try again',
    doing: 'Trying…',
    testId: 'try-again',
    run: () => ways.retry(),
  };
  switch (status.kind) {
    case 'resting':
      return {
        tone: 'bad',
        text: 'Not connected to the hub; no more attempts are made for now. What you see is the last that was received.',
        fault: status.why,
        actions: [retry],
      };
    case 'refused':
      return {
        tone: 'bad',
        text: 'This sign-in is no longer good for the hub.',
        fault: status.why,
        actions: [
          { label: 'Sign in again', doing: 'Signing out…', testId: 'sign-in-again', run: () => ways.signInAgain() },
          retry,
        ],
      };
    case 'unsupported':
      return {
        tone: 'warning',
        text: 'This browser has no SharedWorker, so its tabs cannot share one connection. Plain SignalR works here, with a connection for each tab.',
        // The sentence above says more than the error's own.
        fault: { code: status.why.code, message: '' },
        actions: [{ label: 'Use plain SignalR', doing: 'Changing…', testId: 'use-plain', run: () => ways.usePlain() }],
      };
    default:
      return null;
  }
}

export function countSentence(connections: number | null, tabs: number): string {
  if (connections === null)
    return `The hub has not said how many connections it has for ${tabs} ${plural(tabs, 'tab', 'tabs')}`;
  return `${connections} ${plural(connections, 'connection', 'connections')} at the hub for ${tabs} ${plural(tabs, 'tab', 'tabs')}`;
}
