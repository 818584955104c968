/** One hub in this tab: what the tab's connections to it want together, said to the worker once, and said again to a new worker. */
import { isHubshareError, wireError, type WireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type { HubSettings, Reply } from '../contract/rpc.js';
import type { EntrySink } from './event-stream.js';
import { createPendingCalls, type CallKind } from './pending-calls.js';
import { REJOIN_DELAYS_MS } from '../contract/timing.js';
import { answered } from './answered.js';
import type { Stay, TabClient } from './tab-client.js';

export type TokenFactory = () => string | Promise<string>;

/** A `SharedHubConnection`, as its channel sees it. */
export interface ChannelUser {
  readonly settings: HubSettings;
  /** Client methods that it has handlers for, lower-cased. */
  methods(): Iterable<string>;
  readonly tokenFactory: TokenFactory | null;
  /** It wants to be connected again when the connection was lost. */
  readonly reconnects: boolean;
  onEvent(method: string, args: unknown[]): void;
  onStatus(status: HubStatus): void;
  onGap(dropped: number): void;
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
  detach(user: ChannelUser): Promise<void>;
  listen(method: string): void;
  unlisten(method: string): void;
  call(user: ChannelUser, kind: CallKind, method: string, args: readonly unknown[]): Promise<unknown>;
  fetchAccessToken(): Promise<Reply<string>>;
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

  async function sayWish(stay: Stay): Promise<void> {
    const first = [...users][0];
    if (first === undefined) return;
    toldIn = stay;
    const hasTokenFactory = [...users].some((user) => user.tokenFactory !== null);
    await answered(
      stay.api.attach({ hub, settings: first.settings, methods: [...wanted.keys()], hasTokenFactory }),
      stay.over,
    );
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
            await sayWish(stay);
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

    async detach(user) {
      if (!users.delete(user)) return;
      calls.rejectAll(STOPPED, user);
      const { stay } = client;
      if (users.size > 0) {
        for (const method of user.methods()) want(method, -1);
        // Who is left may have no token to give.
        if (stay !== null && stay === toldIn) void sayWish(stay).catch(() => undefined);
        return;
      }
      const wasTold = stay !== null && stay === toldIn;
      wanted.clear();
      status = null;
      resendDue = false;
      toldIn = null;
      endPause?.();
      if (wasTold) {
        try {
          await answered(stay.api.detach(hub), stay.over);
        } catch {
          // Gone with its worker, or never attached: either way this tab no longer holds the hub.
        }
      }
      client.released();
    },

    listen: (method) => want(method, 1),
    unlisten: (method) => want(method, -1),
    call: (user, kind, method, args) => calls.start(user, kind, hub, method, args, client.stay),

    async fetchAccessToken() {
      const factory = [...users].find((user) => user.tokenFactory !== null)?.tokenFactory;
      if (factory === undefined || factory === null) {
        return {
          ok: false,
          error: wireError('stopped', 'This tab has no accessTokenFactory for the hub.', {}),
        };
      }
      try {
        return { ok: true, value: await factory() };
      } catch (error) {
        const message = `accessTokenFactory failed: ${error instanceof Error ? error.message : String(error)}`;
        return { ok: false, error: wireError('token-unavailable', message, {}) };
      }
    },

    accepted: (callId) => calls.accepted(callId),
    acceptedByDead: (callId) => calls.acceptedByDead(callId),
    online: () => endPause?.(),

    workerLost(error) {
      calls.workerLost();
      resendDue = true;
      status = null;
      for (const user of [...users]) user.onWorkerLost(error);
    },

    async resume() {
      for (let attempt = 0; users.size > 0; attempt += 1) {
        try {
          await sayWish(await client.join());
          return;
        } catch (error) {
          // It has died as well; its own death leads here again.
          if (isHubshareError(error) && error.code === 'worker-lost') return;
          const wire = isHubshareError(error) ? error.wire : wireError('worker-lost', String(error), {});
          const delayMs = REJOIN_DELAYS_MS[attempt];
          for (const user of [...users]) if (delayMs === undefined || !user.reconnects) user.onAbandoned(wire);
          if (delayMs !== undefined && users.size > 0) await pause(delayMs);
        }
      }
    },

    onEvent(method, args) {
      for (const user of users) user.onEvent(method, args);
    },

    onStatus(next) {
      status = next;
      for (const user of [...users]) user.onStatus(next);
      if (!resendDue) return;
      if (next.phase === 'live' && client.stay !== null) {
        resendDue = false;
        calls.resend(client.stay);
      } else if (next.phase === 'resting' || next.phase === 'closed') {
        resendDue = false;
        calls.rejectAll(next.error ?? STOPPED);
      }
    },

    onGap(dropped) {
      for (const user of [...users]) user.onGap(dropped);
    },
  };
  return channel;
}

/** SignalR's own words for a call that ends with its connection. */
const STOPPED = wireError('stopped', 'Invocation canceled due to the underlying connection being closed.', {});
