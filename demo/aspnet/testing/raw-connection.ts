/** The JSON hub protocol over a bare WebSocket, for what the real client cannot or would not send. */
import { WebSocket } from 'ws';

const RECORD_SEPARATOR = '\u001e';

export interface RawConnection {
  send(...messages: readonly unknown[]): void;
  /** The Completion of this call, as soon as it is there. */
  completionOf(invocationId: string): Promise<Record<string, unknown>>;
  /** All that has come, in order, without pings. */
  readonly received: readonly Record<string, unknown>[];
  /** The status code of the WebSocket close, once it has closed. */
  readonly closed: Promise<number>;
  close(): void;
}

export async function openRaw(url: string, token: string): Promise<RawConnection> {
  const socket = new WebSocket(url.replace('http', 'ws'), ['signalr', `bearer.${token}`]);
  const received: Record<string, unknown>[] = [];
  const waiting = new Map<string, (message: Record<string, unknown>) => void>();
  const completions = new Map<string, Record<string, unknown>>();
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  const send = (...messages: readonly unknown[]): void => {
    for (const message of messages) socket.send(JSON.stringify(message) + RECORD_SEPARATOR);
  };

  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => send({ protocol: 'json', version: 1 }));
    socket.on('message', (data: Buffer) => {
      for (const text of data.toString().split(RECORD_SEPARATOR).filter(Boolean)) {
        const message = JSON.parse(text) as Record<string, unknown>;
        if (message['type'] === undefined) resolve();
        else if (message['type'] !== 6) received.push(message);
        if (message['type'] !== 3) continue;
        const id = String(message['invocationId']);
        completions.set(id, message);
        waiting.get(id)?.(message);
      }
    });
  });

  return {
    send,
    received,
    closed,
    completionOf: (id) =>
      new Promise((resolve) => {
        const found = completions.get(id);
        if (found === undefined) waiting.set(id, resolve);
        else resolve(found);
      }),
    close: () => socket.terminate(),
  };
}
