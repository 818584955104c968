/** Way `shared`: hubshare, from its built package. */
import { postedByWorker } from './post-count.js';
import { SharedHubConnectionBuilder } from 'hubshare';
import { LogLevel } from '@microsoft/signalr';
import { HUB } from './hub-path.js';
import { serveTab } from './serve-tab.js';

serveTab({
  async open(onTick) {
    const connection = new SharedHubConnectionBuilder()
      .withUrl(HUB)
      .configureLogging(LogLevel.None)
      .withWorker(
        () =>
          new SharedWorker(new URL('./shared.worker.ts', import.meta.url), { type: 'module', name: 'bench-shared' }),
      )
      .build();
    connection.on('tick', onTick);
    await connection.start();
    return { tokenMs: 0 };
  },
  postedByWorker,
});
