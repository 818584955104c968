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
 *   a page does not say whom it shows:
 *     another page runs beside it ---------> it joins that one
 *     nobody uses the hubs ----------------> what is left is fenced, the token is forgotten
 *     pages that do not run just now do ---> a new token is asked for, of the endpoint or of that page: the page joins them if it
 *                                            names the same user, or if neither names anybody; else they are fenced
 *
 * Where nobody has said whom the hubs are for, a page that does say finds no more there than one that does not. Hubs that never had a
 * token are everybody's.
 */
import { HubshareError, type WireError } from '../../src/contract/errors.js';
import { COMPARE_MS } from '../../src/contract/timing.js';
import { isSameUser, readIdentity, type Identity } from '../auth/identity.js';
import { createPacedQuestion } from '../auth/paced-question.js';
import type { TokenBroker } from '../auth/token-broker.js';
import type { Clock } from '../clock.js';
import { ask } from '../tabs/ask.js';
import type { Tab } from '../tabs/tab.js';
import { formerUserError, identityChangedError } from './fence-errors.js';
import type { FormerUsers } from './former-users.js';
import type { SharedHub } from './shared-hub.js';

/** What a page says of itself when it wants a hub. */
export interface Comer {
  /** The user whom it shows; `null`: it does not say. */
  readonly identity: string | null;
  readonly hasTokenFactory: boolean;
}

/** What a page has been compared with; another object as soon as a fence has gone up. */
export type Vouch = object | undefined;

/** Who has brought a fence about: a token, a page, or nobody who could say whose the connection is. */
export type FenceCause = 'token' | 'page' | 'unknown';

export interface IdentityFence {
  /** The broker has a new token. Must be told before anybody who would give that token to a connection. */
  tokenArrived(token: string): void;
  /**
   * A tab wants one of the hubs.
   *
   * @param vouch - What the question before has resolved to.
   * @returns `undefined`: it may come, now. Otherwise it is to be asked again when this has resolved.
   * @throws {HubshareError} `identity-changed`: another user is signed in. What the source of tokens failed with.
   */
  admit(tab: Tab, comer: Comer, vouch: Vouch): Promise<Vouch> | undefined;
  /** A tab that shows this user has come. */
  joined(identity: string | null): void;
  /** Somebody says that another user has come: asks who is signed in. @throws What the source of tokens failed with. */
  askAgain(): Promise<void>;
  /** Nobody is signed in, or nobody is left who could say who. */
  forget(): void;
}

export interface IdentityFenceDeps {
  readonly broker: Pick<TokenBroker, 'get' | 'peek' | 'refreshNow' | 'report' | 'clear' | 'signedIn'>;
  /** Asks one page for its token; `null`: the broker can ask without any page. */
  readonly tokenOf: ((tab: Tab) => Promise<string>) | null;
  /** Name of the claim that names the user. */
  readonly claim: string;
  readonly clock: Clock;
  readonly note: (text: string) => void;
  /** Of all brokers together. */
  readonly formerUsers: FormerUsers;
  readonly hubs: () => readonly Pick<SharedHub, 'tabs' | 'identities' | 'expel'>[];
  /** Puts up the fence of every hub of this broker. */
  readonly fenceAll: (why: WireError, cause: FenceCause) => void;
}

export function createIdentityFence(deps: IdentityFenceDeps): IdentityFence {
  const { broker, hubs, tokenOf } = deps;
  const question = createPacedQuestion(broker, deps.clock);
  /** Whom the last token that said so has named. */
  let user: Identity | null = null;
  /** Whom the pages show, where no token says. */
  let shown: string | null = null;
  /** Whether the last token named anybody; `null`: none has come. */
  let isNamed: boolean | null = null;
  /** Until the next fence. */
  let era: Vouch = {};

  const current = (): string | null => user?.user ?? shown;
  const tabs = (): readonly Tab[] => hubs().flatMap((hub) => hub.tabs());
  const isUsed = (except?: Tab): boolean => tabs().some(({ id }) => id !== except?.id);
  const isRunning = (): boolean => tabs().some(({ away }) => !away.aborted);

  /** A token is there, or on its way: whose it is, the next page may not know. */
  const hasToken = (): boolean => isNamed !== null || ['fetching', 'refreshing'].includes(broker.report().state);

  function fenceAll(cause: FenceCause): void {
    for (const { tab, identity } of hubs().flatMap((hub) => hub.identities())) deps.formerUsers.add(tab, identity);
    era = {};
    shown = null;
    deps.note(cause === 'unknown' ? UNKNOWN : ANOTHER);
    deps.fenceAll(identityChangedError(), cause);
  }

  function forget(): void {
    user = null;
    shown = null;
    isNamed = null;
  }

  function takeOver(): void {
    fenceAll('page');
    forget();
    void broker.clear();
  }

  /** Whoever comes may be anybody. Nobody has signed out: what is stored stays. */
  function leaveBehind(cause: FenceCause = 'unknown'): void {
    if (hubs().length > 0) fenceAll(cause);
    forget();
    void broker.clear({ keepsStored: true });
  }

  function refuse(tab: Tab, identity: string): never {
    deps.formerUsers.add(tab, identity);
    deps.note(`tab ${tab.ordinal} is refused: it shows another user than the one who is signed in`);
    throw new HubshareError(formerUserError());
  }

  async function decide(tab: Tab, identity: string): Promise<undefined> {
    if (tokenOf === null) {
      // The first token may still be on its way.
      if (user === null) await broker.get();
      if (user !== null && current() !== identity) await question.ask(() => current() !== identity);
      if (current() === null || current() === identity) return;
      if (user !== null) refuse(tab, identity);
    }
    if (isUsed(tab) && deps.formerUsers.has(tab, identity)) refuse(tab, identity);
    takeOver();
  }

  const inTime = <T>(answer: Promise<T>): Promise<T> =>
    ask(answer, { clock: deps.clock, afterMs: COMPARE_MS, gone: [] });

  /** A page that does not say whom it shows has come to hubs whose pages do not run just now. */
  async function compare(tab: Tab, hasTokenFactory: boolean): Promise<Vouch> {
    const before = era;
    // Others have come meanwhile, or the hubs have ended, or the page itself has.
    const isOver = (): boolean => era !== before || isRunning() || !isUsed() || tab.gone.aborted;
    if (tokenOf !== null) {
      const token = hasTokenFactory ? await inTime(tokenOf(tab)).catch(() => null) : null;
      if (isOver()) return undefined;
      const its = token === null ? null : readIdentity(token, deps.claim);
      const known = user ?? (shown === null ? null : { user: shown, issuer: null });
      const areNamed = its !== null && known !== null;
      const isSame = areNamed ? isSameUser(known, its) : token !== null && its === null && known === null;
      if (!isSame) leaveBehind(areNamed ? 'page' : 'unknown');
      return era;
    }
    const { sent } = question;
    const { signedIn } = broker;
    const known = user;
    // Of several pages that come at once the first asks, and the others find it there.
    const failure = await inTime(sent ?? question.ask(() => !isOver())).then(
      () => null,
      (error: unknown) => error,
    );
    // The hubs were let go, or the user has signed out.
    if (signedIn.aborted) return undefined;
    if (era !== before && failure === null) return era;
    if (isOver()) return undefined;
    if (failure === null && sent !== null) return undefined;
    if (failure !== null || (known !== null) !== isNamed) leaveBehind();
    return era;
  }

  function admitUnknown(tab: Tab, hasTokenFactory: boolean, vouch: Vouch): Promise<Vouch> | undefined {
    if (!hasToken() || vouch === era || isRunning()) return undefined;
    if (isUsed() && isNamed !== null) return compare(tab, hasTokenFactory);
    leaveBehind();
    return undefined;
  }

  return {
    tokenArrived(token) {
      const next = readIdentity(token, deps.claim);
      const isFirst = isNamed === null;
      isNamed = next !== null;
      const before = user;
      user = next ?? user;
      if (before !== null && next !== null && !isSameUser(before, next)) {
        fenceAll('token');
        return;
      }
      for (const hub of hubs()) {
        const said = new Map(hub.identities().map(({ tab, identity }) => [tab, identity]));
        for (const tab of hub.tabs()) {
          const identity = said.get(tab) ?? null;
          // Left for a page on which somebody has signed in since, perhaps: it is not known whom it shows.
          const isLeft = isFirst && identity === null && tab.away.aborted;
          const isOther = next !== null && identity !== null && identity !== next.user;
          if (!isLeft && !isOther) continue;
          if (identity !== null) deps.formerUsers.add(tab, identity);
          deps.note(`tab ${tab.ordinal} is let go: it shows another user than the token names`);
          hub.expel(tab, formerUserError());
        }
      }
    },
    admit(tab, { identity, hasTokenFactory }, vouch) {
      if (identity === null) return admitUnknown(tab, hasTokenFactory, vouch);
      // What is left may be anybody's, or the token that a fence has left is for the user whom it names.
      const isUnknown = current() === null && hasToken() && !isRunning();
      if (isUnknown || (hubs().length === 0 && broker.peek() !== null && user?.user !== identity)) leaveBehind();
      if (current() === null || current() === identity) return undefined;
      if (isUsed()) return decide(tab, identity);
      takeOver();
      return undefined;
    },
    joined(identity) {
      shown ??= identity;
    },
    askAgain: () => question.ask(() => true),
    forget,
  };
}

const ANOTHER = 'another user has come: what was for the one before is closed and wiped';
const UNKNOWN =
  'nobody can say whose the connection is that was left: it is closed, and the next page has one of its own';
