import { isDeepStrictEqual } from 'node:util';
import { JsonHubProtocol, MessageType, NullLogger, type HubMessage } from '@microsoft/signalr';
import { expect, it } from 'vitest';
import { encodeEvent, encodeItem } from '../../delivery/encode.js';
import { readCall } from './client-result.js';
import { createHubProtocol } from './hub-protocol.js';

const END = '\u001e';

const parse = (frame: string): HubMessage[] =>
  createHubProtocol('json', { onClose: () => undefined, onFrame: () => undefined }).parseMessages(
    frame,
    NullLogger.instance,
  );

/** The payload of each event and item of a frame as tabs are posted it, after all that lies between. */
function posted(frame: string): string[] {
  return parse(frame).flatMap((message) => {
    if (message.type === MessageType.StreamItem)
      return [encodeItem(0, 'i', message.item).text.slice('[4,0,"i",'.length, -1)];
    if (message.type !== MessageType.Invocation) return [];
    return [encodeEvent(0, 'm', readCall(message.arguments).args).text.slice('[1,0,"m",'.length, -1)];
  });
}

it.each<[string, string]>([
  ['an object', '[{"b":1,"a":2}]'],
  ['nothing', '[]'],
  ['plain values', '["a",1,null,true]'],
  ['numbers that JavaScript would write differently', '[1e400,-0,12345678901234567890,1.0,0.1e1]'],
  ['escapes, as they are', '["\\u00e9\\ud83d\\ude00\\/\\n","é😀","\\u2028","\u2028"]'],
  ['lone surrogates', '["\\ud800"]'],
  ['spaces', '[ 1 , { "a" : [ ] } ]'],
  ['a name that is special to objects', '[{"__proto__":{"a":1},"constructor":1}]'],
  ['a name twice', '[{"a":1,"a":2}]'],
  ['what looks like the end of a message', '["]}","\\u001e","}"]'],
])('gives the text of arguments on: %s', (_, args) => {
  expect(posted(`{"type":1,"target":"metric","arguments":${args}}${END}`)).toEqual([args]);
});

it.each<[string, string]>([
  ['an object', '{"b":1e400,"a":-0}'],
  ['a list', '[ 1, {} ]'],
])('gives the text of an item on: %s', (_, item) => {
  expect(posted(`{"type":2,"invocationId":"7","item":${item}}${END}`)).toEqual([item]);
});

it.each<[string, string]>([
  ['of another order', '{"target":"metric","type":1,"arguments":[1.0]}'],
  ['with spaces', '{"type":1, "target":"metric","arguments":[1.0]}'],
  ['with a space at the end', '{"type":1,"target":"metric","arguments":[1.0] }'],
  ['with more members', '{"type":1,"target":"metric","arguments":[1.0],"streamIds":[]}'],
  ['with a member of a special name', '{"type":1,"target":"metric","arguments":[1.0],"__proto__":[]}'],
  ['whose arguments come twice', '{"type":1,"target":"metric","arguments":[2.0],"arguments":[1.0]}'],
  ['whose arguments come twice, with a space', '{"type":1,"target":"metric","arguments":[2.0],"arguments" :[1.0]}'],
  [
    'whose arguments come twice, once escaped',
    '{"type":1,"target":"metric","arguments":[2.0],"\\u0061rguments":[1.0]}',
  ],
  [
    'whose arguments come twice, escaped late',
    '{"type":1,"target":"metric","arguments":[2.0],"argument\\u0073":[1.0]}',
  ],
  ['whose arguments come before a second target', '{"type":1,"target":"a","arguments":[1.0],"target":"metric"}'],
  ['whose arguments come before a second type', '{"type":1,"target":"metric","arguments":[1.0],"type":1}'],
  ['of a target with an escape', '{"type":1,"target":"a\\"b","arguments":[1.0]}'],
])('writes arguments of a message anew %s', (_, message) => {
  expect(posted(message + END)).toEqual(['[1]']);
});

it.each<[string, string, string]>([
  ['that is a plain value', '{"type":2,"invocationId":"7","item":1.0}', '1'],
  ['that comes twice', '{"type":2,"invocationId":"7","item":{"a":1.0},"item":[1.0]}', '[1]'],
  ['that comes twice, once escaped', '{"type":2,"invocationId":"7","item":{},"\\u0069tem":[1.0]}', '[1]'],
  ['before a second type', '{"type":2,"invocationId":"7","item":[1.0],"type":2}', '[1]'],
])('writes an item anew %s', (_, message, item) => {
  expect(posted(message + END)).toEqual([item]);
});

it('tells the messages of one frame apart', () => {
  const event = (args: string): string => `{"type":1,"target":"metric","arguments":${args}}${END}`;
  const frame = `{"type":6}${END}${event('[1.0]')}{"type":2,"invocationId":"7","item":[2.0]}${END}${event('[3.0]')}`;
  // A space in front, so that one of them in memory is not all of them.
  expect(posted(frame)).toEqual([' [1.0]', ' [2.0]', ' [3.0]']);
});

it('writes all anew when SignalR has left a message out, for which text is whose is not certain then', () => {
  const frame = `{"type":99,"target":"metric","arguments":[1]}${END}{"type":1,"target":"metric","arguments":[2.0]}${END}`;
  expect(posted(frame)).toEqual(['[2]']);
});

it('leaves arguments that are no list to SignalR', () => {
  const frame = `{"type":1,"target":"metric","arguments":{"a":[]}}${END}`;
  expect(parse(frame)).toEqual(new JsonHubProtocol().parseMessages(frame, NullLogger.instance));
});

it('takes nothing for the text of arguments that a hub could send', () => {
  const args = [{ text: '[1]' }];
  const [message] = parse(`{"type":1,"target":"metric","arguments":${JSON.stringify(args)},"streamIds":[]}${END}`);
  expect(readCall((message as { arguments: unknown[] }).arguments)).toEqual({ args, isQuestion: false });
});

/** Mulberry32: the same values for the same seed, on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = [
  'arguments',
  '\\u0061rguments',
  'argument\\u0073',
  'type',
  'target',
  'item',
  'ite\\u006d',
  'x',
  '__proto__',
];
const TEXTS = [
  '""',
  '"a"',
  '"\\""',
  '"\\\\"',
  '"]}"',
  '"\\u2028\u2028"',
  '"\\ud83d"',
  '"arguments"',
  '",\\"arguments\\":["',
];

/** A frame of messages that hubs do not write: members in any order, twice, escaped, with spaces. */
function strangeFrame(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const space = (): string => (random() < 0.1 ? ' ' : '');
  const value = (depth: number): string => {
    const dice = random();
    if (dice < 0.3) return pick(TEXTS);
    if (dice < 0.5 || depth > 3) return pick(['1', '-0', '1e400', '1.50', 'null', 'true', '12345678901234567890']);
    const parts = Array.from({ length: Math.floor(random() * 3) }, () => value(depth + 1));
    if (dice < 0.75) return `[${parts.join(`,${space()}`)}]`;
    return `{${parts.map((part) => `"${pick(NAMES)}"${space()}:${part}`).join(',')}}`;
  };
  const list = (): string => `[${Array.from({ length: Math.floor(random() * 3) }, () => value(0)).join(',')}]`;
  const message = (): string => {
    const isEvent = random() < 0.6;
    const members = isEvent
      ? ['"type":1', `"target":${pick(['"metric"', '"a\\"b"', '"a\\\\"'])}`, `"arguments":${list()}`]
      : ['"type":2', '"invocationId":"7"', `"item":${value(0)}`];
    while (random() < 0.3) members.push(`"${pick(NAMES)}"${space()}:${random() < 0.5 ? list() : value(0)}`);
    if (random() < 0.1) members.reverse();
    return `{${members.join(`,${space()}`)}${space()}}${END}`;
  };
  return Array.from({ length: 1 + Math.floor(random() * 2) }, message).join('');
}

function payloadsOf(message: HubMessage): unknown[] {
  if (message.type === MessageType.StreamItem) return [message.item];
  return message.type === MessageType.Invocation ? [message.arguments] : [];
}

/** @returns How many payloads were posted as they came. @throws When a tab would get something else than the hub sent. */
function checkStrange(frame: string): number {
  let stock: HubMessage[] | null = null;
  try {
    stock = new JsonHubProtocol().parseMessages(frame, NullLogger.instance);
  } catch {
    expect(() => parse(frame), frame).toThrow();
  }
  // SignalR itself cannot take arguments that are no list.
  const isNoList = (message: HubMessage): boolean =>
    message.type === MessageType.Invocation && !Array.isArray(message.arguments);
  if (stock === null || stock.some(isNoList)) return 0;
  const expected = stock.flatMap(payloadsOf);
  const texts = posted(frame);
  let kept = 0;
  for (const [index, text] of texts.entries()) {
    const written = JSON.stringify(expected[index]);
    if (text !== written) kept += 1;
    // What was written anew says null for 1e400 and 0 for -0.
    const told: unknown = text === written ? JSON.parse(written) : expected[index];
    if (!isDeepStrictEqual(JSON.parse(text), told)) expect.fail(`${frame} was posted as ${text}`);
  }
  if (texts.length !== expected.length) expect.fail(`${frame} has ${expected.length} payloads, not ${texts.length}`);
  return kept;
}

it('posts what JSON.parse makes of each message, whatever the hub writes (2,000 random frames)', () => {
  let kept = 0;
  for (let seed = 1; seed <= 2_000; seed += 1) kept += checkStrange(strangeFrame(randomOf(seed)));
  expect(kept).toBeGreaterThan(100);
});
