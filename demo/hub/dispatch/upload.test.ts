import { expect, it, vi } from 'vitest';
import { createUpload, type Upload } from './upload.js';
import { eventually } from '../testing/eventually.js';

/** What a reader gets, and how it ends. */
async function read(upload: Upload): Promise<{ items: unknown[]; error: unknown }> {
  const items: unknown[] = [];
  try {
    for await (const item of upload) items.push(item);
    return { items, error: null };
  } catch (error) {
    return { items, error };
  }
}

it('gives items in order, those from before the reader came and those from after', async () => {
  const upload = createUpload(() => undefined);
  upload.push(1);
  upload.push(undefined);
  const reading = read(upload);
  await eventually(() => expect(upload.waiting).toBe(0));
  upload.push(3);
  upload.end(null);
  expect(await reading).toEqual({ items: [1, undefined, 3], error: null });
});

it('tells an error after all items, and drops what comes later', async () => {
  const upload = createUpload(() => undefined);
  const error = new Error('boom');
  upload.push(1);
  upload.end(error);
  upload.push(2);
  upload.end(null);
  expect(await read(upload)).toEqual({ items: [1], error });
});

it('wakes a reader that waits, and tells its end once', async () => {
  const onEnd = vi.fn();
  const upload = createUpload(onEnd);
  const reading = read(upload);
  expect([upload.open, onEnd.mock.calls.length]).toEqual([true, 0]);
  upload.end(null);
  upload.end(new Error('too late'));
  expect(await reading).toEqual({ items: [], error: null });
  expect([upload.open, onEnd.mock.calls.length]).toEqual([false, 1]);
});

it('keeps no item that was read', async () => {
  const upload = createUpload(() => undefined);
  const reader = upload[Symbol.asyncIterator]();
  for (let item = 0; item < 1000; item += 1) {
    upload.push(item);
    expect((await reader.next()).value).toBe(item);
    expect(upload.waiting).toBe(0);
  }
});
