import { describe, expect, it } from 'vitest';
import { createFraming, ProtocolError, RECORD_SEPARATOR as RS } from './framing.js';
import { decode, encode } from './messages.js';

describe('framing', () => {
  it('joins what a transport has cut and splits what it has joined', () => {
    const framing = createFraming(100);
    expect([...framing.push(`a${RS}b`)]).toEqual(['a']);
    expect([...framing.push('c')]).toEqual([]);
    expect([...framing.push(`d${RS}${RS}e${RS}`)]).toEqual(['bcd', '', 'e']);
  });

  it('accepts a message of just the limit, counted in bytes, and none longer', () => {
    expect([...createFraming(4).push(`üü${RS}`)]).toEqual(['üü']);
    expect(() => [...createFraming(4).push(`üüx${RS}`)]).toThrow(ProtocolError);
  });

  it('does not wait for the end of a message that is too long already', () => {
    expect(() => [...createFraming(4).push('12345')]).toThrow(ProtocolError);
  });
});

describe('messages', () => {
  it('are read with all fields that a hub needs, also those of streams', () => {
    expect(decode('{"type":1,"target":"A","arguments":[1]}')).toEqual({
      type: 1,
      invocationId: null,
      target: 'A',
      args: [1],
      streams: 0,
    });
    expect(decode('{"type":4,"invocationId":"2","target":"A","arguments":[],"streamIds":["1"]}')).toEqual({
      type: 4,
      invocationId: '2',
      target: 'A',
      args: [],
      streams: 1,
    });
    expect(decode('{"type":5,"invocationId":"2"}')).toEqual({ type: 5, invocationId: '2' });
  });

  it('of a type that is not known are passed over, so that newer clients can connect', () => {
    expect(decode('{"type":99}')).toEqual({ type: 'other' });
  });

  it.each(['', 'null', '1', '{"type":4,"target":"A","arguments":[]}', '{"type":1,"target":"A"}', '{"type":5}'])(
    'are refused when they are %j',
    (text) => {
      expect(() => decode(text)).toThrow(ProtocolError);
    },
  );

  it('end with the record separator', () => {
    expect(encode({ type: 6 })).toBe(`{"type":6}${RS}`);
  });
});
