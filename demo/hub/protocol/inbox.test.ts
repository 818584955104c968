import { describe, expect, it } from 'vitest';
import { createInbox, type Inbox } from './inbox.js';
import { cutLengthPrefixed, withLengthPrefix } from './length-prefix.js';
import { ProtocolError } from './protocol-error.js';
import { cutTextRecord, RECORD_SEPARATOR as RS } from './text-records.js';

function texts(inbox: Inbox, piece: string | Buffer): string[] {
  return Array.from(inbox.push(Buffer.from(piece as string)), (message) => message.toString('utf8'));
}

describe('text records', () => {
  it('joins what a transport has cut and splits what it has joined', () => {
    const inbox = createInbox(100, cutTextRecord);
    expect(texts(inbox, `a${RS}b`)).toEqual(['a']);
    expect(texts(inbox, 'c')).toEqual([]);
    expect(texts(inbox, `d${RS}${RS}e${RS}`)).toEqual(['bcd', '', 'e']);
  });

  it('keeps a character whose bytes come in two pieces', () => {
    const inbox = createInbox(100, cutTextRecord);
    const bytes = Buffer.from(`ü${RS}`);
    expect(texts(inbox, bytes.subarray(0, 1))).toEqual([]);
    expect(texts(inbox, bytes.subarray(1))).toEqual(['ü']);
  });

  it('accepts a message of just the limit, counted in bytes, and none longer', () => {
    expect(texts(createInbox(4, cutTextRecord), `üü${RS}`)).toEqual(['üü']);
    expect(() => texts(createInbox(4, cutTextRecord), `üüx${RS}`)).toThrow(ProtocolError);
  });

  it('does not wait for the end of a message that is too long already', () => {
    expect(() => texts(createInbox(4, cutTextRecord), '12345')).toThrow(ProtocolError);
  });
});

describe('messages behind their length', () => {
  // The example of the published protocol: two frames, with 11 and 2 bytes.
  const example = Buffer.from('0b68656c6c6f0a776f726c64020102', 'hex');

  it('are cut and joined as in the published example', () => {
    const whole = createInbox(100, cutLengthPrefixed);
    expect([...whole.push(example)]).toEqual([Buffer.from('hello\nworld'), Buffer.from([1, 2])]);

    const bytewise = createInbox(100, cutLengthPrefixed);
    const found = Array.from(example, (_, index) => [...bytewise.push(example.subarray(index, index + 1))]).flat();
    expect(found).toEqual([Buffer.from('hello\nworld'), Buffer.from([1, 2])]);
    expect(
      Buffer.concat([withLengthPrefix(Buffer.from('hello\nworld')), withLengthPrefix(Buffer.from([1, 2]))]),
    ).toEqual(example);
  });

  it.each([
    [0x35, '35'],
    [0x1480, '8029'],
    [127, '7f'],
    [128, '8001'],
    [0, '00'],
  ])('of %i bytes begin with %s', (length, prefix) => {
    const framed = withLengthPrefix(Buffer.alloc(length));
    expect(framed.subarray(0, framed.length - length).toString('hex')).toBe(prefix);
    expect([...createInbox(10_000, cutLengthPrefixed).push(framed)]).toEqual([Buffer.alloc(length)]);
  });

  it('are refused by their length alone when they are too long, and from 2 GiB on by any limit', () => {
    expect([...createInbox(3, cutLengthPrefixed).push(Buffer.from('03010203', 'hex'))]).toHaveLength(1);
    expect(() => [...createInbox(3, cutLengthPrefixed).push(Buffer.from('04', 'hex'))]).toThrow(ProtocolError);
    expect([...createInbox(2 ** 31, cutLengthPrefixed).push(Buffer.from('ffffffff07', 'hex'))]).toEqual([]);
    expect(() => [...createInbox(2 ** 40, cutLengthPrefixed).push(Buffer.from('ffffffff08', 'hex'))]).toThrow(
      'Messages over 2GB',
    );
  });

  it('may follow a text record, whose end decides how to read on', () => {
    const inbox = createInbox(100, cutTextRecord);
    const messages: Buffer[] = [];
    for (const message of inbox.push(Buffer.concat([Buffer.from(`{}${RS}`), Buffer.from('02911e', 'hex')]))) {
      messages.push(message);
      inbox.cut = cutLengthPrefixed;
    }
    expect(messages).toEqual([Buffer.from('{}'), Buffer.from('911e', 'hex')]);
  });
});
