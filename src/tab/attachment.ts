/** What the connections of this tab want of one hub together: said to the worker, kept up to date there, said again to the next one. */
import { HubshareError, wireError } from '../contract/errors.js';
import type { Reply, SettingDifference } from '../contract/rpc.js';
import { ADMIT_REPLY_MS, CONTROL_REPLY_MS } from '../contract/timing.js';
import type { TopicDeclaration } from '../contract/topics.js';
import { answered } from './answered.js';
import type { ChannelUser } from './channel-user.js';
import { ERROR } from './client-result.js';
import { declaredTopics, topicDifferences, withLearned } from './declared-topics.js';
import type { Stay, TabClient } from './tab-client.js';

/** What a worker that is new to the hub learns from this tab, whoever of its connections had it from the worker before. */
export interface Remembered {
  readonly learnedTopics: Readonly<Record<string, TopicDeclaration>>;
  /** Oldest first. */
  readonly settledClaims: readonly string[];
}

export interface Attachment {
  /** Which of this page's attachments is the present one: entries of an earlier one are not for its users. */
  readonly number: number;
  /** The last wish to have the hub opened, of this tab. */
  readonly opening: number;
  /** The stay in which the worker was told of this hub: it is told of changes, and of the end. `null`: no living worker was. */
  readonly toldIn: Stay | null;
  /** The stay in which the worker has taken the wish: it can be told of topics and claims. */
  readonly takenIn: Stay | null;
  /** One user more, or one less, has handlers for the client method. */
  want(method: string, change: 1 | -1): void;
  /**
   * Takes note of whom the connections say that the page shows.
   *
   * @returns Whether that is another user than before.
   * @throws {HubshareError} `option-invalid` They name two.
   */
  noteIdentity(): boolean;
  /**
   * @param speaker - Whose settings are asked for.
   * @param opens - The hub is wanted; otherwise only what is wanted of it has changed.
   * @returns The settings that are not in force.
   * @throws {HubshareError} `option-invalid`, `worker-lost`, `worker-unreachable`; why the worker does not take it.
   */
  say(stay: Stay, speaker: ChannelUser, opens: boolean, remembered: Remembered): Promise<readonly SettingDifference[]>;
  /** From here on it is another attachment, of which no worker has heard. */
  renew(): void;
  /** The last user has let the hub go. */
  release(): void;
}

/** Both of this page: a channel that is made anew goes on counting. */
let attachments = 0;
let openings = 0;

export function createAttachment(client: TabClient, hub: string, users: ReadonlySet<ChannelUser>): Attachment {
  /** How many handlers of how many users want each method. */
  const wanted = new Map<string, number>();
  let number = 0;
  let opening = 0;
  /** Whom the users that are here have said that the page shows. */
  let shown: string | null = null;
  let toldIn: Stay | null = null;
  let takenIn: Stay | null = null;
  /** The worker of that stay lives. */
  const alive = (stay: Stay | null): Stay | null => (stay === client.stay ? stay : null);

  /** Each connection of the page is within the limit, or its `on()` had thrown; together they may not be. */
  function tellIfTooMany(reply: Reply<void>): void {
    if (reply.ok || reply.error.code !== 'limit-reached') return;
    for (const user of users) user.log(ERROR, reply.error.message);
  }

  return {
    get number() {
      return number;
    },
    get opening() {
      return opening;
    },
    get toldIn() {
      return alive(toldIn);
    },
    get takenIn() {
      return alive(takenIn);
    },

    want(method, change) {
      const count = (wanted.get(method) ?? 0) + change;
      if (count <= 0) wanted.delete(method);
      else wanted.set(method, count);
      const stay = alive(toldIn);
      const becameDifferent = change === 1 ? count === 1 : count === 0;
      if (!becameDifferent || stay === null) return;
      // Sent on the same port as calls, so a handler that is set before a call hears what the call causes.
      if (change === -1) void stay.api.unsubscribe(hub, method);
      else void stay.api.subscribe(hub, method).then(tellIfTooMany, () => undefined);
    },

    noteIdentity() {
      const identity = identityOf(users);
      const isAnother = identity !== null && shown !== null && identity !== shown;
      shown = identity ?? shown;
      return isAnother;
    },

    async say(stay, speaker, opens, { learnedTopics, settledClaims }) {
      toldIn = stay;
      if (opens) opening = openings += 1;
      const said = number;
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
          topics: withLearned(inForce, learnedTopics),
          settledClaims,
          identity,
          attachment: said,
          opening,
        }),
        stay.over,
        identity === null ? CONTROL_REPLY_MS : ADMIT_REPLY_MS,
      );
      // Unless the hub was let go meanwhile, and perhaps asked for anew: that one has an answer of its own.
      if (opens && toldIn === stay && number === said) takenIn = stay;
      const here = topicDifferences(speaker.declaredTopics, inForce);
      return [...here, ...differences.filter(({ setting }) => here.every((own) => own.setting !== setting))];
    },

    renew() {
      number = attachments += 1;
      toldIn = takenIn = null;
    },

    release() {
      wanted.clear();
      toldIn = takenIn = shown = null;
    },
  };
}

/**
 * Whom the connections of a page say that it shows.
 *
 * @throws {HubshareError} `option-invalid` They name two.
 */
function identityOf(users: Iterable<ChannelUser>): string | null {
  const said = new Set([...users].flatMap(({ identity }) => identity ?? []));
  const [first = null] = said;
  if (said.size <= 1) return first;
  const message = 'withIdentity: two connections of this page to the same hub show two users.';
  throw new HubshareError(wireError('option-invalid', message, { option: 'withIdentity' }));
}
