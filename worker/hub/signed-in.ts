/** Who is signed in: whose tokens the worker's own source gives, whose the open hubs are, and the end of both. */
import { isHubshareError, type WireError } from '../../src/contract/errors.js';
import { readIdentity } from '../auth/identity.js';
import type { TokenBroker } from '../auth/token-broker.js';
import type { TokenSource } from '../auth/token-source.js';
import type { Clock } from '../clock.js';
import type { Journal } from '../observe/journal.js';
import type { Tab } from '../tabs/tab.js';
import { signedOutError } from './fence-errors.js';
import { createFormerUsers, type FormerUsers } from './former-users.js';
import { createIdentityFence, type Comer, type FenceCause, type IdentityFence, type Vouch } from './identity-fence.js';
import type { OpenHub } from './open-hub.js';
import type { OpenHubs } from './open-hubs.js';
import { createWorkerNews, type NewsChannel, type WorkerNews } from './worker-news.js';

export interface SignedIn {
  /** Whose hubs those of the worker's own source of tokens are; `null` when tabs give the tokens, each hub its own. */
  readonly sharedIdentity: IdentityFence | null;
  readonly formerUsers: FormerUsers;
  /**
   * Whether the tab may have the hub.
   *
   * @param vouch - What the question before has resolved to.
   * @returns `undefined`: now. Otherwise it is to be asked again when this has resolved.
   * @throws {HubshareError} `identity-changed`; what the source of tokens failed with.
   */
  admit(tab: Tab, wish: Comer & { readonly hub: string }, vouch: Vouch): Promise<Vouch> | undefined;
  /** A hub was closed because nobody wants it: with the last one the token is forgotten. */
  hubClosed(open: OpenHub): void;
  /** Puts up the fence of one hub whose tokens come from tabs. A hub that has ended already is left alone. */
  fenceHub(open: OpenHub, why: WireError, cause: FenceCause): void;
  /** Counts the sign-outs that concern a hub: a wish for it from before one is not met after it. */
  signOutsOf(hub: string): number;
  /** Resolves when nothing of the user is left: nothing stored, no connection, nothing that a tab that is awake could still dispatch. */
  signOut(by: Tab): Promise<void>;
}

export function createSignedIn(deps: {
  readonly hubs: OpenHubs;
  /** The worker's own source of tokens with its broker; `null`: tabs give the tokens. */
  readonly source: TokenSource | null;
  readonly broker: TokenBroker | null;
  /** Name of the claim that names the user. */
  readonly claim: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly newsChannel: NewsChannel | null;
}): SignedIn {
  const { hubs, broker, journal } = deps;
  const formerUsers = createFormerUsers();
  let signOuts = 0;
  /** Those of other workers that concerned some hubs only. */
  const signOutsElsewhere = new Map<string, number>();
  /** Whose users another worker has said to have changed: what comes of it is no news to anybody. */
  const lookedInto = new Map<IdentityFence, number>();

  const identity: IdentityFence | null =
    broker === null
      ? null
      : createIdentityFence({
          broker,
          tokenOf: null,
          claim: deps.claim,
          clock: deps.clock,
          note: (text) => journal.note('token', text),
          formerUsers,
          hubs: hubs.shared,
          fenceAll(why, cause) {
            tellOf(identity, cause);
            hubs.fence(hubs.all(), why);
          },
        });
  // First of all listeners: the token of another user must not be given to the connection of the one before.
  broker?.onToken(({ token }) => identity?.tokenArrived(token));
  deps.source?.onStored?.((token) => {
    const user = readIdentity(token, deps.claim)?.user;
    const shown = hubs.shared().flatMap((hub) => hub.identities());
    return user === undefined || shown.length === 0 || shown.some(({ identity: said }) => said === user);
  });

  const news: WorkerNews = createWorkerNews({
    channel: deps.newsChannel,
    endpoint: deps.source?.url ?? null,
    hubs: () => hubs.all().map(({ hub }) => hub.url),
    onNews(kind, concerned) {
      // One source of tokens is one user, whichever hubs.
      const isOfAll = concerned === null || broker !== null;
      const which = hubs.all().filter(({ hub }) => isOfAll || concerned.includes(hub.url));
      if (kind === 'signed-out') {
        journal.note('worker', 'signed out in another worker of this origin');
        if (isOfAll) signOuts += 1;
        else for (const url of concerned) signOutsElsewhere.set(url, (signOutsElsewhere.get(url) ?? 0) + 1);
        void end(which);
      } else {
        // An anonymous hub has nobody to ask.
        const asked = which.filter((open) => open.broker() !== null).map((open) => open.identity);
        for (const one of new Set(asked)) void lookInto(one);
      }
    },
  });

  async function lookInto(asked: IdentityFence): Promise<void> {
    lookedInto.set(asked, (lookedInto.get(asked) ?? 0) + 1);
    await asked.askAgain().catch(() => undefined);
    const left = (lookedInto.get(asked) ?? 1) - 1;
    if (left > 0) lookedInto.set(asked, left);
    else lookedInto.delete(asked);
  }

  function tellOf(fence: IdentityFence | null, cause: FenceCause): void {
    const isKnown = cause === 'token' && fence !== null && lookedInto.has(fence);
    if (cause !== 'unknown' && !isKnown) news.tell('another-user');
  }

  /** Nobody is left who could say whose token it is. What is stored stays: nobody has signed out. */
  function forgetToken(): void {
    identity?.forget();
    void broker?.clear({ keepsStored: true });
  }

  async function end(which: readonly OpenHub[], by?: Tab): Promise<void> {
    // The page that signs out may come as whomever it likes; the others were of the user who is gone, until they say another one.
    for (const { hub } of which) for (const { tab, identity: said } of hub.identities()) formerUsers.add(tab, said);
    if (by !== undefined) formerUsers.forgive(by);
    // Though no hub may be open: what is stored is the user's all the same.
    const forgotten = broker === null ? which.map((open) => open.forgetToken()) : [broker.clear()];
    identity?.forget();
    const ending = hubs.fence(which, signedOutError());
    await Promise.all([...forgotten, ending.closed, ending.dispatched()]);
  }

  return {
    sharedIdentity: identity,
    formerUsers,
    admit(tab, wish, vouch) {
      const admission = (hubs.get(wish.hub)?.identity ?? identity)?.admit(tab, wish, vouch);
      if (admission === undefined) return undefined;
      const before = broker?.signedIn;
      return admission.catch((error: unknown) => {
        // The token was forgotten for whatever reason, such as that the last tab has gone: the question is asked anew.
        if (before?.aborted === true && isHubshareError(error) && error.code === 'signed-out') return undefined;
        throw error;
      });
    },
    hubClosed(closed) {
      // Another one may linger: whoever comes is compared with its user.
      if (hubs.all().every((open) => open === closed)) forgetToken();
    },
    signOutsOf: (hub) => signOuts + (signOutsElsewhere.get(hub) ?? 0),
    fenceHub(open, why, cause) {
      if (hubs.get(open.hub.url) !== open) return;
      tellOf(open.identity, cause);
      hubs.fence([open], why);
    },
    async signOut(by) {
      journal.note('worker', 'signed out');
      // First, while it is known which hubs it concerns; and whoever signs in next does so later than the others hear of it.
      news.tell('signed-out');
      signOuts += 1;
      await end(hubs.all(), by);
    },
  };
}
