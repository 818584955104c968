/** The topics of one connection, as the app uses them: its subscriptions, which outlast reconnects, workers and a stop. */
import { errorFromWire, HubshareError, wireError, type WireError } from '../contract/errors.js';
import { MAX_TOPIC_TEXT, type TopicKey } from '../contract/topics.js';
import { deferred } from '../tab/deferred.js';
import type { TopicListener } from '../tab/topics.js';
import { Level, type Log } from './log.js';
import { checkFunction, invalid } from './options.js';
import { checkTopicName } from './topic-options.js';

/** What comes with a value. */
export interface TopicValue {
  /** All arguments of the event. */
  readonly args: readonly unknown[];
  /** It is not new: the newest one there was when this tab came. */
  readonly retained: boolean;
  /** Milliseconds since the hub sent it; 0 for one that comes just now. */
  readonly ageMs: number;
}

/** @param value - The first argument of the event. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- untyped, as with SignalR
export type TopicHandler<T = any> = (value: T, about: TopicValue) => unknown;

export interface SubscribeOptions {
  /**
   * Told when the hub does not let this client join, also when it is joined anew after a reconnect. The subscription has ended then.
   *
   * @param error - `topic-refused`; `topic-unknown` when neither the worker nor a tab has declared the topic; or, as with `joined`,
   *   `call-failed`, `limit-reached`.
   */
  readonly onerror?: ((error: HubshareError) => void) | undefined;
}

export interface TopicSubscription {
  /**
   * Resolves when the hub has let this client join, after the retained value was handled. While there is no connection, before
   * `start()` too, that waits.
   *
   * @throws {HubshareError} `topic-refused`; `topic-unknown`; `stopped` when it was unsubscribed before; `call-failed` when the request
   *   that carried the join did; `limit-reached` for too many keys in one page.
   */
  readonly joined: Promise<void>;
  /** Its handler is called no more. The hub is left a while after the last tab has let the key go. */
  unsubscribe(): void;
}

/** One member of a topic, such as `cpu` of `metric`. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- untyped, as with SignalR
export interface Topic<T = any> {
  readonly name: string;
  readonly key: TopicKey;
  /**
   * Joins the member on the hub if no tab has done so, and hears its events. May be called before `start()`; holds until
   * `unsubscribe()`, over reconnects and `stop()` and `start()`.
   *
   * @throws {HubshareError} `option-invalid`
   */
  subscribe(handler: TopicHandler<T>, options?: SubscribeOptions): TopicSubscription;
}

export interface Topics {
  topic<T>(name: string, key: TopicKey): Topic<T>;
  /** The subscriptions of now. */
  listeners(): Iterable<TopicListener>;
}

export interface TopicsParts {
  /** The connection, which handlers get as `this`. */
  readonly self: object;
  readonly log: Log;
  readonly hold: (listener: TopicListener) => void;
  readonly letGo: (listener: TopicListener) => void;
}

export function createTopics({ self, log, hold, letGo }: TopicsParts): Topics {
  const listeners = new Set<TopicListener>();

  function subscribe(
    topic: string,
    key: TopicKey,
    handler: TopicHandler,
    onerror: SubscribeOptions['onerror'],
  ): TopicSubscription {
    const { promise, resolve, reject } = deferred<undefined>();
    let isPromiseUsed = false;
    let isJoined = false;
    // Whoever does not look at it is told in the log, not by an `unhandledrejection`.
    promise.catch(() => undefined);

    function complain(what: string, error: unknown): void {
      log.insist(Level.error, `${what} of the topic '${topic}' threw error '${String(error)}'.`);
    }

    function run(args: unknown[], retainedAtMs: number | null): void {
      const retained = retainedAtMs !== null;
      const about = { args, retained, ageMs: retained ? Math.max(0, Date.now() - retainedAtMs) : 0 };
      try {
        const result: unknown = handler.call(self, args[0], about);
        if (result instanceof Promise) result.catch((error: unknown) => complain('A handler', error));
      } catch (error) {
        complain('A handler', error);
      }
    }

    function refuse(wire: WireError): void {
      const error = errorFromWire(wire);
      reject(error);
      if (onerror !== undefined) {
        try {
          onerror.call(self, error);
        } catch (thrown) {
          complain('An onerror callback', thrown);
        }
      } else if (isJoined || !isPromiseUsed) {
        const what = isJoined ? 'is joined no more' : 'was not joined';
        log.insist(Level.error, `The topic '${topic}' ${what}: ${error.message}`);
      }
    }

    const listener: TopicListener = {
      topic,
      key,
      onValue(args, retainedAtMs) {
        if (listeners.has(listener)) run(args, retainedAtMs);
      },
      onJoined() {
        if (!listeners.has(listener)) return;
        isJoined = true;
        resolve(undefined);
      },
      onRefused(error) {
        if (listeners.delete(listener)) refuse(error);
      },
    };
    listeners.add(listener);
    hold(listener);
    return {
      get joined() {
        isPromiseUsed = true;
        return promise;
      },
      unsubscribe() {
        if (!listeners.delete(listener)) return;
        letGo(listener);
        reject(
          new HubshareError(wireError('stopped', `The topic '${topic}' was unsubscribed before it was joined.`, {})),
        );
      },
    };
  }

  return {
    topic(name, key) {
      checkTopicName('topic', name);
      if (typeof key === 'string' ? key === '' || key.length > MAX_TOPIC_TEXT : !Number.isFinite(key)) {
        throw invalid('key', `must be a text of 1 to ${MAX_TOPIC_TEXT} characters, or a finite number.`);
      }
      return {
        name,
        key,
        subscribe(handler, options = {}) {
          checkFunction('handler', handler);
          const { onerror } = options;
          if (onerror !== undefined) checkFunction('onerror', onerror);
          return subscribe(name, key, handler, onerror);
        },
      };
    },
    listeners: () => listeners,
  };
}
