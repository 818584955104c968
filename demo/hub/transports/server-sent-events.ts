/** Carries a connection's outgoing text as an event stream; the client's text comes as POST requests. */
import type { ServerResponse } from 'node:http';
import type { Limits } from '../options.js';
import type { Transport, TransportEvents } from './transport.js';

export function createServerSentEventsTransport(
  response: ServerResponse,
  limits: Limits,
  events: TransportEvents,
): Transport {
  let over = false;
  let closeTimer: NodeJS.Timeout | undefined;
  const done = new Promise<void>((resolve) => {
    response.once('close', () => {
      clearTimeout(closeTimer);
      resolve();
      gone();
    });
  });

  function gone(): void {
    if (over) return;
    over = true;
    events.gone();
  }

  response.on('error', () => undefined);
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-store',
    'content-encoding': 'identity',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  // A comment makes proxies and clients see the headers at once.
  response.write(':\r\n\r\n');

  return {
    name: 'ServerSentEvents',
    noticesLoss: false,
    done,
    send(payload) {
      if (over || response.destroyed) return;
      if (typeof payload !== 'string') throw new TypeError('An event stream carries text only.');
      // JSON text holds no line break, but the format would be broken by one: each line gets its own field.
      const lines = payload.split('\n').map((line) => `data: ${line}\r\n`);
      response.write(`${lines.join('')}\r\n`);
      if (response.writableLength > limits.maxBufferedBytes) {
        response.destroy();
        gone();
      }
    },
    end() {
      if (over) return;
      over = true;
      response.end();
      closeTimer = setTimeout(() => response.destroy(), limits.closeTimeoutMs);
    },
    abort() {
      over = true;
      response.destroy();
    },
  };
}
