/** Topics as an app declares them with the builder, checked and brought into the form that crosses to the worker. */
import { isReservedMethod } from '../contract/client-methods.js';
import { readKeyPath } from '../contract/key-path.js';
import {
  MAX_KEY_ARGUMENT,
  MAX_KEY_STEPS,
  MAX_TOPIC_TEXT,
  MAX_TOPICS,
  NAME_FROM_KEY,
  type KeyPath,
  type Retain,
  type TopicDeclaration,
} from '../contract/topics.js';
import { checkText, invalid, unsupported } from './options.js';

/** How a topic is joined, and which events belong to it. */
export interface TopicOptions {
  /** Client method whose events belong to the topic. */
  readonly event: string;
  /** Hub method that is called with the key when the first tab subscribes. */
  readonly join: string;
  /** Hub method that is called with the key a while after the last tab has unsubscribed. */
  readonly leave: string;
  /**
   * Where the key is in an event: a property of the first argument (`'name'`, `'source.id'`), or a list that begins with the number
   * of the argument (`[1, 'name']`, or `[0]` for the first argument itself). A function needs a worker of the app's own, which
   * declares the topic in `serveHubs()`.
   */
  readonly key: string | readonly [argument: number, ...names: (string | number)[]];
  /** `last`: whoever subscribes late is given the newest value at once. Default `none`. */
  readonly retain?: Retain | undefined;
}

/** Topics by name. */
export type TopicDeclarations = Readonly<Record<string, TopicOptions>>;

const NAMES: ReadonlySet<string> = new Set([
  'event',
  'join',
  'leave',
  'key',
  'retain',
] satisfies (keyof TopicOptions)[]);

/** @throws {HubshareError} `option-invalid`, `option-unsupported` */
export function checkTopics(given: unknown): Readonly<Record<string, TopicDeclaration>> {
  if (!isObject(given)) throw invalid('withTopics', 'must be an object of topics by name.');
  const declared = Object.entries(given);
  if (declared.length > MAX_TOPICS) throw invalid('withTopics', `must have at most ${MAX_TOPICS} topics.`);
  return Object.fromEntries(
    declared.map(([name, topic]) => [checkTopicName('withTopics', name), checkTopic(`topics.${name}`, topic)]),
  );
}

/** @throws {HubshareError} `option-invalid` */
export function checkTopicName(option: string, name: unknown): string {
  const text = checkShortText(option, name);
  if (text.includes(NAME_FROM_KEY)) throw invalid(option, 'the name of a topic must not hold a NUL character.');
  return text;
}

function checkShortText(option: string, value: unknown): string {
  const text = checkText(option, value);
  if (text.length > MAX_TOPIC_TEXT) throw invalid(option, `must have at most ${MAX_TOPIC_TEXT} characters.`);
  return text;
}

function checkTopic(option: string, topic: unknown): TopicDeclaration {
  if (!isObject(topic)) throw invalid(option, 'must be an object with event, join, leave and key.');
  const { event, join, leave, key, retain = 'none' } = topic;
  for (const name of Object.keys(topic)) {
    if (!NAMES.has(name)) throw invalid(`${option}.${name}`, 'there is no such option of a topic.');
  }
  const eventName = checkShortText(`${option}.event`, event);
  if (isReservedMethod(eventName)) throw invalid(`${option}.event`, 'this cannot be the name of a client method.');
  if (retain !== 'none' && retain !== 'last') throw invalid(`${option}.retain`, "must be 'none' or 'last'.");
  return {
    event: eventName.toLowerCase(),
    join: checkShortText(`${option}.join`, join),
    leave: checkShortText(`${option}.leave`, leave),
    keyPath: checkKey(`${option}.key`, key),
    retain,
  };
}

function checkKey(option: string, key: unknown): KeyPath {
  if (typeof key === 'function') {
    throw unsupported(
      option,
      'a function cannot cross to the worker. Give a path, or declare the topic in serveHubs().',
    );
  }
  const path = readKeyPath(key);
  if (path === null)
    throw invalid(option, "must be a path such as 'name' or 'source.id', or a list such as [1, 'name'].");
  const [argument, ...names] = path;
  if (argument > MAX_KEY_ARGUMENT) throw invalid(option, `the number of the argument is at most ${MAX_KEY_ARGUMENT}.`);
  if (names.length > MAX_KEY_STEPS) throw invalid(option, `must have at most ${MAX_KEY_STEPS} steps to the key.`);
  for (const name of names) if (typeof name === 'string') checkShortText(option, name);
  return path;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
