/** Our client as an app would use it, with a worker that fetches its own tokens. */
import { HttpTransportType, LogLevel } from '@microsoft/signalr';
import { SharedHubConnectionBuilder } from 'hubshare';
import { workerFactory } from '../harness/workers.js';
import { applyWish } from './plain-client.js';
import type { Builder, Combination } from './scenario.js';
import type { Client } from './toolbox.js';

/** One function for the page: each is a client of its own. */
const worker = workerFactory('endpoint')!;

export function createSharedClient(on: Combination): Client {
  const builder = (): Builder => new SharedHubConnectionBuilder().withWorker(worker).configureLogging(LogLevel.None);
  return {
    builder,
    build(wish) {
      const chosen = builder().withUrl(wish.url ?? '/hubs/ops', { transport: HttpTransportType[on.transport] });
      return applyWish(chosen, on, wish).build();
    },
  };
}
