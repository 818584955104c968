/**
 * What must be done once, though every tab has heard of it: tabs claim it by its id, one of them is offered it, and it is settled when
 * that one has confirmed. A tab that does not confirm has not begun, so it may safely be offered to the next.
 *
 *           first claim               the wait is over,
 *                                     or the best tab claims           confirm
 *   (none) -------------> gathering --------------------------> offered ------> settled
 *                                                                 |  ^
 *                                      goes, parks, is too slow   |  | another one waits, or claims now
 *                                                                 v  |
 *                                                                 open
 */
import { HubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';
import { limitReached } from '../../src/contract/limit-reached.js';
import { MAX_OPEN_CLAIMS_OF_TAB } from '../limits.js';
import type { Tab } from '../tabs/tab.js';

/** Settled claims that are remembered per hub: a tab that was long asleep may claim what the others settled long ago. */
const MAX_SETTLED = 10_000;

export interface Claims {
  /** Claims that are not settled. */
  readonly open: number;
  /**
   * The tab would do it. Stays pending while others are better placed; a parked tab is answered when it is back.
   *
   * @returns `offered`: it must confirm; `lost`: another tab has confirmed.
   * @throws {HubshareError} `stopped`, `signed-out` The tab has let the hub go meanwhile. `limit-reached`
   */
  claim(tab: Tab, id: string): Promise<'offered' | 'lost'>;
  /** @returns `true`, to exactly one tab: it may do it, no other one will. `false`: the offer has gone to another one. */
  confirm(tab: Tab, id: string): boolean;
  /** A member was parked, is back, was shown, hidden or is a new one: whoever is offered a claim must be able to do it. */
  review(): void;
  /**
   * The tab has let the hub go or has gone. After it has ceased to be ranked.
   *
   * @param why - What its claims end with. Default: `stopped`.
   */
  drop(tab: Tab, why?: WireError): void;
  /** A tab knows these to be settled, oldest first: it heard so from a worker that has died. */
  learn(ids: readonly string[]): void;
  /** The user has signed out, or another one has come: all is forgotten, also what is settled. */
  clear(why: WireError): void;
}

interface Waiter {
  readonly tab: Tab;
  readonly answer: (answer: 'offered' | 'lost') => void;
  readonly fail: (error: HubshareError) => void;
}

type Phase =
  | { readonly kind: 'gathering'; readonly disarm: () => void }
  | { readonly kind: 'offered'; readonly tab: Tab; readonly disarm: () => void }
  /** Nobody holds the offer, and nothing is due: those who wait are parked, or nobody waits. */
  | { readonly kind: 'open' };

interface Claim {
  phase: Phase;
  /** In the order of claiming. A tab that claims twice waits twice, and is offered it once at a time. */
  waiting: Waiter[];
  /** They were offered it and have not confirmed. While nobody else holds the offer, they still may. */
  readonly late: Set<Tab>;
}

export function createClaims(deps: {
  readonly clock: Clock;
  /** Milliseconds that a claim waits for a better tab. */
  readonly waitMs: number;
  /** Milliseconds that a tab may take to confirm while others wait. */
  readonly confirmMs: number;
  /** Members that can be asked, the best first: none of them is parked. */
  readonly rank: () => readonly Tab[];
  /** Default 10 000. */
  readonly maxSettled?: number;
  /** Default 1 000. */
  readonly maxOpenOfTab?: number;
}): Claims {
  const { clock, maxSettled = MAX_SETTLED, maxOpenOfTab = MAX_OPEN_CLAIMS_OF_TAB } = deps;
  const claims = new Map<string, Claim>();
  /** At first every claim waits: a worker has died before this one, maybe, and the tab that knows it to be settled is on its way. */
  const hurriesFromMs = clock.now() + deps.waitMs;
  /** Oldest first. */
  const settled = new Set<string>();

  function remember(id: string): void {
    settled.add(id);
    for (const oldest of settled) {
      if (settled.size <= maxSettled) return;
      settled.delete(oldest);
    }
  }

  function disarm({ phase }: Claim): void {
    if (phase.kind !== 'open') phase.disarm();
  }

  function settle(id: string): void {
    const claim = claims.get(id);
    claims.delete(id);
    remember(id);
    if (claim === undefined) return;
    disarm(claim);
    for (const { answer } of claim.waiting) answer('lost');
  }

  /** The best of those who wait. One that parked itself because it is hidden still runs: better it than nobody. */
  function best(claim: Claim): Waiter | undefined {
    for (const tab of deps.rank()) {
      const waiter = claim.waiting.find((candidate) => candidate.tab === tab);
      if (waiter !== undefined) return waiter;
    }
    return claim.waiting.find(({ tab }) => tab.parking === 'hidden');
  }

  function offer(id: string, claim: Claim, waiter: Waiter): void {
    disarm(claim);
    claim.waiting = claim.waiting.filter((other) => other !== waiter);
    claim.phase = {
      kind: 'offered',
      tab: waiter.tab,
      disarm: clock.setTimeout(() => passOn(id, claim), deps.confirmMs),
    };
    waiter.answer('offered');
  }

  /** Whoever holds the offer keeps the right to confirm only until the next one is offered it. */
  function passOn(id: string, claim: Claim): void {
    disarm(claim);
    if (claim.phase.kind === 'offered') claim.late.add(claim.phase.tab);
    claim.phase = { kind: 'open' };
    const next = best(claim);
    if (next !== undefined) offer(id, claim, next);
    else if (claim.waiting.length === 0 && claim.late.size === 0) claims.delete(id);
  }

  function reviewOne(id: string, claim: Claim): void {
    const { phase, waiting, late } = claim;
    if (phase.kind === 'offered') {
      if (phase.tab.parked) passOn(id, claim);
      return;
    }
    const first = deps.rank()[0];
    const waiter = best(claim);
    if (waiter === undefined) return;
    // Once it was offered to somebody it has waited long enough.
    const mayHurry = waiter.tab === first && clock.now() >= hurriesFromMs;
    if (late.size > 0 || mayHurry) offer(id, claim, waiter);
    else if (phase.kind === 'open' && waiting.length > 0) {
      claim.phase = { kind: 'gathering', disarm: clock.setTimeout(() => passOn(id, claim), deps.waitMs) };
    }
  }

  return {
    get open() {
      return claims.size;
    },
    claim(tab, id) {
      if (settled.has(id)) return Promise.resolve('lost');
      // Counted only when there are so many at all.
      if (
        claims.size >= maxOpenOfTab &&
        [...claims.values()].filter((claim) => isOf(claim, tab)).length >= maxOpenOfTab
      )
        return Promise.reject(
          limitReached('claims of one page are not settled', maxOpenOfTab, 'Confirm those that it was offered.'),
        );
      return new Promise((answer, fail) => {
        const claim = claims.get(id) ?? { phase: { kind: 'open' }, waiting: [], late: new Set() };
        claims.set(id, claim);
        claim.waiting.push({ tab, answer, fail });
        reviewOne(id, claim);
      });
    },
    confirm(tab, id) {
      const claim = claims.get(id);
      if (claim === undefined) return false;
      if (claim.phase.kind === 'offered' ? claim.phase.tab !== tab : !claim.late.has(tab)) return false;
      settle(id);
      return true;
    },
    review() {
      for (const [id, claim] of [...claims]) reviewOne(id, claim);
    },
    drop(tab, why = LET_GO) {
      const error = new HubshareError(why);
      for (const [id, claim] of [...claims]) {
        for (const waiter of claim.waiting) if (waiter.tab === tab) waiter.fail(error);
        claim.waiting = claim.waiting.filter((waiter) => waiter.tab !== tab);
        const held = claim.phase.kind === 'offered' && claim.phase.tab === tab;
        if (held || (claim.phase.kind === 'gathering' && claim.waiting.length === 0)) passOn(id, claim);
        claim.late.delete(tab);
        if (claim.phase.kind === 'open' && claim.waiting.length === 0 && claim.late.size === 0) claims.delete(id);
        else reviewOne(id, claim);
      }
    },
    learn(ids) {
      for (const id of ids) settle(id);
    },
    clear(why) {
      settled.clear();
      const error = new HubshareError(why);
      for (const claim of claims.values()) {
        disarm(claim);
        for (const { fail } of claim.waiting) fail(error);
      }
      claims.clear();
    },
  };
}

/** The tab waits for the claim, is offered it or was. */
function isOf({ phase, waiting, late }: Claim, tab: Tab): boolean {
  return (
    late.has(tab) || (phase.kind === 'offered' && phase.tab === tab) || waiting.some((waiter) => waiter.tab === tab)
  );
}

const LET_GO = wireError(
  'stopped',
  'The tab has let the hub go before its claim was settled. Claim again after start().',
  {},
);
