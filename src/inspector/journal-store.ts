/** The journal as the panel keeps it: bounded, newest first, over the lives of several workers. Pure. */
import type { ErrorCode } from '../contract/errors.js';
import type { JournalEntry, JournalKind } from '../contract/report.js';

export interface JournalLine {
  readonly key: string;
  /** The worker that the line belongs to. */
  readonly bootId: string;
  /** `null`: the panel has seen it, not the worker. */
  readonly seq: number | null;
  readonly atMs: number;
  readonly kind: JournalKind;
  readonly text: string;
  readonly code: ErrorCode | null;
}

export interface JournalStore {
  /** Adds what is new; a line that is known already is left as it is. Tells whether anything was added. */
  take(bootId: string, entries: readonly JournalEntry[]): boolean;
  /** A line of the panel's own, for what a worker cannot tell: that it was replaced. */
  note(bootId: string, atMs: number, kind: JournalKind, text: string): void;
  /** Newest first. */
  lines(kind?: JournalKind | null): readonly JournalLine[];
  clear(): void;
}

export const MOST_LINES = 300;

export function createJournalStore(mostLines = MOST_LINES): JournalStore {
  let lines: JournalLine[] = [];
  let known = new Set<string>();
  let notes = 0;

  function add(added: readonly JournalLine[]): void {
    // Stable, so that lines of the same millisecond keep the order in which they came.
    lines = [...added.toReversed(), ...lines].sort((a, b) => b.atMs - a.atMs).slice(0, mostLines);
    known = new Set(lines.map((line) => line.key));
  }

  return {
    take(bootId, entries) {
      const added = entries
        .map((entry): JournalLine => ({
          key: `${bootId}/${entry.seq}`,
          bootId,
          seq: entry.seq,
          atMs: entry.atMs,
          kind: entry.kind,
          text: entry.text,
          code: entry.code ?? null,
        }))
        .filter((line) => !known.has(line.key));
      if (added.length > 0) add(added);
      return added.length > 0;
    },
    note(bootId, atMs, kind, text) {
      notes += 1;
      add([{ key: `note/${notes}`, bootId, seq: null, atMs, kind, text, code: null }]);
    },
    lines: (kind = null) => (kind === null ? lines : lines.filter((line) => line.kind === kind)),
    clear() {
      lines = [];
      known = new Set();
    },
  };
}

/** For a bug report: what the panel shows, with the time in a form that needs no time zone. */
export function journalAsJson(lines: readonly JournalLine[]): string {
  return JSON.stringify(
    lines.map(({ atMs, kind, text, code, bootId, seq }) => ({
      at: new Date(atMs).toISOString(),
      kind,
      text,
      ...(code === null ? {} : { code }),
      bootId,
      seq,
    })),
    null,
    2,
  );
}
