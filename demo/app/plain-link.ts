/** The console on SignalR's own client: one connection for each tab, each with its own token and its own sound. */
import { HubConnectionState, type IRetryPolicy } from '@microsoft/signalr';
import { faultOf, type Fault } from './faults.js';
import { readMetric } from './hub-types.js';
import { statusOfFailure, type Link, type LinkEvents, type LinkStatus } from './link.js';
import { createPlainConnection } from './plain-connection.js';
import { createPlainToken } from './plain-token.js';
import { countTabs, holdTabLock } from './tab-lock.js';

/** SignalR's own delays. After the last one it gives up. */
const RETRY_DELAYS_MS = [0, 2_000, 10_000, 30_000];

/** A tab that closes tells the others nothing here, so each looks now and then. */
const COUNT_EVERY_MS = 1_000;

export function createPlainLink(hubUrl: string, events: LinkEvents): Link {
  let stopped = false;
  let why: Fault | null = null;

  const tell = (status: LinkStatus): void => {
    if (!stopped) events.status(status);
  };

  const retryPolicy: IRetryPolicy = {
    nextRetryDelayInMilliseconds({ previousRetryCount, retryReason }) {
      why = faultOf(plain.failure() ?? retryReason);
      const delayMs = RETRY_DELAYS_MS[previousRetryCount] ?? null;
      if (delayMs !== null) {
        tell({ kind: 'reconnecting', attempt: previousRetryCount + 1, retryAtMs: Date.now() + delayMs, why });
      }
      return delayMs;
    },
  };

  const plain = createPlainConnection(hubUrl, createPlainToken(), retryPolicy);
  const { connection } = plain;

  const metrics = new Map<string, (value: unknown) => void>();
  connection.on('metric', (value: unknown) => {
    metrics.get(readMetric(value)?.name ?? '')?.(value);
  });
  const join = (name: string): void => {
    // Without its values a chart says by itself that it is out of date.
    connection.invoke('JoinMetric', name).catch(() => {});
  };

  const connected = (): void => {
    why = null;
    tell({ kind: 'connected', transport: plain.transport() });
    // A new connection is in no group of the hub.
    for (const name of metrics.keys()) join(name);
    if (!stopped) events.refetch();
  };
  connection.onreconnected(connected);
  connection.onclose((error) => {
    if (error !== undefined) why = faultOf(plain.failure() ?? error);
    tell(why === null ? { kind: 'resting', why } : statusOfFailure(why));
  });

  const releaseTabLock = holdTabLock();
  const count = (): void => {
    void countTabs().then((tabs) => {
      if (!stopped) events.tabs(tabs);
    });
  };
  count();
  const countTimer = setInterval(count, COUNT_EVERY_MS);

  return {
    mode: 'plain',
    connection,

    followMetric(name, handler) {
      metrics.set(name, handler);
      if (connection.state === HubConnectionState.Connected) join(name);
    },

    // Nobody decides between plain tabs: each believes that it is the one, and each makes the sound. The switch is there to show it.
    claim: () => Promise.resolve(true),

    async start() {
      tell({ kind: 'connecting', attempt: 0, retryAtMs: null, why: null });
      try {
        await connection.start();
        connected();
      } catch (error) {
        // SignalR does not try a first start again.
        tell(statusOfFailure(faultOf(plain.failure() ?? error)));
      }
    },

    async stop() {
      stopped = true;
      clearInterval(countTimer);
      releaseTabLock();
      await connection.stop();
    },

    signOut() {
      return this.stop();
    },
  };
}
