/** A connection, as the channel of its hub sees it: what it was built with, and where it hears what. */
import type { HubSettings, SettingDifference } from '../contract/rpc.js';
import type { ChannelUser } from '../tab/channel-user.js';
import type { Handlers } from './handlers.js';
import type { Lifecycle } from './lifecycle.js';
import type { Log } from './log.js';
import type { ConnectionOptions } from './options.js';
import type { Topics } from './topics.js';
import type { WireForm } from './wire-form.js';

export interface ChannelUserParts {
  /** The connection, which handlers get as `this`. */
  readonly self: object;
  readonly options: ConnectionOptions;
  /** Read when the worker is told, so that fields set between build() and start() count. */
  readonly settings: () => HubSettings;
  readonly form: WireForm;
  readonly log: Log;
  readonly handlers: Handlers;
  readonly topics: Topics;
  readonly lifecycle: () => Lifecycle;
  readonly onDifferences: (differences: readonly SettingDifference[]) => void;
}

export function createChannelUser(parts: ChannelUserParts): ChannelUser {
  const { self, options, settings, form, log, handlers, topics, lifecycle, onDifferences } = parts;
  const { tokenFactory, retryPolicy, reconnects, logger, hiddenParkMs } = options;
  return {
    get settings() {
      return settings();
    },
    get isStarting() {
      return lifecycle().state === 'Connecting';
    },
    get identity() {
      return options.identity();
    },
    declaredTopics: options.topics,
    tokenFactory,
    retryPolicy,
    reconnects,
    wantsLog: logger !== null,
    hiddenParkMs,
    form,
    log: (level, text) => log.insist(level, text),
    methods: () => handlers.names(),
    topicListeners: () => topics.listeners(),
    handlersOf: (method) => handlers.of(method).map((handler) => (args) => handler.apply(self, args)),
    onEvent: (method, args) => handlers.run(self, method, args),
    onStatus: (status) => lifecycle().onStatus(status),
    onGap: (dropped) => lifecycle().onGap(dropped),
    onRestored: (restored) => lifecycle().onRestored(restored),
    onLog: (level, text) => {
      if (logger !== null) log.write(level, text);
    },
    onDifferences,
    onWorkerLost: (error) => lifecycle().onWorkerLost(error),
    onAbandoned: (error) => lifecycle().onAbandoned(error),
  };
}
