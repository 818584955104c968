/** Way `comlink`: a SharedWorker has the connection and makes one Comlink call per event and tab. */
import { postedByWorker } from './post-count.js';
import { proxy, wrap } from 'comlink';
import type { ComlinkWorker } from './comlink-api.js';
import { serveTab } from './serve-tab.js';

serveTab({
  async open(onTick) {
    const worker = new SharedWorker(new URL('./comlink.worker.ts', import.meta.url), {
      type: 'module',
      name: 'bench-comlink',
    });
    await wrap<ComlinkWorker>(worker.port).subscribe(proxy(onTick));
    return { tokenMs: 0 };
  },
  postedByWorker,
});
