/** Asks the worker for its state, one question at a time and at most five times a second, for as long as somebody looks. */
import type { Inspection } from '../contract/inspection.js';
import type { WireError } from '../contract/errors.js';
import type { WorkerReport } from '../contract/report.js';
import type { Reply } from '../contract/rpc.js';

/** Time enters here, so that tests own it. */
export interface FeedClock {
  nowMs(): number;
  /** Runs `then` once; the result takes that back. */
  after(ms: number, then: () => void): () => void;
}

export type FeedNews =
  /** `replacedBootId`: the worker that gave the report before this one, when it was another. */
  | { readonly type: 'report'; readonly report: WorkerReport; readonly replacedBootId: string | null }
  /** The worker could not be asked. The feed goes on asking. `null`: the question itself broke. */
  | { readonly type: 'failed'; readonly error: WireError | null };

export interface ReportFeed {
  /** Off: no timer, and an answer that still comes is dropped. It is asked for again when switched on. */
  setActive(active: boolean): void;
}

/** Between two reports, so that a busy hub cannot keep the page busy with drawing. */
export const REPORT_GAP_MS = 200;
/** Between two questions that fail. */
export const FAILURE_GAPS_MS: readonly number[] = [500, 1_000, 2_000, 5_000];

/** No worker has this version, so the first question is answered at once. */
const NO_VERSION = -1;

export function createReportFeed(
  source: Pick<Inspection, 'nextReport'>,
  clock: FeedClock,
  tell: (news: FeedNews) => void,
): ReportFeed {
  let active = false;
  // A question cannot be taken back. While one is open no second one is asked, however often the panel
  // is hidden and shown: else each round would leave one more open question with the worker.
  let asking = false;
  let cancelTimer: (() => void) | null = null;
  let notBeforeMs = -Infinity;
  let failures = 0;
  let bootId: string | null = null;
  let version = NO_VERSION;
  let journalSeq = 0;

  return {
    setActive(next) {
      if (next === active) return;
      active = next;
      if (active) schedule();
      else stopTimer();
    },
  };

  function stopTimer(): void {
    cancelTimer?.();
    cancelTimer = null;
  }

  function schedule(): void {
    if (!active || asking || cancelTimer !== null) return;
    const waitMs = notBeforeMs - clock.nowMs();
    if (waitMs <= 0) {
      void ask();
      return;
    }
    cancelTimer = clock.after(waitMs, () => {
      cancelTimer = null;
      schedule();
    });
  }

  async function ask(): Promise<void> {
    asking = true;
    let reply: Reply<WorkerReport> | null;
    try {
      reply = await source.nextReport(version, journalSeq);
    } catch {
      reply = null;
    }
    asking = false;
    // Dropped on purpose: `version` and `journalSeq` stand where they stood, so nothing is missed later.
    if (!active) return;
    if (reply?.ok === true) take(reply.value);
    else {
      notBeforeMs = clock.nowMs() + (FAILURE_GAPS_MS[Math.min(failures, FAILURE_GAPS_MS.length - 1)] ?? REPORT_GAP_MS);
      failures += 1;
      tell({ type: 'failed', error: reply === null ? null : reply.error });
    }
    schedule();
  }

  function take(report: WorkerReport): void {
    const replacedBootId = bootId !== null && bootId !== report.bootId ? bootId : null;
    failures = 0;
    notBeforeMs = clock.nowMs() + REPORT_GAP_MS;
    bootId = report.bootId;
    if (replacedBootId === null) {
      version = report.version;
      journalSeq = report.journal.at(-1)?.seq ?? journalSeq;
    } else {
      // We asked with the old worker's numbers, so the new one has left out the first lines of its journal.
      version = NO_VERSION;
      journalSeq = 0;
    }
    tell({ type: 'report', report, replacedBootId });
  }
}
