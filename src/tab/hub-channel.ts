/** One hub in this tab: what the tab's connections to it want together, said to the worker once, and said again to a new worker. */
import {
  errorFromWire,
  HubshareError,
  isHubshareError,
  wireError,
  type ErrorCode,
  type WireError,
} from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type { HubQuestion, Reply, RetryContextData, SettingDifference } from '../contract/rpc.js';
import { ADMIT_REPLY_MS, CONTROL_REPLY_MS, REJOIN_DELAYS_MS } from '../contract/timing.js';
import { answered } from './answered.js';
import type { ChannelUser, Restored } from './channel-user.js';
import { createClaims } from './claims.js';
import { declaredTopics, topicDifferences, withLearned } from './declared-topics.js';
import type { EntrySink } from './event-stream.js';
import { createHubAnswers } from './hub-answers.js';
import { createPendingCalls, type OngoingCall, type OutgoingCall } from './pending-calls.js';
import type { Stay, TabClient } from './tab-client.js';
import { createTopicKeys, type TopicListener } from './topics.js';

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
  /** The browser says that the network is back: a try to get to a worker need not wait longer. */
  online(): void;
  workerLost(error: WireError): void;
  /** Attaches again after the worker died. */
  resume(): Promise<void>;
  /** The page was parked and is back. */
  restored(restored: Restored): void;
  /** The user is signed in no more: calls and claims end, and every user of the hub is closed, all with this error. */
  fence(why: WireError): void;
}

/** Of this page: a channel that is made anew goes on counting. */
let attachments = 0;

/** The end of a user's time at the hub, not only of a connection. */
const FENCES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['signed-out', 'identity-changed']);

export function createHubChannel(client: TabClient, hub: string): HubChannel {
  const users = new Set<ChannelUser>();
  /** How many handlers of how many users want each method. */
  const wanted = new Map<string, number>();
  const calls = createPendingCalls();
  let attachment = 0;
  let signedIn = new AbortController();
  /** Whom the users that are here have said that the page shows. */
  let shown: string | null = null;
  let status: HubStatus | null = null;
  /** A worker died: calls that it never accepted wait for the hub to be live again. */
  let resendDue = false;
  /** The stay in which the worker was told of this hub; changes of what is wanted go there as they happen. */
  let toldIn: Stay | null = null;
  let endPause: (() => void) | null = null;
  /** The stay in which the worker has taken the wish: it can be told of topics and claims. */
  let takenIn: Stay | null = null;
  /** The users of which a worker knows what topics they declare. */
  const declared = new Set<ChannelUser>();
  const taken = (): Stay | null => (client.stay === takenIn ? takenIn : null);
  const topics = createTopicKeys(hub, taken);
  const claims = createClaims(hub, taken, (owner) => users.has(owner as ChannelUser));
  const answers = createHubAnswers(users);

  function want(method: string, change: 1 | -1): void {
    const count = (wanted.get(method) ?? 0) + change;
    if (count <= 0) wanted.delete(method);
    else wanted.set(method, count);
    const { stay } = client;
    const becameDifferent = change === 1 ? count === 1 : count === 0;
    if (!becameDifferent || stay === null || stay !== toldIn) return;
    // Sent on the same port as calls, so a handler that is set before a call hears what the call causes.
    void (change === 1 ? stay.api.subscribe(hub, method) : stay.api.unsubscribe(hub, method));
  }

  /**
   * @param speaker - Whose settings are asked for.
   * @param opens - The hub is wanted; otherwise only what is wanted of it has changed.
   * @returns The settings that are not in force.
   */
  async function sayWish(stay: Stay, speaker: ChannelUser, opens: boolean): Promise<readonly SettingDifference[]> {
    toldIn = stay;
    const all = [...users];
    const identity = identityOf(all);
    const inForce = declaredTopics(all);
    const { differences } = await answered(
      stay.api.attach({
        hub,
        settings: speaker.settings,
        methods: [...wanted.keys()],
        opens,
        hasTokenFactory: all.some((user) => user.tokenFactory !== null),
        hasRetryPolicy: all.some((user) => user.retryPolicy !== null),
        wantsLog: all.some((user) => user.wantsLog),
        topics: withLearned(inForce, topics.learned),
        settledClaims: claims.settled,
        identity,
        attachment,
      }),
      stay.over,
      identity === null ? CONTROL_REPLY_MS : ADMIT_REPLY_MS,
    );
    const here = topicDifferences(speaker.declaredTopics, inForce);
    return [...here, ...differences.filter(({ setting }) => here.every((own) => own.setting !== setting))];
  }

  async function askFor(stay: Stay, speaker: ChannelUser | undefined): Promise<void> {
    if (speaker === undefined) return;
    const said = [...users];
    const identity = identityOf(said);
    // At rest a hub is still attached: who starts now as another user is not to be taken for the one before.
    if (identity !== null && shown !== null && identity !== shown) endWork(ANOTHER_USER);
    shown = identity ?? shown;
    const differences = await sayWish(stay, speaker, true);
    takenIn = stay;
    for (const user of said) {
      if (!users.has(user) || declared.has(user)) continue;
      declared.add(user);
      for (const listener of user.topicListeners()) topics.hold(listener);
    }
    topics.say(stay);
    claims.say(stay);
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
    resendDue = false;
    calls.rejectAll(why);
    for (const user of users) claims.withdraw(user, why);
    claims.clear();
    topics.clear();
    declared.clear();
    // Whoever starts anew in the callback of another connection comes as somebody else, though not all have let the hub go yet. The
    // worker has let the tab go, or is about to.
    attachment = attachments += 1;
    toldIn = takenIn = null;
    const before = signedIn;
    signedIn = new AbortController();
    before.abort(errorFromWire(why));
  }

  const firstUser = (): ChannelUser | undefined => users.values().next().value;

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
      return attachment;
    },
    get isUsed() {
      return users.size > 0;
    },
    get status() {
      return status;
    },
    get isBusy() {
      if (!calls.isIdle || !claims.isIdle || !answers.isIdle) return true;
      return status?.snapshot.primaryTabId === client.tabId || [...users].some((user) => user.isStarting);
    },
    get signedIn() {
      return signedIn.signal;
    },
    get hiddenParkMs() {
      const limits = [...users].map((user) => user.hiddenParkMs);
      return limits.reduce((one, other) => (one === null || other === null ? null : Math.max(one, other)), 0);
    },

    async attach(user) {
      const isNew = !users.has(user);
      if (users.size === 0) attachment = attachments += 1;
      users.add(user);
      if (isNew) {
        client.usersChanged();
        for (const method of user.methods()) want(method, 1);
      }
      try {
        for (;;) {
          const stay = await client.join();
          if (!users.has(user)) return;
          try {
            await askFor(stay, user);
            return;
          } catch (error) {
            // The worker died before it answered: nothing has happened yet, so the next one is asked the same.
            if (!(isHubshareError(error) && error.code === 'worker-lost')) throw error;
          }
        }
      } catch (error) {
        void channel.detach(user);
        throw error;
      }
    },

    async detach(user, then) {
      if (!users.delete(user)) return then?.();
      client.usersChanged();
      const endCalls = calls.withdraw(user);
      claims.withdraw(user, STOPPED);
      declared.delete(user);
      const { stay } = client;
      const told = stay !== null && stay === toldIn ? stay : null;
      const left = firstUser();
      if (left === undefined) {
        wanted.clear();
        status = null;
        resendDue = false;
        toldIn = takenIn = null;
        shown = null;
        topics.clear();
        claims.clear();
        endPause?.();
      } else {
        for (const method of user.methods()) want(method, -1);
        for (const listener of user.topicListeners()) topics.letGo(listener);
      }
      if (told === null) {
        // Whoever is told of the stop by its start is told before the stop is done.
        await Promise.resolve();
      } else {
        try {
          // Who is left may have no token to give. It has been warned of its settings when it came.
          await (left === undefined ? answered(told.api.detach(hub), told.over) : sayWish(told, left, false));
        } catch {
          // Gone with its worker, or never attached: either way the worker has nothing more to say of this user's calls.
        }
      }
      endCalls(STOPPED);
      then?.();
      if (left === undefined) client.released();
    },

    listen: (method) => want(method, 1),
    unlisten: (method) => want(method, -1),
    hold(user, listener) {
      client.touch();
      // Else a worker may be asked for a topic that it has not heard of; with the wish of its user it is told.
      if (declared.has(user)) topics.hold(listener);
    },
    letGo: (listener) => topics.letGo(listener),
    call(user, wanted) {
      client.touch();
      return calls.start(user, hub, wanted, client.stay);
    },
    claim(user, id) {
      client.touch();
      return claims.make(user, id);
    },

    fetchAccessToken: () => answers.fetchAccessToken(),
    takeQuestion(question, stay) {
      // One that waits for its turn may be of the user before.
      const { signal } = signedIn;
      return answers.takeQuestion(question, stay, () => !signal.aborted);
    },
    nextRetryDelay: (context) => answers.nextRetryDelay(context),

    accepted: (callId) => calls.accepted(callId),
    acceptedByDead: (callId) => calls.acceptedByDead(callId),
    online: () => endPause?.(),

    workerLost(error) {
      calls.workerLost();
      takenIn = null;
      resendDue = true;
      status = null;
      forEachUser((user) => user.onWorkerLost(error));
    },

    async resume() {
      for (let attempt = 0; users.size > 0; attempt += 1) {
        try {
          await askFor(await client.join(), firstUser());
          return;
        } catch (error) {
          // It has died as well; its own death leads here again.
          if (isHubshareError(error) && error.code === 'worker-lost') return;
          const wire = isHubshareError(error) ? error.wire : wireError('worker-lost', String(error), {});
          if (FENCES.has(wire.code)) {
            channel.fence(wire);
            return;
          }
          const delayMs = REJOIN_DELAYS_MS[attempt];
          forEachUser((user) => {
            if (delayMs === undefined || !user.reconnects) user.onAbandoned(wire);
          });
          if (delayMs !== undefined && users.size > 0) await pause(delayMs);
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
      if (matches !== undefined) for (const [topic, key] of matches) topics.onEvent(topic, key, args);
    },

    onRetained: (topic, key, args, atMs) => topics.onRetained(topic, key, args, atMs),
    onRefused: (topic, key, error) => topics.onRefused(topic, key, error),

    onStatus(next) {
      status = next;
      // Calls end before the users are told of the end, as with SignalR.
      if (next.phase === 'closed' && next.error !== null && FENCES.has(next.error.code)) endWork(next.error);
      // Before the users are told: what they call then comes after what they had called before.
      if (resendDue && next.phase === 'live' && client.stay !== null) {
        resendDue = false;
        calls.resend(client.stay);
      }
      const stay = taken();
      if (next.phase === 'live' && stay !== null) topics.say(stay);
      forEachUser((user) => user.onStatus(next));
      if (resendDue && (next.phase === 'resting' || next.phase === 'closed')) {
        resendDue = false;
        calls.rejectAll(next.error ?? STOPPED);
      }
    },

    onGap(dropped) {
      forEachUser((user) => user.onGap(dropped));
    },

    onItem: (callId, item) => calls.item(callId, item),
    onStreamEnd: (callId, error) => calls.ended(callId, error),

    onLog(level, text) {
      forEachUser((user) => user.onLog(level, text));
    },
  };
  return channel;
}

/**
 * Whom the connections of a page say that it shows.
 *
 * @throws {HubshareError} `option-invalid` They name two.
 */
function identityOf(users: readonly ChannelUser[]): string | null {
  const said = new Set(users.flatMap(({ identity }) => identity ?? []));
  const [first = null] = said;
  if (said.size <= 1) return first;
  const message = 'withIdentity: two connections of this page to the same hub show two users.';
  throw new HubshareError(wireError('option-invalid', message, { option: 'withIdentity' }));
}

const ANOTHER_USER = wireError('identity-changed', 'This page shows another user now.', {});

/** SignalR's own words for a call that ends with its connection. */
const STOPPED = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});
