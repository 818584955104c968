/** Counts what a source of tokens brings: of one hub, or of all that share the worker's own source. */
import type { ErrorCode } from '../../src/contract/errors.js';
import type { TokenMetrics } from '../../src/contract/metrics.js';
import { createHistogram } from './metrics-histogram.js';

/** How asking for a token ended: with the first one, with one in place of another, or with an error of that code. */
export type FetchEnd = 'received' | 'refreshed' | ErrorCode;

export interface TokenMeter {
  noteFetch(end: FetchEnd, tookMs: number): void;
  /** Times that the issuer said no. */
  readonly refused: number;
  /** Times that no token came for another reason. */
  readonly missing: number;
  read(): TokenMetrics;
}

/** @param onRefused - The issuer has said no: asking again cannot help. */
export function createTokenMeter(isShared: boolean, onRefused: () => void): TokenMeter {
  const fetches = createHistogram();
  let refreshes = 0;
  let refused = 0;
  let missing = 0;
  return {
    noteFetch(end, tookMs) {
      if (end === 'received' || end === 'refreshed') {
        fetches.note(tookMs);
        if (end === 'refreshed') refreshes += 1;
      } else if (end === 'token-rejected') {
        refused += 1;
        onRefused();
      } else {
        missing += 1;
      }
    },
    get refused() {
      return refused;
    },
    get missing() {
      return missing;
    },
    read: () => ({ isShared, refreshes, failures: refused + missing, fetches: fetches.read() }),
  };
}
