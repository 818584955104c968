/** What tabs say of topics, checked: how they are declared, and which member of one a tab means. */
import type { KeyPath, TopicDeclaration, TopicKey } from '../../src/contract/topics.js';
import { checkClientMethod, checkMethod } from './check-method.js';
import { checkList, checkText, checkWhole, fail, fields } from './check-value.js';

/** Topics that a tab may declare for one hub. */
const MAX_TOPICS = 100;

/** Arguments that an event may have before the one that holds the key. */
const MAX_ARGUMENT = 20;

/** Steps from the argument to the key. */
const MAX_STEPS = 20;

export function checkTopics(value: unknown): Readonly<Record<string, TopicDeclaration>> {
  const declared = Object.entries(fields(value, 'topics'));
  if (declared.length > MAX_TOPICS) fail(`topics must be at most ${MAX_TOPICS}.`);
  return Object.fromEntries(
    declared.map(([name, declaration]) => [checkTopicName(name), checkDeclaration(declaration, name)]),
  );
}

export function checkTopicName(value: unknown): string {
  const name = checkText(value, 'the name of a topic', 1_000);
  // A NUL parts the name from the key where both stand in one text.
  return name.includes('\0') ? fail('the name of a topic must not hold a NUL character.') : name;
}

export function checkTopicKey(value: unknown): TopicKey {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return typeof value === 'string' && value.length > 0 && value.length <= 1_000
    ? value
    : fail('the key of a topic must be a text of 1 to 1000 characters or a finite number.');
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
  if (names.length > MAX_STEPS) fail(`keyPath must have at most ${MAX_STEPS} names after the number of the argument.`);
  return [
    checkWhole(argument, 'the first item of keyPath', MAX_ARGUMENT),
    ...names.map((name) =>
      typeof name === 'number'
        ? checkWhole(name, 'a number in keyPath', Number.MAX_SAFE_INTEGER)
        : checkText(name, 'a name in keyPath', 1_000),
    ),
  ];
}
