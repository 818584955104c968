/** The events of the bench hub as SignalR's JSON text: objects with numbers, texts and a list, as live data has them, of an exact size. */

const RECORD_END = '\u001e';

interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** A text of `bytes` characters, all ASCII, without SignalR's record separator. */
export function createEventText(bytes: number): (n: number, t: number) => string {
  const points: Point[] = [];
  const text = (n: number, t: number, pad: string): string => {
    const value = { n, t, name: 'cpu.0', unit: 'percent', host: 'node-17', isStale: false, points, pad };
    return `{"type":1,"target":"tick","arguments":[${JSON.stringify(value)}]}`;
  };
  // Half of a large event is points; the rest is a text, as a description or a message is.
  while (text(0, 0, '').length < bytes / 2) {
    points.push({ atMs: 1_763_806_000_000 + points.length * 1000, value: 12.5 + points.length });
  }
  return (n, t) => {
    const missing = bytes - text(n, t, '').length;
    return text(n, t, 'x'.repeat(Math.max(0, missing)));
  };
}

export function record(text: string): string {
  return text + RECORD_END;
}
