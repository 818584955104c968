/** What this tab does at one hub for the user who is signed in: calls, claims, members of topics, answers. It ends with the sign-in. */
import { errorFromWire, wireError, type WireError } from '../contract/errors.js';
import type { HubQuestion } from '../contract/rpc.js';
import type { Attachment, Remembered } from './attachment.js';
import type { ChannelUser } from './channel-user.js';
import { createClaims } from './claims.js';
import { createHubAnswers, type HubAnswers } from './hub-answers.js';
import { createPendingCalls, type OngoingCall, type OutgoingCall, type PendingCalls } from './pending-calls.js';
import type { Stay, TabClient } from './tab-client.js';
import { createTopicKeys, type TopicKeys, type TopicListener } from './topics.js';

export interface UserWork extends Remembered {
  readonly calls: Pick<PendingCalls, 'accepted' | 'acceptedByDead' | 'item' | 'ended'>;
  readonly topics: Pick<TopicKeys, 'letGo' | 'onEvent' | 'onRetained' | 'onRefused'>;
  readonly answers: Pick<HubAnswers, 'fetchAccessToken' | 'nextRetryDelay'>;
  /** Nothing is open that needs this page. */
  readonly isIdle: boolean;
  /** Aborted, with why, when the user is signed in no more; another one from then on. Whoever works for the user stops then. */
  readonly signedIn: AbortSignal;
  call(user: ChannelUser, wanted: OutgoingCall): OngoingCall;
  /** @returns `true` for one call in one tab of all that claim the same. */
  claim(user: ChannelUser, id: string): Promise<boolean>;
  /** The user wants the events of a member of a topic. */
  hold(user: ChannelUser, listener: TopicListener): void;
  /** @returns Whether this tab has handlers for the method, and so will answer. */
  takeQuestion(question: HubQuestion, stay: Stay): boolean;
  /** A worker has taken the wish of these users, and so knows what topics they declare: it is told what they hold and claim. */
  begin(stay: Stay, told: readonly ChannelUser[]): void;
  /** The hub is connected. */
  live(): void;
  /** The hub is not connected, and nobody tries. */
  rested(error: WireError | null): void;
  workerLost(): void;
  /**
   * A user has let the hub go, and is none any more.
   *
   * @returns Ends its calls, for which the worker may still have a word.
   */
  withdraw(user: ChannelUser): () => void;
  /** The user is signed in no more: what was asked of the hub for that one ends, with why. */
  end(why: WireError): void;
}

/** @param users - Those who want the hub now. */
export function createUserWork(
  client: TabClient,
  hub: string,
  users: ReadonlySet<ChannelUser>,
  attachment: Pick<Attachment, 'takenIn'>,
): UserWork {
  const told = (): Stay | null => attachment.takenIn;
  const calls = createPendingCalls();
  const claims = createClaims(hub, told, (owner) => users.has(owner as ChannelUser));
  const topics = createTopicKeys(hub, told);
  const answers = createHubAnswers(users);
  /** The users of which a worker knows what topics they declare. */
  const declared = new Set<ChannelUser>();
  /** A worker died: calls that it never accepted wait for the hub to be live again. */
  let resendDue = false;
  let signedIn = new AbortController();

  return {
    calls,
    topics,
    answers,
    get learnedTopics() {
      return topics.learned;
    },
    get settledClaims() {
      return claims.settled;
    },
    get isIdle() {
      return calls.isIdle && claims.isIdle && answers.isIdle;
    },
    get signedIn() {
      return signedIn.signal;
    },

    call: (user, wanted) => calls.start(user, hub, wanted, client.stay),
    claim: (user, id) => claims.make(user, id),
    hold(user, listener) {
      // Else a worker may be asked for a topic that it has not heard of; with the wish of its user it is told.
      if (declared.has(user)) topics.hold(listener);
    },
    takeQuestion(question, stay) {
      // One that waits for its turn may be of the user before.
      const { signal } = signedIn;
      return answers.takeQuestion(question, stay, () => !signal.aborted);
    },

    begin(stay, said) {
      for (const user of said) {
        if (!users.has(user) || declared.has(user)) continue;
        declared.add(user);
        for (const listener of user.topicListeners()) topics.hold(listener);
      }
      topics.say(stay);
      claims.say(stay);
    },

    live() {
      if (resendDue && client.stay !== null) {
        resendDue = false;
        calls.resend(client.stay);
      }
      const stay = told();
      if (stay !== null) topics.say(stay);
    },

    rested(error) {
      if (!resendDue) return;
      resendDue = false;
      calls.rejectAll(error ?? STOPPED);
    },

    workerLost() {
      calls.workerLost();
      resendDue = true;
    },

    withdraw(user) {
      const endCalls = calls.withdraw(user);
      claims.withdraw(user, STOPPED);
      declared.delete(user);
      if (users.size > 0) {
        for (const listener of user.topicListeners()) topics.letGo(listener);
      } else {
        resendDue = false;
        topics.clear();
        claims.clear();
      }
      return () => endCalls(STOPPED);
    },

    end(why) {
      resendDue = false;
      calls.rejectAll(why);
      for (const user of users) claims.withdraw(user, why);
      claims.clear();
      topics.clear();
      declared.clear();
      const before = signedIn;
      signedIn = new AbortController();
      before.abort(errorFromWire(why));
    },
  };
}

/** SignalR's own words for a call that ends with its connection. */
const STOPPED = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});
