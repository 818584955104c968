/** When SignalR counts is proven with SignalR itself, in `signalr-socket-recovery.test.ts`; here: what becomes of each frame. */
import { expect, it, vi } from 'vitest';
import { afterHandshake } from './after-handshake.js';

function setUp() {
  const got: unknown[] = [];
  const deliver = vi.fn((event: MessageEvent<unknown>) => void got.push(event.data));
  const pass = afterHandshake(deliver);
  return { got, deliver, pass: (data: unknown) => pass(new MessageEvent('message', { data })) };
}

const END = '\u001e';
const oneMicrotask = (): Promise<void> => Promise.resolve();

it('cuts a text after the answer, and delivers the rest in the next microtask', async () => {
  const { got, pass } = setUp();
  pass(`{}${END}one${END}two${END}`);
  expect(got).toEqual([`{}${END}`]);
  await oneMicrotask();
  expect(got).toEqual([`{}${END}`, `one${END}two${END}`]);
});

it('cuts bytes after the answer, and what follows may have the byte of its end', async () => {
  const { got, pass } = setUp();
  pass(new Uint8Array([0x7b, 0x7d, 0x1e, 3, 0x1e, 7, 8]).buffer);
  await oneMicrotask();
  expect(got.map((data) => [...new Uint8Array(data as ArrayBuffer)])).toEqual([
    [0x7b, 0x7d, 0x1e],
    [3, 0x1e, 7, 8],
  ]);
});

it('holds the frames that come in the same task, in their order', async () => {
  const { got, pass } = setUp();
  for (const data of [`{}${END}1${END}`, `2${END}`, `3${END}`]) pass(data);
  expect(got).toHaveLength(1);
  await oneMicrotask();
  expect(got).toEqual([`{}${END}`, `1${END}`, `2${END}`, `3${END}`]);
  pass(`4${END}`);
  expect(got.at(-1)).toBe(`4${END}`);
});

it.each([
  ['the answer alone', `{}${END}`],
  ['a text without an end', 'not a hub'],
  ['bytes without an end', new Uint8Array([1, 2]).buffer],
  ['what no hub sends', new Blob(['{}'])],
])('passes on %s as it came', async (_, data) => {
  const { got, pass } = setUp();
  pass(data);
  await oneMicrotask();
  expect(got).toEqual([data]);
  expect(got[0]).toBe(data);
});

it('loses nothing when the answer is refused by an exception', async () => {
  const { got, deliver, pass } = setUp();
  deliver.mockImplementationOnce(() => {
    throw new Error('not mine');
  });
  expect(() => pass(`{}${END}1${END}`)).toThrow('not mine');
  await oneMicrotask();
  expect(got).toEqual([`1${END}`]);
});
