/** The worker of way `comlink`: plain SignalR, each event passed on by a Comlink call that is not awaited. */
import { answerPosted } from './post-count.js';
import { expose } from 'comlink';
import type { ComlinkWorker } from './comlink-api.js';
import { openPlain } from './plain-signalr.js';
import { HUB } from './hub-path.js';
import type { Tick } from './tab-api.js';

const tabs = new Set<(value: Tick | number) => void>();

const opened = openPlain(new URL(HUB, location.origin).href, (connection) => {
  connection.on('tick', (value: Tick | number) => {
    // Comlink's proxy answers with a promise, which the calls that are not awaited leave alone.
    for (const tab of tabs) tab(value);
  });
});

const api: ComlinkWorker = {
  async subscribe(onTick) {
    tabs.add(onTick);
    await opened;
  },
};

// The project's types are those of a page.
(globalThis as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const [port] = event.ports;
  if (port) expose(api, port);
};
answerPosted();
