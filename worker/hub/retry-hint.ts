/**
 * The hub's own word on when to come back: `Retry-After` of an answer, or the client method `connection.retryAfter`, sent before
 * a planned restart. No attempt that the link plans is made before that moment.
 *
 * What a person does is not delayed: `start()`, a tab that opens, "Reconnect", a network that is back. Those come one browser at
 * a time, not all in the instant of the restart; the person waits for an answer; and a hub that is still not ready says so again.
 * Such an early attempt does not use the hint up: if it fails, the moment still holds for the next one that is planned.
 */
import type { State } from './connection-machine.js';
import { spreadOut, type Spread } from './retry-delays.js';
import { retryAfterOf, type Answer } from './transport/retry-after.js';

export interface RetryHint {
  /** An answer of the hub that is none of the good ones, or any other: only 429 and 503 with `Retry-After` count. */
  answered(answer: Answer): void;
  /** The hub has said that it goes down: a connection that ends now is not to be taken up again at once. */
  readonly isAnnounced: boolean;
  /** The hub called `connection.retryAfter` with these arguments. 0 takes an earlier call back. */
  announced(args: readonly unknown[]): void;
  /**
   * @param delayMs - Milliseconds that the link would wait; `null` when it gives up, which a hint does not change.
   * @returns At least the wait that the hub asked for, spread out.
   */
  lengthen(delayMs: number | null): number | null;
  /** The link has come to this state. A hint is over when the hub is reached or no longer wanted. */
  follow(state: State['kind']): void;
}

export interface RetryHintDeps {
  readonly now: () => number;
  /** On top of what the hub asks for: it has asked every client for the same. */
  readonly spread: Spread;
  /** What the hub asked for, in words for the journal. */
  readonly note: (text: string) => void;
}

/** The longest wait that a hub can ask for, and how long its announcement holds while the connection goes on. In milliseconds. */
export const MAX_HINT_MS = 10 * 60_000;

type Hint =
  /** No planned attempt before this moment. */
  | { readonly kind: 'until'; readonly atMs: number }
  /** Counts from the moment at which the connection ends. */
  | { readonly kind: 'announced'; readonly waitMs: number; readonly saidAtMs: number };

export function createRetryHint({ now, spread, note }: RetryHintDeps): RetryHint {
  let hint: Hint | null = null;

  function capped(waitMs: number): number {
    const cap = waitMs > MAX_HINT_MS ? `, of which ${MAX_HINT_MS} ms are kept to` : '';
    note(`the hub asks to wait ${Math.round(waitMs)} ms before the next attempt${cap}`);
    return Math.min(waitMs, MAX_HINT_MS);
  }

  function isAnnounced(): boolean {
    return hint?.kind === 'announced' && hint.waitMs > 0 && now() - hint.saidAtMs <= MAX_HINT_MS;
  }

  /** The connection has ended: what was announced counts from here. */
  function countFromNow(): void {
    if (hint?.kind !== 'announced') return;
    const isOld = now() - hint.saidAtMs > MAX_HINT_MS;
    hint = isOld ? null : { kind: 'until', atMs: now() + hint.waitMs };
  }

  return {
    get isAnnounced() {
      return isAnnounced();
    },
    answered(answer) {
      const waitMs = retryAfterOf(answer, now());
      // A proxy that stands in for a hub going down knows less than the hub, which has asked for longer.
      if (waitMs !== null && isAnnounced() && hint?.kind === 'announced' && hint.waitMs > waitMs) return;
      if (waitMs !== null) hint = { kind: 'until', atMs: now() + capped(waitMs) };
    },
    announced(args) {
      const [waitMs] = args;
      if (args.length !== 1 || typeof waitMs !== 'number' || !Number.isFinite(waitMs) || waitMs < 0)
        note('connection.retryAfter of the hub is ignored: it takes one argument, a number of milliseconds from 0');
      else hint = { kind: 'announced', waitMs: capped(waitMs), saidAtMs: now() };
    },
    lengthen(delayMs) {
      countFromNow();
      if (delayMs === null || hint?.kind !== 'until') return delayMs;
      const leastMs = hint.atMs - now();
      return leastMs > 0 ? Math.max(delayMs, spreadOut(leastMs, spread)) : delayMs;
    },
    follow(state) {
      switch (state) {
        case 'idle':
          hint = null;
          return;
        case 'live':
          if (hint?.kind === 'until') hint = null;
          return;
        case 'starting':
          // What a connection announced is about its own end. This one's own announcement may come with the handshake, before `live`.
          if (hint?.kind === 'announced') hint = null;
          return;
        case 'waiting':
        case 'resting':
          // A policy that is asked has not said its delay yet.
          countFromNow();
      }
    },
  };
}
