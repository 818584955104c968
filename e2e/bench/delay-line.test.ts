/** The delay line passes every byte on, in order. */
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createDelayLine, type DelayLine } from './delay-line.js';

const echo = createServer((socket) => socket.pipe(socket));
let line: DelayLine | null = null;

afterEach(async () => {
  await line?.close();
  await new Promise((resolve) => echo.close(resolve));
});

it('passes bytes on in both directions, in order, and the end as well', async () => {
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  line = await createDelayLine((echo.address() as AddressInfo).port);
  line.setRoundTrip(4);
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(line.url).port) });
  const sent = Array.from({ length: 50 }, (_, index) => `${index};`);
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString();
    if (received === sent.join('')) socket.end();
  });
  for (const text of sent) {
    socket.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => socket.once('close', resolve));
  expect(received).toBe(sent.join(''));
});
