/** Asks the source of tokens who is signed in: one question for all who want to know, once a second at most. */
import { ADMIT_PAUSE_MS } from '../../src/contract/timing.js';
import type { Clock } from '../clock.js';
import type { TokenBroker } from './token-broker.js';

export interface PacedQuestion {
  /**
   * Resolves when a question that was sent after this call is answered. The answer comes to the broker's listeners before.
   *
   * @param isNeeded - Looked at when it may be sent: where nobody needs it any more it is not.
   * @throws What the source failed with; `signed-out`.
   */
  ask(isNeeded: () => boolean): Promise<void>;
  /** The question that was sent and is not answered; `null`: there is none. */
  readonly sent: Promise<void> | null;
}

export function createPacedQuestion(
  broker: Pick<TokenBroker, 'refreshNow' | 'report' | 'signedIn'>,
  clock: Clock,
): PacedQuestion {
  let next: { readonly answered: Promise<void>; readonly needs: (() => boolean)[] } | null = null;
  let sent: Promise<void> | null = null;
  let mayAskAtMs = -Infinity;

  async function askSoon(needs: readonly (() => boolean)[]): Promise<void> {
    const { signedIn } = broker;
    const inMs = mayAskAtMs - clock.now();
    // A clock that was set back holds nothing up for longer than the pause.
    if (inMs > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, Math.min(inMs, ADMIT_PAUSE_MS)));
    else await Promise.resolve();
    next = null;
    // Nothing is asked for after a sign-out: the issuer might still name the user who has signed out.
    signedIn.throwIfAborted();
    if (!needs.some((isNeeded) => isNeeded())) return;
    mayAskAtMs = clock.now() + ADMIT_PAUSE_MS;
    const question = send(signedIn).finally(() => {
      if (sent === question) sent = null;
    });
    sent = question;
    await question;
  }

  async function send(signedIn: AbortSignal): Promise<void> {
    // A request that is under way may have been sent before the other user signed in.
    const { state } = broker.report();
    if (state === 'fetching' || state === 'refreshing') await broker.refreshNow().catch(() => undefined);
    signedIn.throwIfAborted();
    await broker.refreshNow();
  }

  return {
    ask(isNeeded) {
      if (next === null) {
        const needs = [isNeeded];
        next = { needs, answered: askSoon(needs) };
      } else next.needs.push(isNeeded);
      return next.answered;
    },
    get sent() {
      return sent;
    },
  };
}
