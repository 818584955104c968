/**
 * Whose connections the hubs of one token broker are, and what happens when somebody else comes. There is one for each broker.
 *
 * The token decides who is signed in. Where it does not say (an opaque token, or none), what the pages show decides, and the page
 * that came last is right; but no page is right twice, or two pages of two users would take the hub from each other for ever.
 *
 *   the token names another user ----------> every hub is fenced; the token stays
 *   a page shows another user than the token:
 *     nobody uses the hubs ----------------> fenced, the token is forgotten
 *     the worker can ask an endpoint ------> it is asked; its token fences the hubs, or the page is refused
 *     only pages have tokens --------------> fenced, the token is forgotten; a page that was fenced before is refused
 */
import { HubshareError, type WireError } from '../../src/contract/errors.js';
import { ADMIT_PAUSE_MS } from '../../src/contract/timing.js';
import { isSameUser, readIdentity, type Identity } from '../auth/identity.js';
import type { TokenBroker } from '../auth/token-broker.js';
import type { Clock } from '../clock.js';
import type { Tab } from '../tabs/tab.js';
import { formerUserError, identityChangedError } from './fence-errors.js';
import type { FormerUsers } from './former-users.js';
import type { SharedHub } from './shared-hub.js';

export interface IdentityFence {
  /** The broker has a new token. Must be told before anybody who would give that token to a connection. */
  tokenArrived(token: string): void;
  /**
   * A tab that shows this user wants one of the hubs.
   *
   * @param identity - `null`: the page does not say.
   * @returns `undefined`: it may come, now. Otherwise resolves when it may.
   * @throws {HubshareError} `identity-changed`: another user is signed in. What the source of tokens failed with.
   */
  admit(tab: Tab, identity: string | null): Promise<void> | undefined;
  /** A tab that shows this user has come. */
  joined(identity: string | null): void;
  /** Nobody is signed in, or nobody is left who could say who. */
  forget(): void;
}

export interface IdentityFenceDeps {
  readonly broker: Pick<TokenBroker, 'get' | 'refreshNow' | 'report' | 'clear' | 'signedIn'>;
  /** The broker can ask without any tab. */
  readonly canAsk: boolean;
  /** Name of the claim that names the user. */
  readonly claim: string;
  readonly clock: Clock;
  readonly note: (text: string) => void;
  /** Of all brokers together. */
  readonly formerUsers: FormerUsers;
  readonly hubs: () => readonly Pick<SharedHub, 'tabIds' | 'identities' | 'expel'>[];
  /** Puts up the fence of every hub of this broker. */
  readonly fenceAll: (why: WireError) => void;
}

export function createIdentityFence(deps: IdentityFenceDeps): IdentityFence {
  const { broker, clock, hubs } = deps;
  /** Whom the last token that said so has named. */
  let user: Identity | null = null;
  /** Whom the pages show, where no token says. */
  let shown: string | null = null;
  let mayAskAtMs = 0;

  const current = (): string | null => user?.user ?? shown;
  const isUsed = (except?: Tab): boolean => hubs().some(({ tabIds }) => tabIds.some((id) => id !== except?.id));

  function fenceAll(): void {
    for (const { tab, identity } of hubs().flatMap((hub) => hub.identities())) deps.formerUsers.add(tab, identity);
    shown = null;
    deps.note('another user has come: what was for the one before is closed and wiped');
    deps.fenceAll(identityChangedError());
  }

  function takeOver(): void {
    fenceAll();
    user = null;
    void broker.clear();
  }

  function refuse(tab: Tab, identity: string): never {
    deps.formerUsers.add(tab, identity);
    deps.note(`tab ${tab.ordinal} is refused: it shows another user than the one who is signed in`);
    throw new HubshareError(formerUserError());
  }

  /** Asks who is signed in. The answer comes to `tokenArrived` before it comes here. */
  async function askAgain(identity: string): Promise<void> {
    const { signedIn } = broker;
    const inMs = mayAskAtMs - clock.now();
    mayAskAtMs = Math.max(mayAskAtMs, clock.now()) + ADMIT_PAUSE_MS;
    if (inMs > 0) await new Promise<void>((resolve) => void clock.setTimeout(resolve, inMs));
    // Nothing is asked for after a sign-out: the issuer might still name the user who has signed out.
    signedIn.throwIfAborted();
    // Another page of the same user was faster.
    if (current() === identity) return;
    const { state } = broker.report();
    // A request that is under way may have been sent before the other user signed in.
    if (state === 'fetching' || state === 'refreshing') await broker.refreshNow().catch(() => undefined);
    signedIn.throwIfAborted();
    await broker.refreshNow();
  }

  async function decide(tab: Tab, identity: string): Promise<void> {
    if (deps.canAsk) {
      // The first token may still be on its way.
      if (user === null) await broker.get();
      if (user !== null && current() !== identity) await askAgain(identity);
      if (current() === null || current() === identity) return;
      if (user !== null) refuse(tab, identity);
    }
    if (isUsed(tab) && deps.formerUsers.has(tab, identity)) refuse(tab, identity);
    takeOver();
  }

  return {
    tokenArrived(token) {
      const next = readIdentity(token, deps.claim);
      if (next === null) return;
      const before = user;
      user = next;
      if (before !== null && !isSameUser(before, next)) {
        fenceAll();
        return;
      }
      for (const hub of hubs()) {
        for (const { tab, identity } of hub.identities()) {
          if (identity === next.user) continue;
          deps.formerUsers.add(tab, identity);
          deps.note(`tab ${tab.ordinal} is let go: it shows another user than the token names`);
          hub.expel(tab, formerUserError());
        }
      }
    },
    admit(tab, identity) {
      if (identity === null || current() === null || current() === identity) return undefined;
      if (isUsed()) return decide(tab, identity);
      takeOver();
      return undefined;
    },
    joined(identity) {
      shown ??= identity;
    },
    forget() {
      user = null;
      shown = null;
    },
  };
}
