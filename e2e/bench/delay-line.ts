/** A network between browser and hub: passes every byte on, later. A TCP connection itself opens at once, which favours whoever opens one. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface DelayLine {
  /** The origin that the browser uses. */
  readonly url: string;
  /** Milliseconds that a round trip takes longer, from now on. */
  setRoundTrip(ms: number): void;
  close(): Promise<void>;
}

export async function createDelayLine(hubPort: number): Promise<DelayLine> {
  let oneWayMs = 0;
  const sockets = new Set<Socket>();

  function pass(from: Socket, to: Socket): void {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => later(() => to.write(chunk)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      later(() => to.destroy());
    });
  }

  /** Timers of one length fire in the order in which they were set, so bytes stay in order while the round trip is not changed. */
  function later(then: () => void): void {
    if (oneWayMs === 0) then();
    else setTimeout(then, oneWayMs);
  }

  const server = createServer((browser) => {
    const hub = connect({ host: '127.0.0.1', port: hubPort });
    pass(browser, hub);
    pass(hub, browser);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setRoundTrip(ms) {
      oneWayMs = ms / 2;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
