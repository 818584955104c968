/** One hub in this tab: the connections that use it come and go, follow the worker to the next one, and are told what happens. */
import { isHubshareError, wireError, type ErrorCode, type WireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type { HubQuestion, Reply, RetryContextData } from '../contract/rpc.js';
import { REJOIN_DELAYS_MS } from '../contract/timing.js';
import { answered } from './answered.js';
import { createAttachment } from './attachment.js';
import type { ChannelUser, Restored } from './channel-user.js';
import type { EntrySink } from './event-stream.js';
import type { OngoingCall, OutgoingCall } from './pending-calls.js';
import type { Stay, TabClient } from './tab-client.js';
import type { TopicListener } from './topics.js';
import { createUserWork } from './user-work.js';

export interface HubChannel extends EntrySink {
  readonly hub: string;
  /** Which of this page's attachments is the present one: entries of an earlier one are not for its users. */
  readonly attachment: number;
  readonly isUsed: boolean;
  readonly status: HubStatus | null;
  /** The tab does something for this hub, or would be asked first: it must not park itself. */
  readonly isBusy: boolean;
  /** Milliseconds for which the page must be hidden before it may park itself; `null`: never. */
  readonly hiddenParkMs: number | null;
  /** Aborted, with why, when the user is signed in no more; another one from then on. Whoever works for the user stops then. */
  readonly signedIn: AbortSignal;
  /** The user wants the hub: joins the worker if need be, and wakes a hub that rests. */
  attach(user: ChannelUser): Promise<void>;
  /**
   * @param then - Called in the same turn as, and after, the calls of the user that are still open have ended. Before that the
   *   worker has said all that it had to say of them.
   */
  detach(user: ChannelUser, then?: () => void): Promise<void>;
  listen(method: string): void;
  unlisten(method: string): void;
  /** The user wants the events of a member of a topic. */
  hold(user: ChannelUser, listener: TopicListener): void;
  letGo(listener: TopicListener): void;
  call(user: ChannelUser, wanted: OutgoingCall): OngoingCall;
  /** @returns `true` for one call in one tab of all that claim the same. */
  claim(user: ChannelUser, id: string): Promise<boolean>;
  fetchAccessToken(): Promise<Reply<string>>;
  /** @returns Whether this tab has handlers for the method, and so will answer. */
  takeQuestion(question: HubQuestion, stay: Stay): boolean;
  nextRetryDelay(context: RetryContextData): Reply<number | null>;
  accepted(callId: string): void;
  acceptedByDead(callId: string): void;
  /** The network is back, or the tab has joined a worker: a try to get to a worker need not wait longer. */
  wakeUp(): void;
  workerLost(error: WireError): void;
  /** Attaches again after the worker died. */
  resume(): Promise<void>;
  /** The page was parked and is back. */
  restored(restored: Restored): void;
  /** The user is signed in no more: calls and claims end, and every user of the hub is closed, all with this error. */
  fence(why: WireError): void;
}

/** One time that a user wants the hub. `opening`: as the worker was told; until then it is ahead of all that comes. */
interface Wish {
  opening: number;
}

/** The end of a user's time at the hub, not only of a connection. */
const FENCES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['signed-out', 'identity-changed']);

/** The next worker would refuse the same. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['limit-reached', 'message-invalid', 'option-invalid']);

export function createHubChannel(client: TabClient, hub: string): HubChannel {
  const users = new Set<ChannelUser>();
  const attachment = createAttachment(client, hub, users);
  const work = createUserWork(client, hub, users, attachment);
  let status: HubStatus | null = null;
  let endPause: (() => void) | null = null;
  /** Only the last one goes on: a worker that dies while the tab waits to get to it leads to another. */
  let resumes = 0;
  /** The last time that each user has come: one may come again before the worker has answered. */
  const wishes = new WeakMap<ChannelUser, Wish>();
  /** The last opening that the worker had taken before what is dispatched now. */
  let openedTo = 0;

  async function askFor(stay: Stay, speaker: ChannelUser | undefined, wish?: Wish): Promise<void> {
    if (speaker === undefined) return;
    const said = [...users];
    // At rest a hub is still attached: who starts now as another user is not to be taken for the one before.
    if (attachment.noteIdentity()) endWork(ANOTHER_USER);
    const saying = attachment.say(stay, speaker, true, work);
    if (wish !== undefined) wish.opening = attachment.opening;
    const differences = await saying;
    // Let go meanwhile, perhaps because of a sign-out: who came since says a wish of its own.
    if (attachment.takenIn !== stay) return;
    work.begin(stay, said);
    if (differences.length > 0 && users.has(speaker)) speaker.onDifferences(differences);
  }

  /** One that lets the hub go in the callback of another is told nothing more. */
  function forEachUser(tell: (user: ChannelUser) => void): void {
    if (users.size === 1) {
      // The usual case, and the hot path.
      for (const user of users) return tell(user);
    }
    for (const user of [...users]) if (users.has(user)) tell(user);
  }

  /** What was asked of the hub for the user ends, with why that one is signed in no more. */
  function endWork(why: WireError): void {
    work.end(why);
    // Whoever starts anew in the callback of another connection comes as somebody else, though not all have let the hub go yet. The
    // worker has let the tab go, or is about to.
    attachment.renew();
  }

  const firstUser = (): ChannelUser | undefined => users.values().next().value;

  /** It starts, and the statuses that come now are of before that: a hub that is still at rest there is not its answer. */
  const isAhead = (user: ChannelUser): boolean => user.isStarting && (wishes.get(user)?.opening ?? 0) > openedTo;

  function pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => endPause?.(), delayMs);
      endPause = () => {
        endPause = null;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const channel: HubChannel = {
    hub,
    get attachment() {
      return attachment.number;
    },
    get isUsed() {
      return users.size > 0;
    },
    get status() {
      return status;
    },
    get isBusy() {
      if (!work.isIdle) return true;
      return status?.snapshot.primaryTabId === client.tabId || [...users].some((user) => user.isStarting);
    },
    get signedIn() {
      return work.signedIn;
    },
    get hiddenParkMs() {
      const limits = [...users].map((user) => user.hiddenParkMs);
      return limits.reduce((one, other) => (one === null || other === null ? null : Math.max(one, other)), 0);
    },

    async attach(user) {
      const isNew = !users.has(user);
      if (users.size === 0) attachment.renew();
      users.add(user);
      const wish: Wish = { opening: Infinity };
      wishes.set(user, wish);
      // Let go meanwhile, perhaps by a sign-out, and perhaps wanted anew: what becomes of this wish is no news to anybody.
      const isCurrent = (): boolean => users.has(user) && wishes.get(user) === wish;
      if (isNew) {
        client.usersChanged();
        for (const method of user.methods()) attachment.want(method, 1);
      }
      try {
        for (;;) {
          const stay = await client.join();
          if (!isCurrent()) return;
          try {
            await askFor(stay, user, wish);
            return;
          } catch (error) {
            // The worker died before it answered: nothing has happened yet, so the next one is asked the same.
            if (!(isHubshareError(error) && error.code === 'worker-lost')) throw error;
          }
        }
      } catch (error) {
        if (isCurrent()) void channel.detach(user);
        throw error;
      }
    },

    async detach(user, then) {
      if (!users.delete(user)) return then?.();
      client.usersChanged();
      const told = attachment.toldIn;
      const endCalls = work.withdraw(user);
      const left = firstUser();
      if (left === undefined) {
        status = null;
        attachment.release();
        endPause?.();
      } else {
        for (const method of user.methods()) attachment.want(method, -1);
      }
      if (told === null) {
        // Whoever is told of the stop by its start is told before the stop is done.
        await Promise.resolve();
      } else {
        try {
          // Who is left may have no token to give. It has been warned of its settings when it came.
          await (left === undefined
            ? answered(told.api.detach(hub), told.over)
            : attachment.say(told, left, false, work));
        } catch {
          // Gone with its worker, or never attached: either way the worker has nothing more to say of this user's calls.
        }
      }
      endCalls();
      then?.();
      if (left === undefined) client.released();
    },

    listen: (method) => attachment.want(method, 1),
    unlisten: (method) => attachment.want(method, -1),
    hold(user, listener) {
      client.touch();
      work.hold(user, listener);
    },
    letGo: (listener) => work.topics.letGo(listener),
    call(user, wanted) {
      client.touch();
      return work.call(user, wanted);
    },
    claim(user, id) {
      client.touch();
      return work.claim(user, id);
    },

    fetchAccessToken: () => work.answers.fetchAccessToken(),
    takeQuestion: (question, stay) => question.attachment === attachment.number && work.takeQuestion(question, stay),
    nextRetryDelay: (context) => work.answers.nextRetryDelay(context),

    accepted: (callId) => work.calls.accepted(callId),
    acceptedByDead: (callId) => work.calls.acceptedByDead(callId),
    wakeUp: () => endPause?.(),

    workerLost(error) {
      work.workerLost();
      status = null;
      forEachUser((user) => user.onWorkerLost(error));
    },

    async resume() {
      const own = (resumes += 1);
      endPause?.();
      for (let attempt = 0; users.size > 0; attempt += 1) {
        try {
          const stay = await client.join();
          if (own === resumes) await askFor(stay, firstUser());
          return;
        } catch (error) {
          if (own !== resumes) return;
          // It has died as well; its own death leads here again.
          if (isHubshareError(error) && error.code === 'worker-lost') return;
          const wire = isHubshareError(error) ? error.wire : wireError('worker-lost', String(error), {});
          if (FENCES.has(wire.code)) {
            channel.fence(wire);
            return;
          }
          const delayMs = FINAL.has(wire.code) ? undefined : REJOIN_DELAYS_MS[attempt];
          forEachUser((user) => {
            if (delayMs === undefined || !user.reconnects) user.onAbandoned(wire);
          });
          if (delayMs !== undefined && users.size > 0) await pause(delayMs);
          if (own !== resumes) return;
        }
      }
    },

    restored(restored) {
      forEachUser((user) => user.onRestored(restored));
    },

    fence(why) {
      status = null;
      endWork(why);
      forEachUser((user) => user.onAbandoned(why));
    },

    onEvent(method, args, matches) {
      forEachUser((user) => user.onEvent(method, args));
      if (matches !== undefined) for (const [topic, key] of matches) work.topics.onEvent(topic, key, args);
    },

    onRetained: (topic, key, args, atMs) => work.topics.onRetained(topic, key, args, atMs),
    onRefused: (topic, key, error) => work.topics.onRefused(topic, key, error),

    onStatus(next) {
      status = next;
      const { phase, error } = next;
      const isFence = phase === 'closed' && error !== null && FENCES.has(error.code);
      // Calls end before the users are told of the end, as with SignalR.
      if (isFence) endWork(error);
      // Before the users are told: what they call then comes after what they had called before.
      if (phase === 'live') work.live();
      forEachUser((user) => {
        if (isFence || !isAhead(user)) user.onStatus(next);
      });
      if (phase === 'resting' || phase === 'closed') work.rested(error);
    },

    onOpening(opening) {
      openedTo = opening;
    },

    onGap(dropped) {
      forEachUser((user) => user.onGap(dropped));
    },

    onItem: (callId, item) => work.calls.item(callId, item),
    onStreamEnd: (callId, error) => work.calls.ended(callId, error),

    onLog(level, text) {
      forEachUser((user) => user.onLog(level, text));
    },
  };
  return channel;
}

const ANOTHER_USER = wireError('identity-changed', 'This page shows another user now.', {});
