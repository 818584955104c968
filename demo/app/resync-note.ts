/** What the page says when events may have been missed, or when it is known that none were: one quiet sentence. */
import type { Resync } from 'hubshare';
import { plural } from './format.js';

export interface ResyncNote {
  readonly text: string;
}

const CAUSES: Record<Resync['reason'], (seconds: string) => string> = {
  reconnected: (time) => `The connection was away${time}`,
  'worker-replaced': (time) => `The shared worker was gone${time} and has been replaced`,
  'page-restored': (time) => `This page was asleep${time}`,
  'outbox-full': () => 'This tab could not keep up',
};

export function noteOf({ reason, missed, dropped, lastedMs }: Resync): ResyncNote {
  const cause = CAUSES[reason](lastedMs === null ? '' : ` for ${duration(lastedMs)}`);
  switch (missed) {
    case 'no':
      return { text: `${cause}. Nothing was missed.` };
    case 'yes':
      return { text: `${cause}. ${countOf(dropped)} missed; the figures were fetched again.` };
    case 'unknown':
      return { text: `${cause}. Events may have been missed, so the figures were fetched again.` };
  }
}

function countOf(dropped: number | null): string {
  return dropped === null ? 'Events were' : `${dropped} ${plural(dropped, 'event was', 'events were')}`;
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
