/** Starts a hub in a process of its own and speaks to it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Flow, HubReading, Message, Order, Request } from './orders.js';

export interface HubProcess {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  start(flow: Flow): Promise<HubReading>;
  stop(): Promise<HubReading>;
  read(): Promise<HubReading>;
  /** May be called twice. */
  close(): Promise<void>;
}

export async function startHubProcess(script: string, siteDir: string): Promise<HubProcess> {
  const child = fork(script, [siteDir], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve(reading: HubReading): void; reject(error: Error): void }>();
  let lastId = 0;

  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code ?? 'a signal'} before it listened`)));
    child.on('message', (message: Message) => {
      if (message.type === 'listening') return resolve(message.port);
      waiting.get(message.id)?.resolve(message.reading);
      waiting.delete(message.id);
    });
  });
  child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${script} has ended`));
  });

  async function order(given: Order): Promise<HubReading> {
    lastId += 1;
    const request: Request = { id: lastId, order: given };
    const answer = new Promise<HubReading>((resolve, reject) => {
      waiting.set(request.id, { resolve, reject });
    });
    child.send(request);
    return answer;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    start: (flow) => order({ type: 'start', flow }),
    stop: () => order({ type: 'stop' }),
    read: () => order({ type: 'read' }),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      await order({ type: 'close' });
      await gone;
    },
  };
}
