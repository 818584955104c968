/** This tab in front of one worker: joins it, notices its death and joins the next one, and leaves when nobody needs it. */
import type { Remote } from 'comlink';
import { HubshareError, isHubshareError, wireError, type WireError } from '../contract/errors.js';
import type { CoordinatorApi, TabApi, Welcome } from '../contract/rpc.js';
import { LAST_WORDS_MS } from '../contract/timing.js';
import { answered } from './answered.js';
import { readEvents, type EventStream } from './event-stream.js';
import { createHubChannel, type HubChannel } from './hub-channel.js';
import { joinWorker } from './join.js';
import { holdLock, watchWorker, type HeldLock } from './locks.js';
import { pageVisibility, watchPage } from './page-life.js';
import { createParking } from './parking.js';
import { bePresent } from './presence.js';
import type { WorkerFactory } from './worker-factory.js';

/** One stay with one worker. */
export interface Stay {
  readonly welcome: Welcome;
  readonly api: Remote<CoordinatorApi>;
  readonly events: EventStream;
  /** Aborted when this worker has died or was left. */
  readonly over: AbortSignal;
  /** The page is cached or frozen, or about to be: the worker says nothing to it, not even that it has taken a call. */
  readonly isAway: () => boolean;
}

export interface TabClient {
  readonly tabId: string;
  /** The present stay, if there is one. */
  readonly stay: Stay | null;
  channel(hub: string): HubChannel;
  /** Joins if need be. @throws {HubshareError} why the worker cannot be joined. */
  join(): Promise<Stay>;
  /** Does one thing with the worker, though no connection may be started: joins for it and leaves again. */
  visit<T>(run: (stay: Stay) => Promise<T>): Promise<T>;
  /**
   * Signs out in every tab. In this one at once: nothing of the user is dispatched, answered or sent from here on.
   *
   * @throws {HubshareError} why the worker could not be told.
   */
  signOut(): Promise<void>;
  /** This tab does something: if the page had parked itself, it is parked no more. */
  touch(): void;
  /** A connection has come to a hub of this tab, or has let it go. */
  usersChanged(): void;
  /** A channel has no more users: when none has, the tab leaves the worker and holds nothing. */
  released(): void;
}

/** Why SharedWorker and Web Locks cannot be used here, or `null`. */
export function missingFeature(): HubshareError<'worker-unsupported'> | null {
  if (typeof document === 'undefined') {
    return unsupported('There is no page here: hubshare needs a document.');
  }
  if (typeof SharedWorker === 'undefined') {
    return unsupported('This browser has no SharedWorker.');
  }
  if (typeof navigator.locks === 'undefined') {
    return unsupported('Web Locks are missing: serve the page over HTTPS, or from localhost.');
  }
  return null;
}

function unsupported(message: string): HubshareError<'worker-unsupported'> {
  return new HubshareError(wireError('worker-unsupported', message, {}));
}

/** `forgotten`: the worker lives, but has taken this tab for gone, or hangs. */
type EndOfStay = 'died' | 'forgotten' | 'left';

const SIGNED_OUT = wireError('signed-out', 'This page has signed out. Call start() after the next sign-in.', {});

const NOT_USED = { ok: false, error: wireError('stopped', 'This tab no longer uses the hub.', {}) } as const;

export function createTabClient(factory: WorkerFactory): TabClient {
  const tabId = crypto.randomUUID();
  /** Every tab may know the id; nobody but this page and its worker knows the key. */
  const tabKey = crypto.randomUUID();
  const channels = new Map<string, HubChannel>();
  let stay: Stay | null = null;
  let endStay: ((end: EndOfStay) => void) | null = null;
  let joining: Promise<Stay> | null = null;
  let lock: HeldLock | null = null;
  let unwatchPage: (() => void) | null = null;
  let visits = 0;
  let forgotten: Promise<void> = Promise.resolve();
  const parking = createParking({
    stay: () => stay,
    hubs: () => channels.values(),
    isHidden: () => pageVisibility() === 'hidden',
    onForgotten,
  });

  const tabApi: TabApi = {
    fetchAccessToken: async (hub) => channels.get(hub)?.fetchAccessToken() ?? NOT_USED,
    takeQuestion: async (question) => {
      // It was asked just before it parked itself; the answer has its place among the events.
      parking.touch();
      return { ok: true, value: stay !== null && channels.get(question.hub)?.takeQuestion(question, stay) === true };
    },
    nextRetryDelay: async (hub, context) => channels.get(hub)?.nextRetryDelay(context) ?? NOT_USED,
  };

  function join(): Promise<Stay> {
    parking.touch();
    if (stay !== null) return Promise.resolve(stay);
    joining ??= enter().finally(() => {
      joining = null;
      leaveIfUnused();
    });
    return joining;
  }

  async function enter(): Promise<Stay> {
    const missing = missingFeature();
    if (missing !== null) throw missing;
    await forgotten;
    const tabLock = holdTabLock();
    // Before the join: what the page goes through meanwhile must not be missed.
    unwatchPage ??= watchPage({
      visibility: (visibility) => {
        if (visibility === 'visible') parking.unpark();
        else parking.hidden();
        void stay?.api.setVisibility(visibility);
      },
      parked: parking.park,
      restored: parking.unpark,
      online: () => {
        void stay?.api.online();
        for (const channel of channels.values()) channel.wakeUp();
      },
    });
    const joined = await joinWorker({
      factory,
      tabId,
      tabKey,
      tabLock,
      visibility: pageVisibility,
      tab: tabApi,
    }).catch(async (error: unknown) => {
      // A lock that comes after the tab has left would be held for nothing.
      await tabLock;
      throw error;
    });
    const presence = await bePresent(navigator.locks, joined.welcome.workerLock);
    const over = new AbortController();
    const events = readEvents(joined.events, {
      sinkOf: (hub, attachment) => {
        const channel = channels.get(hub);
        return channel?.attachment === attachment ? channel : undefined;
      },
      onAccepted: (callId) => {
        for (const channel of channels.values()) channel.accepted(callId);
      },
      onWake: parking.touch,
    });
    const unwatchWorker = watchWorker(navigator.locks, joined.welcome.workerLock, onWorkerDied);
    endStay = (end) => {
      endStay = null;
      stay = null;
      parking.over();
      unwatchWorker();
      over.abort();
      if (end === 'died') forgotten = presence.untilForgotten();
      else presence.end();
      if (end === 'left') {
        events.close();
      } else {
        events.drain((callId) => {
          for (const channel of channels.values()) channel.acceptedByDead(callId);
        }, LAST_WORDS_MS);
      }
      joined.close();
    };
    const entered: Stay = {
      welcome: joined.welcome,
      api: joined.api,
      events,
      over: over.signal,
      isAway: parking.isAway,
    };
    stay = entered;
    for (const channel of channels.values()) channel.wakeUp();
    // The knock that was answered may have said what is no longer so.
    void entered.api.setVisibility(pageVisibility());
    parking.joined();
    return entered;
  }

  async function holdTabLock(): Promise<string> {
    lock ??= await holdLock(navigator.locks, `hubshare:tab:${tabId}:${crypto.randomUUID()}`);
    return lock.name;
  }

  function onWorkerDied(): void {
    endStay?.('died');
    joinAnew(wireError('worker-lost', 'The shared worker has ended; a new one takes over.', {}));
  }

  function onForgotten(): void {
    endStay?.('forgotten');
    // The worker may still ask for the lock under its old name.
    releaseLock();
    joinAnew(wireError('worker-lost', 'The shared worker knows this tab no more; it joins anew.', {}));
  }

  function joinAnew(why: WireError): void {
    const used = [...channels.values()].filter((channel) => channel.isUsed);
    for (const channel of used) channel.workerLost(why);
    if (used.length === 0) return leaveIfUnused();
    // The channels attach themselves again; each tells its users if that fails.
    for (const channel of used) void channel.resume();
  }

  function leaveIfUnused(): void {
    if (joining !== null || visits > 0 || [...channels.values()].some((channel) => channel.isUsed)) return;
    channels.clear();
    void stay?.api.leave();
    endStay?.('left');
    parking.left();
    releaseLock();
    unwatchPage?.();
    unwatchPage = null;
  }

  async function tellSignOut(): Promise<void> {
    for (;;) {
      try {
        await client.visit((present) => answered(present.api.signOut(), present.over));
        return;
      } catch (error) {
        // The worker died before it answered: the next one is told the same, for the other tabs come back with it.
        if (!isHubshareError(error) || error.code !== 'worker-lost') throw error;
      }
    }
  }

  function releaseLock(): void {
    lock?.release();
    lock = null;
  }

  const client: TabClient = {
    tabId,
    get stay() {
      return stay;
    },
    channel(hub) {
      const known = channels.get(hub);
      if (known !== undefined) return known;
      const channel = createHubChannel(client, hub);
      channels.set(hub, channel);
      return channel;
    },
    join,
    async visit(run) {
      visits += 1;
      try {
        return await run(await join());
      } finally {
        visits -= 1;
        leaveIfUnused();
      }
    },
    async signOut() {
      const told = tellSignOut();
      for (const channel of [...channels.values()]) channel.fence(SIGNED_OUT);
      await told;
    },
    touch: parking.touch,
    usersChanged: parking.usersChanged,
    released: leaveIfUnused,
  };
  return client;
}
