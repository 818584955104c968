/** A connection as the channel of its hub sees it, without an app: it keeps what it is told. */
import { PLAIN_SETTINGS } from '../../../worker/testing/plain-wish.js';
import type { ChannelUser } from '../channel-user.js';

export interface FakeUser extends ChannelUser {
  readonly told: unknown[];
}

/** @param handlers - By client method. */
export function fakeUser(
  more: Partial<ChannelUser> = {},
  handlers: Record<string, (...args: unknown[]) => unknown> = {},
): FakeUser {
  const told: unknown[] = [];
  return {
    told,
    settings: PLAIN_SETTINGS,
    tokenFactory: null,
    retryPolicy: null,
    reconnects: true,
    wantsLog: false,
    isStarting: false,
    identity: null,
    declaredTopics: {},
    hiddenParkMs: 1_000,
    methods: () => Object.keys(handlers),
    topicListeners: () => [],
    onRestored: () => undefined,
    handlersOf: (method) => {
      const handler = handlers[method];
      return handler === undefined ? [] : [(args) => handler(...args)];
    },
    form: (value) => value,
    log: (level, text) => told.push(`${level} ${text}`),
    onEvent: () => undefined,
    onStatus: () => undefined,
    onGap: () => undefined,
    onLog: (level, text) => told.push(`log ${level} ${text}`),
    onDifferences: (differences) => told.push(differences),
    onWorkerLost: () => undefined,
    onAbandoned: () => undefined,
    ...more,
  };
}
