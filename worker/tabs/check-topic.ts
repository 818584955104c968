/** What tabs say of topics, checked: how they are declared, and which member of one a tab means. */
import {
  MAX_KEY_ARGUMENT,
  MAX_KEY_STEPS,
  MAX_TOPIC_TEXT,
  MAX_TOPICS,
  NAME_FROM_KEY,
  type KeyPath,
  type TopicDeclaration,
  type TopicKey,
} from '../../src/contract/topics.js';
import { checkClientMethod, checkMethod } from './check-method.js';
import { checkList, checkText, checkWhole, fail, fields } from './check-value.js';

export function checkTopics(value: unknown): Readonly<Record<string, TopicDeclaration>> {
  const declared = Object.entries(fields(value, 'topics'));
  if (declared.length > MAX_TOPICS) fail(`topics must be at most ${MAX_TOPICS}.`);
  return Object.fromEntries(
    declared.map(([name, declaration]) => [checkTopicName(name), checkDeclaration(declaration, name)]),
  );
}

export function checkTopicName(value: unknown): string {
  const name = checkText(value, 'the name of a topic', MAX_TOPIC_TEXT);
  return name.includes(NAME_FROM_KEY) ? fail('the name of a topic must not hold a NUL character.') : name;
}

export function checkTopicKey(value: unknown): TopicKey {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_TOPIC_TEXT
    ? value
    : fail(`the key of a topic must be a text of 1 to ${MAX_TOPIC_TEXT} characters or a finite number.`);
}

function checkDeclaration(value: unknown, name: string): TopicDeclaration {
  const declaration = fields(value, `the topic ${name}`);
  const event = checkClientMethod(declaration['event']);
  if (event !== event.toLowerCase()) fail(`the event of the topic ${name} must be in lower case.`);
  const retain = declaration['retain'];
  if (retain !== 'none' && retain !== 'last') fail(`retain of the topic ${name} must be 'none' or 'last'.`);
  return {
    event,
    join: checkMethod(declaration['join']),
    leave: checkMethod(declaration['leave']),
    keyPath: checkKeyPath(declaration['keyPath']),
    retain,
  };
}

function checkKeyPath(value: unknown): KeyPath {
  const [argument, ...names] = checkList(value, 'keyPath');
  if (names.length > MAX_KEY_STEPS)
    fail(`keyPath must have at most ${MAX_KEY_STEPS} names after the number of the argument.`);
  return [
    checkWhole(argument, 'the first item of keyPath', MAX_KEY_ARGUMENT),
    ...names.map((name) =>
      typeof name === 'number'
        ? checkWhole(name, 'a number in keyPath', Number.MAX_SAFE_INTEGER)
        : checkText(name, 'a name in keyPath', MAX_TOPIC_TEXT),
    ),
  ];
}
