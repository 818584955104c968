/** Carries a connection over one WebSocket. */
import type { RawData, WebSocket } from 'ws';
import type { Limits } from '../options.js';
import type { Transport, TransportEvents } from './transport.js';

export function createWebSocketTransport(socket: WebSocket, limits: Limits, events: TransportEvents): Transport {
  let over = false;
  let closeTimer: NodeJS.Timeout | undefined;
  const done = new Promise<void>((resolve) => {
    socket.once('close', () => {
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

  socket.on('message', (data) => {
    if (!over) events.received(bytesOf(data));
  });
  // `close` always follows, and that is where the loss is told.
  socket.on('error', () => undefined);

  return {
    name: 'WebSockets',
    noticesLoss: false,
    done,
    send(payload) {
      if (over || socket.readyState !== socket.OPEN) return;
      // Text leaves in text frames, bytes in binary ones.
      socket.send(payload);
      if (socket.bufferedAmount > limits.maxBufferedBytes) {
        socket.terminate();
        gone();
      }
    },
    end() {
      if (over) return;
      over = true;
      socket.close(1000);
      // A peer that never answers the close frame must not keep the socket for ever.
      closeTimer = setTimeout(() => socket.terminate(), limits.closeTimeoutMs);
    },
    abort() {
      over = true;
      socket.terminate();
    },
  };
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}
