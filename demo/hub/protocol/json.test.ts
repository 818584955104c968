import { describe, expect, it } from 'vitest';
import { jsonProtocol } from './json.js';
import type { ClientMessage } from './messages.js';
import { ProtocolError } from './protocol-error.js';
import { RECORD_SEPARATOR as RS } from './text-records.js';

const decode = (text: string): ClientMessage => jsonProtocol.decode(Buffer.from(text));

describe('JSON messages', () => {
  it('are read with all fields that a hub needs, also those of streams', () => {
    expect(decode('{"type":1,"target":"A","arguments":[1]}')).toEqual({
      type: 1,
      invocationId: null,
      target: 'A',
      args: [1],
      streamIds: [],
    });
    expect(decode('{"type":4,"invocationId":"2","target":"A","arguments":[],"streamIds":["1"]}')).toEqual({
      type: 4,
      invocationId: '2',
      target: 'A',
      args: [],
      streamIds: ['1'],
    });
    expect(decode('{"type":2,"invocationId":"1","item":null}')).toEqual({ type: 2, invocationId: '1', item: null });
    expect(decode('{"type":5,"invocationId":"2"}')).toEqual({ type: 5, invocationId: '2' });
  });

  it('tell a result that is null from no result', () => {
    const outcome = (fields: string): unknown => decode(`{"type":3,"invocationId":"1"${fields}}`);
    expect(outcome(',"result":null')).toMatchObject({ outcome: { kind: 'result', value: null } });
    expect(outcome('')).toMatchObject({ outcome: { kind: 'void' } });
    expect(outcome(',"error":"no"')).toMatchObject({ outcome: { kind: 'error', message: 'no' } });
  });

  it('of a type that is not known are passed over, so that newer clients can connect', () => {
    expect(decode('{"type":99}')).toEqual({ type: 'other' });
  });

  it.each([
    '',
    'null',
    '1',
    '{"type":4,"target":"A","arguments":[]}',
    '{"type":1,"target":"A"}',
    '{"type":1,"invocationId":null,"target":"A","arguments":[]}',
    '{"type":1,"target":"A","arguments":[],"streamIds":[1]}',
    '{"type":2,"invocationId":"1"}',
    '{"type":3,"invocationId":"1","result":1,"error":"no"}',
    '{"type":5}',
  ])('are refused when they are %j', (text) => {
    expect(() => decode(text)).toThrow(ProtocolError);
  });

  it('end with the record separator', () => {
    expect(jsonProtocol.encode({ type: 6 })).toBe(`{"type":6}${RS}`);
  });
});
