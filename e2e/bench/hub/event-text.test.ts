/** The events of the bench hub are of the size that the table names, and SignalR can read them. */
import { expect, it } from 'vitest';
import { createEventText } from './event-text.js';

it.each([220, 2048])('makes events of exactly %d bytes, whatever number and time they carry', (bytes) => {
  const text = createEventText(bytes);
  for (const [n, t] of [
    [0, 0],
    [123_456, 1_763_806_000_123.4567],
  ] as const) {
    const event = text(n, t);
    expect(Buffer.byteLength(event)).toBe(bytes);
    expect(JSON.parse(event)).toMatchObject({ type: 1, target: 'tick', arguments: [{ n, t }] });
  }
});
