/** The last things that happened in the worker, newest kept, all of it redacted. */
import type { ErrorCode } from '../../src/contract/errors.js';
import type { JournalEntry, JournalKind } from '../../src/contract/report.js';

export interface Journal {
  note(kind: JournalKind, text: string, code?: ErrorCode): void;
  /** Entries after `seq`, oldest first. */
  since(seq: number): readonly JournalEntry[];
}

/** Entries that a journal keeps unless told otherwise. */
export const DEFAULT_JOURNAL_ENTRIES = 500;

export function createJournal(deps: {
  readonly now: () => number;
  readonly redact: (text: string) => string;
  readonly maxEntries: number;
  readonly onChange: () => void;
}): Journal {
  /** A ring: entry `seq` stands at `seq % maxEntries`. */
  const ring: JournalEntry[] = [];
  let last = 0;
  return {
    note(kind, text, code) {
      last += 1;
      const entry = { seq: last, atMs: deps.now(), kind, text: deps.redact(text) };
      ring[last % deps.maxEntries] = code === undefined ? entry : { ...entry, code };
      deps.onChange();
    },
    since(seq) {
      const first = Math.max(seq + 1, last - deps.maxEntries + 1, 1);
      const entries: JournalEntry[] = [];
      for (let n = first; n <= last; n += 1) {
        const entry = ring[n % deps.maxEntries];
        if (entry !== undefined) entries.push(entry);
      }
      return entries;
    },
  };
}
