/** The topics that one hub knows by name: the worker's own, then those of the first tab that declares the name. */
import type { KeyPath, Retain, TopicDeclaration } from '../../src/contract/topics.js';
import { MAX_TOPICS_OF_HUB } from '../limits.js';
import { keyAt, type KeyOf } from './topic-keys.js';

export interface Topic extends Omit<TopicDeclaration, 'keyPath'> {
  readonly name: string;
  readonly retain: Retain;
  /** `null`: the key is found by a function of the app's worker. */
  readonly keyPath: KeyPath | null;
  readonly keyOf: KeyOf;
}

export interface TopicDeclarations {
  find(name: string): Topic | undefined;
  /** Names that are declared already stay as they are. They all stay until the hub is closed, as its settings do. Over the limit: ignored. */
  declare(topics: Readonly<Record<string, TopicDeclaration>>): void;
}

/** @param own - What the app's worker has declared for this hub. */
export function createTopicDeclarations(own: readonly Topic[] = []): TopicDeclarations {
  const topics = new Map(own.map((topic) => [topic.name, topic]));
  return {
    find: (name) => topics.get(name),
    declare(declared) {
      for (const [name, declaration] of Object.entries(declared))
        if (!topics.has(name) && topics.size < MAX_TOPICS_OF_HUB)
          topics.set(name, { name, ...declaration, keyOf: keyAt(declaration.keyPath) });
    },
  };
}
