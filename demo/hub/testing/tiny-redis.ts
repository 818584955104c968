/** A server that speaks as much of Redis as the backplane uses, for machines without Redis: what it cannot show is that Redis itself agrees. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createRespReader } from '../scale/resp.js';

export interface TinyRedis {
  readonly url: string;
  readonly subscribers: number;
  /** Says something on the channel that no hub has said. */
  publish(text: string): void;
  /** Cuts all connections; new ones are taken. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTinyRedis(password: string | null = null): Promise<TinyRedis> {
  const sockets = new Set<Socket>();
  const subscribers = new Set<Socket>();
  const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  const publish = (text: string): void => {
    for (const socket of subscribers) socket.write(`*3\r\n${bulk('message')}${bulk('hubshare-demo')}${bulk(text)}`);
  };

  const server = createServer((socket) => {
    let isIn = password === null;
    const reader = createRespReader(1e7);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      subscribers.delete(socket);
    });
    socket.on('data', (bytes: Buffer) => {
      for (const command of reader.push(bytes)) {
        const [name, first = '', second = ''] = command as readonly string[];
        if (name === 'AUTH') isIn = first === password;
        if (!isIn) socket.write('-NOAUTH Authentication required.\r\n');
        else if (name === 'AUTH') socket.write('+OK\r\n');
        else if (name === 'PING') socket.write('+PONG\r\n');
        else if (name === 'SUBSCRIBE') {
          subscribers.add(socket);
          socket.write(`*3\r\n${bulk('subscribe')}${bulk(first)}:1\r\n`);
        } else if (name === 'PUBLISH') {
          socket.write(`:${subscribers.size}\r\n`);
          publish(second);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    url: `redis://${password === null ? '' : `:${password}@`}127.0.0.1:${port}`,
    get subscribers() {
      return subscribers.size;
    },
    publish,
    cut,
    close() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
