/** Way `leader`: the tab that holds a Web Lock has the connection and passes each event on by a BroadcastChannel. */
import './post-count.js';
import { openPlain } from './plain-signalr.js';
import { HUB } from './hub-path.js';
import { serveTab } from './serve-tab.js';
import type { Tick } from './tab-api.js';

type Message =
  | { readonly type: 'event'; readonly value: Tick | number }
  | { readonly type: 'is-it-live' }
  | { readonly type: 'live' };

serveTab({
  async open(onTick) {
    const channel = new BroadcastChannel('bench-leader');
    const post = (message: Message): void => channel.postMessage(message);
    if (await becomeLeader()) {
      const opened = openPlain(HUB, (connection) => {
        connection.on('tick', (value: Tick | number) => {
          post({ type: 'event', value });
          onTick(value);
        });
      });
      channel.onmessage = (event: MessageEvent<Message>) => {
        if (event.data.type === 'is-it-live') void opened.then(() => post({ type: 'live' }));
      };
      return opened;
    }
    return new Promise((resolve) => {
      channel.onmessage = ({ data }: MessageEvent<Message>) => {
        if (data.type === 'event') onTick(data.value);
        else if (data.type === 'live') resolve({ tokenMs: 0 });
      };
      post({ type: 'is-it-live' });
    });
  },
});

/** Asked once: the benchmark never closes the leader. */
async function becomeLeader(): Promise<boolean> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request('bench-leader', { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock === null ? undefined : new Promise<never>(() => undefined);
      })
      .catch(reject);
  });
}
