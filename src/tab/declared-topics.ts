/** The topics that the connections of this tab declare, as one: the first that names a topic has it. */
import type { SettingDifference } from '../contract/rpc.js';
import { MAX_TOPICS, type TopicDeclaration } from '../contract/topics.js';
import type { ChannelUser } from './channel-user.js';

type Declarations = Readonly<Record<string, TopicDeclaration>>;

export function declaredTopics(users: Iterable<ChannelUser>): Declarations {
  const all: Record<string, TopicDeclaration> = {};
  for (const { declaredTopics: own } of users) {
    for (const [name, topic] of Object.entries(own)) if (!Object.hasOwn(all, name)) all[name] = topic;
  }
  return all;
}

/** What is said to a worker: with the topics that this tab only knows of, for the page that has declared them may not be there any more. */
export function withLearned(declared: Declarations, learned: Declarations): Declarations {
  const all = { ...declared };
  for (const [name, topic] of Object.entries(learned)) {
    if (Object.keys(all).length >= MAX_TOPICS) break;
    if (!Object.hasOwn(all, name)) all[name] = topic;
  }
  return all;
}

/** What a connection declares otherwise than another one of this tab has done before. */
export function topicDifferences(own: Declarations, inForce: Declarations): SettingDifference[] {
  return Object.entries(own).flatMap(([name, topic]) => {
    const [asked, held] = [text(topic), text(inForce[name] ?? topic)];
    return asked === held ? [] : [{ setting: `topics.${name}` as const, inForce: held, asked }];
  });
}

function text({ event, join, leave, keyPath, retain }: TopicDeclaration): string {
  return `${event}, ${join}, ${leave}, key ${keyPath.join('.')}, retain ${retain}`;
}
