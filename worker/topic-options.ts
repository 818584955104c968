/** The hubs that an app's own worker names in `serveHubs()`, and the topics that it declares for them. */
import { isReservedMethod } from '../src/contract/client-methods.js';
import { HubshareError, wireError } from '../src/contract/errors.js';
import { readKeyPath } from '../src/contract/key-path.js';
import { MAX_TOPIC_TEXT, MAX_TOPICS, type KeyPath, type Retain, type TopicKey } from '../src/contract/topics.js';
import type { Topic } from './delivery/topic-declarations.js';
import { keyAt } from './delivery/topic-keys.js';

/** A hub subscription that tabs share: joined on the hub once, however many tabs want it. */
export interface TopicOptions {
  /** Client method whose events belong to the topic; upper and lower case are the same. */
  readonly event: string;
  /** Hub method that is called with the key when the first tab wants it. */
  readonly join: string;
  /** Hub method that is called with the key when the last tab has let it go. */
  readonly leave: string;
  /**
   * Where the key of an event is: a path in its first argument (`name`, `a.b`), a list that begins with the number of the argument,
   * or a function of all its arguments. An event without a key goes to the tabs with a plain `on` handler only.
   */
  // `any`: the app knows what its hub sends.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly key: string | KeyPath | ((...args: any[]) => TopicKey | null | undefined);
  /** `last`: a tab that comes late is given the newest value of its key at once. Default `none`. */
  readonly retain?: Retain;
}

export interface HubOptions {
  /** By the name by which tabs ask for them: `connection.topic('metric', 'cpu')`. */
  readonly topics?: Readonly<Record<string, TopicOptions>>;
}

/** The topics of each hub, by `hubKey`. */
export type WorkerTopics = ReadonlyMap<string, readonly Topic[]>;

/** A hub's query is no part of its name: it may differ from tab to tab. */
export function hubKey(url: string, base?: string): string {
  const { origin, pathname } = new URL(url, base);
  return origin + pathname;
}

/**
 * @param base - The worker's own address, against which paths are resolved.
 * @throws {HubshareError} `option-invalid`
 */
export function resolveHubs(hubs: unknown, base: string | undefined): WorkerTopics {
  const resolved = new Map<string, readonly Topic[]>();
  for (const [address, options] of Object.entries(checkObject('hubs', hubs ?? {}))) {
    const option = `hubs['${address}']`;
    const key = resolveHub(option, address, base);
    if (resolved.has(key)) throw invalid(option, `is the same hub as another one of the list: ${key}.`);
    const { topics } = checkObject(option, options, ['topics']);
    const declared = Object.entries(checkObject(`${option}.topics`, topics ?? {}));
    if (declared.length > MAX_TOPICS) throw invalid(`${option}.topics`, `must be ${MAX_TOPICS} topics at most.`);
    resolved.set(
      key,
      declared.map(([name, topic]) => checkTopic(`${option}.topics.${name}`, name, topic)),
    );
  }
  return resolved;
}

function resolveHub(option: string, address: string, base: string | undefined): string {
  try {
    return hubKey(address, base);
  } catch {
    throw invalid(option, "must be named by its URL or its path, such as '/hubs/ops'.");
  }
}

function checkTopic(option: string, name: string, given: unknown): Topic {
  const topic = checkObject(option, given, ['event', 'join', 'leave', 'key', 'retain']);
  const { key, retain = 'none' } = topic;
  if (name === '' || name.length > MAX_TOPIC_TEXT) {
    throw invalid(option, `needs a name of ${MAX_TOPIC_TEXT} characters at most.`);
  }
  const event = checkText(`${option}.event`, topic['event']).toLowerCase();
  if (isReservedMethod(event)) throw invalid(`${option}.event`, `"${event}" cannot be the name of a client method.`);
  if (retain !== 'none' && retain !== 'last') throw invalid(`${option}.retain`, "must be 'none' or 'last'.");
  const keyPath = typeof key === 'function' ? null : readKeyPath(key);
  if (keyPath === null && typeof key !== 'function') {
    throw invalid(
      `${option}.key`,
      "must be a path such as 'name', a list that begins with the number of the argument, or a function of the event's arguments.",
    );
  }
  return {
    name,
    event,
    join: checkText(`${option}.join`, topic['join']),
    leave: checkText(`${option}.leave`, topic['leave']),
    retain,
    keyPath,
    keyOf: keyPath === null ? (args) => (key as (...all: readonly unknown[]) => unknown)(...args) : keyAt(keyPath),
  };
}

function checkText(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TOPIC_TEXT) return value;
  throw invalid(option, `must be the name of a method, of ${MAX_TOPIC_TEXT} characters at most.`);
}

/** @param known - The only names that it may have; `undefined`: any. */
function checkObject(option: string, value: unknown, known?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(option, 'must be an object.');
  for (const name of known === undefined ? [] : Object.keys(value)) {
    if (known?.includes(name) !== true) throw invalid(`${option}.${name}`, 'there is no such option of serveHubs().');
  }
  return value as Readonly<Record<string, unknown>>;
}

function invalid(option: string, message: string): HubshareError<'option-invalid'> {
  return new HubshareError(wireError('option-invalid', `serveHubs(): ${option} ${message}`, { option }));
}
