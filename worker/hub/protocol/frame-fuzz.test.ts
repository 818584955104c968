/** 100,000 broken frames of a hub: what SignalR's own protocol makes of them is what tabs are given, or the frame is refused as it refuses it. */
import { isDeepStrictEqual } from 'node:util';
import { JsonHubProtocol, MessageType, NullLogger, type HubMessage, type IHubProtocol } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { expect, it } from 'vitest';
import { encodeEvent, encodeItem } from '../../delivery/encode.js';
import { anything, mutate } from '../../testing/mutate.js';
import { seeded, type Seeded } from '../../testing/seeded.js';
import { readCall } from './client-result.js';
import { createHubProtocol } from './hub-protocol.js';

const FRAMES = 50_000;

/** What a hub says: every type of message, as a hub writes it. */
const MESSAGES: readonly Record<string, unknown>[] = [
  { type: 1, target: 'metric', arguments: [{ name: 'cpu', value: 0.5 }] },
  { type: 1, target: 'metric', arguments: [1, 'two', null, [true], '\u2028é😀'] },
  { type: 1, target: 'ask', arguments: [{ id: 7 }], invocationId: '9' },
  { type: 2, invocationId: '7', item: { a: [1, 2] } },
  { type: 3, invocationId: '7', result: { ok: true } },
  { type: 3, invocationId: '7', error: 'no such method' },
  { type: 6 },
  { type: 7, error: 'kicked', allowReconnect: true },
  { type: 8, sequenceId: 3 },
  { type: 9, sequenceId: 3 },
];

type Frame = string | ArrayBuffer;

const shown = (frame: Frame): string => (typeof frame === 'string' ? frame : Buffer.from(frame).toString('hex'));

/** What a tab would be given of one message: its own text where it is posted as it came. */
function given(message: HubMessage): unknown {
  if (message.type === MessageType.Invocation && Array.isArray(message.arguments)) {
    const { args, isQuestion } = readCall(message.arguments);
    return { ...message, arguments: args, isQuestion };
  }
  return message;
}

function stockGiven(message: HubMessage): unknown {
  if (message.type !== MessageType.Invocation) return message;
  const isQuestion = Boolean(message.invocationId);
  // SignalR calls handlers without arguments when a message has none.
  const args: unknown = message.arguments ?? (isQuestion ? [] : undefined);
  return Array.isArray(args) ? { ...message, arguments: args, isQuestion } : message;
}

/** The text that tabs are posted says what the hub has sent. */
function checkPosted(message: HubMessage, stock: HubMessage, frame: Frame, seed: number): void {
  const check = (text: string, expected: unknown): void => {
    const written = JSON.stringify(expected);
    // What is written anew says null for 1e400.
    const told: unknown = text === written ? JSON.parse(written) : expected;
    if (!isDeepStrictEqual(JSON.parse(text), told)) expect.fail(`seed ${seed}: ${shown(frame)} was posted as ${text}`);
  };
  if (message.type === MessageType.StreamItem && stock.type === MessageType.StreamItem && stock.item !== undefined)
    check(encodeItem(0, 'i', message.item).text.slice('[4,0,"i",'.length, -1), stock.item);
  if (message.type !== MessageType.Invocation || stock.type !== MessageType.Invocation) return;
  if (Array.isArray(stock.arguments))
    check(encodeEvent(0, 'm', readCall(message.arguments).args).text.slice('[1,0,"m",'.length, -1), stock.arguments);
}

/** @returns Whether the frame was taken. */
function compare(own: IHubProtocol, stock: IHubProtocol, frame: Frame, seed: number): boolean {
  let expected: HubMessage[];
  try {
    // A copy: MessagePack gives views of the frame.
    expected = stock.parseMessages(typeof frame === 'string' ? frame : frame.slice(0), NullLogger.instance);
  } catch {
    expect(() => own.parseMessages(frame, NullLogger.instance), `seed ${seed}`).toThrow(Error);
    return false;
  }
  const messages = own.parseMessages(frame, NullLogger.instance);
  if (!isDeepStrictEqual(messages.map(given), expected.map(stockGiven)))
    expect(messages.map(given), `seed ${seed}: ${shown(frame)}`).toEqual(expected.map(stockGiven));
  if (typeof frame === 'string')
    messages.forEach((message, place) => checkPosted(message, expected[place] as HubMessage, frame, seed));
  return expected.length > 0;
}

const DEEP = /(?:\[|\{"a":){200}/;

/** JSON as a hub might write it, and as none would. */
function jsonFrame(random: Seeded): string {
  const END = '\u001e';
  const texts = Array.from({ length: 1 + random.below(3) }, () => {
    const message = random.pick(MESSAGES);
    const broken = random.chance(0.6) ? mutate(message, random) : random.chance(0.1) ? anything(random) : message;
    try {
      const text = JSON.stringify(broken, (_, value: unknown) => (isHeavy(value) ? null : value)) ?? '';
      // The comparison of this test nests as deep as what it compares.
      return DEEP.test(text) ? JSON.stringify(message) : text;
    } catch {
      // A ring, a big integer.
      return JSON.stringify(message);
    }
  });
  return damaged(Array.from(texts.join(END) + END), random, [
    '"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\\',
    END,
    '0',
    'e',
    '\u0000',
  ]).join('');
}

function isHeavy(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    (value.length > 1_000 || (value.length === 2 && value[0] === value[1] && Array.isArray(value[0])))
  );
}

/** Some of the pieces are other ones, doubled, gone, or cut off at the end. */
function damaged<T>(pieces: T[], random: Seeded, others: readonly T[]): T[] {
  if (random.chance(0.4)) return pieces;
  for (let times = 1 + random.below(3); times > 0; times -= 1) {
    const at = random.below(pieces.length + 1);
    const kind = random.below(4);
    if (kind === 0) pieces.splice(at, 1 + random.below(3));
    else if (kind === 1) pieces.splice(at, 1, random.pick(others));
    else if (kind === 2) pieces.splice(at, 0, ...pieces.slice(at, at + random.below(20)));
    else if (random.chance(0.2)) pieces.length = at;
  }
  return pieces;
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);
/** MessagePack's lengths: where it begins to say more than there is. */
const NASTY = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x95, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xc9, 0xd4, 0xd9, 0xdb, 0xdc,
  0xdd, 0xde, 0xdf, 0xff,
];

function binaryFrame(random: Seeded, writer: IHubProtocol): ArrayBuffer {
  const messages = Array.from({ length: 1 + random.below(3) }, () => random.pick(MESSAGES));
  const bytes = messages.flatMap((message) => {
    // As SignalR writes them; it has no words for what only a hub says.
    const { type } = message;
    const written = type === 8 || type === 9 || type === 7 ? { type: 6 } : { headers: {}, streamIds: [], ...message };
    return [...new Uint8Array(writer.writeMessage(written as unknown as HubMessage) as ArrayBuffer)];
  });
  return new Uint8Array(damaged(bytes, random, random.chance(0.5) ? NASTY : BYTES)).buffer;
}

it(`JSON: ${FRAMES.toLocaleString('en')} frames give what SignalR reads in them, or are refused as by SignalR`, () => {
  const [own, stock] = [
    createHubProtocol('json', { onClose: () => undefined, onFrame: () => undefined }),
    new JsonHubProtocol(),
  ];
  let taken = 0;
  for (let seed = 1; seed <= FRAMES; seed += 1) if (compare(own, stock, jsonFrame(seeded(seed)), seed)) taken += 1;
  expect(taken).toBeGreaterThan(FRAMES / 10);
  expect(taken).toBeLessThan(FRAMES);
  expect('polluted' in {}).toBe(false);
}, 600_000);

it(`MessagePack: ${FRAMES.toLocaleString('en')} frames give what SignalR reads in them, or are refused as by SignalR`, () => {
  const [own, stock] = [
    createHubProtocol('messagepack', { onClose: () => undefined, onFrame: () => undefined }),
    new MessagePackHubProtocol(),
  ];
  let taken = 0;
  for (let seed = 1; seed <= FRAMES; seed += 1)
    if (compare(own, stock, binaryFrame(seeded(seed), stock), seed)) taken += 1;
  expect(taken).toBeGreaterThan(FRAMES / 10);
  expect(taken).toBeLessThan(FRAMES);
}, 600_000);
