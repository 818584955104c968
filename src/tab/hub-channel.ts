/** One hub in this tab: what the tab's connections to it want together, said to the worker once, and said again to a new worker. */
import type { IRetryPolicy } from '@microsoft/signalr';
import { errorFromWire, isHubshareError, isQuiet, wireError, type WireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type { HubQuestion, HubSettings, Reply, RetryContextData, SettingDifference } from '../contract/rpc.js';
import { handlersResult, type AskedUser } from './client-result.js';
import type { EntrySink } from './event-stream.js';
import { createPendingCalls, type OngoingCall, type OutgoingCall } from './pending-calls.js';
import { REJOIN_DELAYS_MS } from '../contract/timing.js';
import { answered } from './answered.js';
import type { Stay, TabClient } from './tab-client.js';

export type TokenFactory = () => string | Promise<string>;

/** A `SharedHubConnection`, as its channel sees it. */
export interface ChannelUser extends AskedUser {
  readonly settings: HubSettings;
  /** Client methods that it has handlers for, lower-cased. */
  methods(): Iterable<string>;
  readonly tokenFactory: TokenFactory | null;
  /** It wants to be connected again when the connection was lost. */
  readonly reconnects: boolean;
  readonly retryPolicy: IRetryPolicy | null;
  /** It wants SignalR's log. */
  readonly wantsLog: boolean;
  onEvent(method: string, args: unknown[]): void;
  onStatus(status: HubStatus): void;
  onGap(dropped: number): void;
  onLog(level: number, text: string): void;
  /** The hub is connected in another way than this user has asked for. */
  onDifferences(differences: readonly SettingDifference[]): void;
  /** The worker died; the channel is on its way to the next one. */
  onWorkerLost(error: WireError): void;
  /** The channel could not get to a new worker and gave up. */
  onAbandoned(error: WireError): void;
}

export interface HubChannel extends EntrySink {
  readonly hub: string;
  readonly isUsed: boolean;
  readonly status: HubStatus | null;
  /** The user wants the hub: joins the worker if need be, and wakes a hub that rests. */
  attach(user: ChannelUser): Promise<void>;
  /**
   * @param then - Called in the same turn as, and after, the calls of the user that are still open have ended. Before that the
   *   worker has said all that it had to say of them.
   */
  detach(user: ChannelUser, then?: () => void): Promise<void>;
  listen(method: string): void;
  unlisten(method: string): void;
  call(user: ChannelUser, wanted: OutgoingCall): OngoingCall;
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
}

export function createHubChannel(client: TabClient, hub: string): HubChannel {
  const users = new Set<ChannelUser>();
  /** How many handlers of how many users want each method. */
  const wanted = new Map<string, number>();
  const calls = createPendingCalls();
  let status: HubStatus | null = null;
  /** A worker died: calls that it never accepted wait for the hub to be live again. */
  let resendDue = false;
  /** The stay in which the worker was told of this hub; changes of what is wanted go there as they happen. */
  let toldIn: Stay | null = null;
  let endPause: (() => void) | null = null;

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
    const { differences } = await answered(
      stay.api.attach({
        hub,
        settings: speaker.settings,
        methods: [...wanted.keys()],
        opens,
        hasTokenFactory: all.some((user) => user.tokenFactory !== null),
        hasRetryPolicy: all.some((user) => user.retryPolicy !== null),
        wantsLog: all.some((user) => user.wantsLog),
      }),
      stay.over,
    );
    return differences;
  }

  async function askFor(stay: Stay, speaker: ChannelUser | undefined): Promise<void> {
    if (speaker === undefined) return;
    const differences = await sayWish(stay, speaker, true);
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

  const firstUser = (): ChannelUser | undefined => users.values().next().value;

  async function answerQuestion({ questionId, method, args, after }: HubQuestion, stay: Stay): Promise<void> {
    const turn = stay.events.reached(after);
    if (turn !== undefined) await turn;
    if (stay.over.aborted) return;
    const result = await handlersResult([...users], method, [...args]);
    // A worker that has died meanwhile has taken the question with it.
    if (!stay.over.aborted) await stay.api.answer(questionId, result);
  }

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
    get isUsed() {
      return users.size > 0;
    },
    get status() {
      return status;
    },

    async attach(user) {
      const isNew = !users.has(user);
      users.add(user);
      if (isNew) for (const method of user.methods()) want(method, 1);
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
      const endCalls = calls.withdraw(user);
      const { stay } = client;
      const told = stay !== null && stay === toldIn ? stay : null;
      const left = firstUser();
      if (left === undefined) {
        wanted.clear();
        status = null;
        resendDue = false;
        toldIn = null;
        endPause?.();
      } else {
        for (const method of user.methods()) want(method, -1);
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
    call: (user, wanted) => calls.start(user, hub, wanted, client.stay),

    async fetchAccessToken() {
      const factory = [...users].find((user) => user.tokenFactory !== null)?.tokenFactory;
      if (factory === undefined || factory === null) return nothingHere('accessTokenFactory');
      try {
        return { ok: true, value: await factory() };
      } catch (error) {
        const message = `accessTokenFactory failed: ${error instanceof Error ? error.message : String(error)}`;
        return { ok: false, error: wireError('token-unavailable', message, {}) };
      }
    },

    takeQuestion(question, stay) {
      if (![...users].some((user) => user.handlersOf(question.method).length > 0)) return false;
      // A result that cannot cross would leave the hub waiting: the worker is told so instead.
      answerQuestion(question, stay).catch((error: unknown) => {
        stay.api.answer(question.questionId, { kind: 'error', text: String(error) }).catch(() => undefined);
      });
      return true;
    },

    nextRetryDelay({ previousRetryCount, elapsedMilliseconds, retryReason }) {
      const user = [...users].find(({ retryPolicy }) => retryPolicy !== null);
      if (user === undefined || user.retryPolicy === null) return nothingHere('retry policy');
      try {
        const delayMs: unknown = user.retryPolicy.nextRetryDelayInMilliseconds({
          previousRetryCount,
          elapsedMilliseconds,
          retryReason: isQuiet(retryReason) ? new Error(UNKNOWN_REASON) : errorFromWire(retryReason),
        });
        if (delayMs === null) return { ok: true, value: null };
        // As with SignalR, whose timer takes what is no number for 0.
        return {
          ok: true,
          value: typeof delayMs === 'number' && delayMs > 0 && Number.isFinite(delayMs) ? delayMs : 0,
        };
      } catch (error) {
        const asked = `IRetryPolicy.nextRetryDelayInMilliseconds(${previousRetryCount}, ${elapsedMilliseconds})`;
        user.log(4, `${asked} threw error '${String(error)}'.`);
        return { ok: true, value: null };
      }
    },

    accepted: (callId) => calls.accepted(callId),
    acceptedByDead: (callId) => calls.acceptedByDead(callId),
    online: () => endPause?.(),

    workerLost(error) {
      calls.workerLost();
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
          const delayMs = REJOIN_DELAYS_MS[attempt];
          forEachUser((user) => {
            if (delayMs === undefined || !user.reconnects) user.onAbandoned(wire);
          });
          if (delayMs !== undefined && users.size > 0) await pause(delayMs);
        }
      }
    },

    onEvent(method, args) {
      forEachUser((user) => user.onEvent(method, args));
    },

    onStatus(next) {
      status = next;
      // Before the users are told: what they call then comes after what they had called before.
      if (resendDue && next.phase === 'live' && client.stay !== null) {
        resendDue = false;
        calls.resend(client.stay);
      }
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

function nothingHere(what: string): { readonly ok: false; readonly error: WireError } {
  return { ok: false, error: wireError('stopped', `This tab has no ${what} for the hub.`, {}) };
}

/** SignalR's own words where the hub gave none. */
const UNKNOWN_REASON = 'Attempting to reconnect due to a unknown error.';

/** SignalR's own words for a call that ends with its connection. */
const STOPPED = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});
