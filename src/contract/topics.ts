/** A hub subscription that tabs share: what is joined on the hub, and which events belong to which of its members. */

/** Names one member of a topic: `cpu` of `metric`. The number 1 and the text `1` are the same key; the hub is given what the app gave. */
export type TopicKey = string | number;

/** `last`: a tab that comes late is given the newest value of its key at once. */
export type Retain = 'none' | 'last';

/** Where an event's key is: the number of the argument, then names of properties or numbers of items on the way to it. */
export type KeyPath = readonly [argument: number, ...names: (string | number)[]];

/** Topics that a tab may declare for one hub. */
export const MAX_TOPICS = 100;

/** Characters of a name, a key, a method, or a step to the key. */
export const MAX_TOPIC_TEXT = 1_000;

/** Arguments that an event may have before the one that holds the key. */
export const MAX_KEY_ARGUMENT = 20;

/** Steps from the argument to the key. */
export const MAX_KEY_STEPS = 20;

/** Parts the name from the key where both stand in one text. */
export const NAME_FROM_KEY = '\0';

/** A topic as a tab declares it: all of it can be cloned. */
export interface TopicDeclaration {
  /** Client method whose events belong to the topic, lower-cased. */
  readonly event: string;
  /** Hub method that is called with the key when the first tab wants it. */
  readonly join: string;
  /** Hub method that is called with the key when the last tab has let it go. */
  readonly leave: string;
  readonly keyPath: KeyPath;
  readonly retain: Retain;
}

/** What a tab learns of a topic whose key it has joined. */
export interface TopicJoined {
  readonly retain: Retain;
  /** With which this tab can tell the next worker of the topic, though another page has declared it. `null`: the app's worker has. */
  readonly declaration: TopicDeclaration | null;
}

/** To which member of which topic an event belongs. The key as text: for comparison only. */
export type TopicMatch = readonly [topic: string, key: string];
