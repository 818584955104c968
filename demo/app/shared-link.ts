/** The console on hubshare: one connection for all tabs, held by the shared worker. */
import { ConnectionStatus, SharedHubConnectionBuilder, type SharedHubConnection } from 'hubshare';
import { faultOf, type Fault } from './faults.js';
import { METRIC } from './metric-topic.js';
import { noteOf } from './resync-note.js';
import { trustedWorkerUrl } from './worker-url.js';
import { statusOfFailure, type Link, type LinkEvents, type LinkStatus } from './link.js';

export interface SharedLink extends Link {
  readonly connection: SharedHubConnection;
}

export function createSharedLink(hubUrl: string, events: LinkEvents): SharedLink {
  const connection = new SharedHubConnectionBuilder()
    .withUrl(hubUrl)
    .withAutomaticReconnect()
    .withWorker(
      () =>
        new SharedWorker(trustedWorkerUrl, {
          type: 'module',
          name: 'ops',
          // Chromium: the worker outlives a reload of the only tab. Other browsers do not know it, nor do TypeScript's types.
          extendedLifetime: true,
        } as WorkerOptions),
    )
    .build();

  /** The first start has come to an end: until then its promise tells the outcome. */
  let started = false;
  let stopped = false;
  let told: LinkStatus['kind'] = 'connecting';
  let why: Fault | null = null;

  const tell = (status: LinkStatus): void => {
    told = status.kind;
    if (!stopped) events.status(status);
  };

  const project = (): void => {
    if (stopped) return;
    const { status, reconnectAttempts, subscribedTabs } = connection.snapshot;
    const { transport, retryAtMs } = connection;
    if (subscribedTabs.length > 0) events.tabs(subscribedTabs.length);
    switch (status) {
      case ConnectionStatus.CONNECTED:
        why = null;
        return tell({ kind: 'connected', transport });
      case ConnectionStatus.CONNECTING:
        return tell({ kind: 'connecting', attempt: reconnectAttempts, retryAtMs, why });
      case ConnectionStatus.RECONNECTING:
        return tell({ kind: 'reconnecting', attempt: Math.max(1, reconnectAttempts), retryAtMs, why });
      case ConnectionStatus.DISCONNECTED:
        // From connected, `onclose` follows and says why. From a later attempt of the worker it does not.
        if (started && told !== 'connected' && told !== 'resting') tell(ended());
    }
  };
  const ended = (): LinkStatus => (why === null ? { kind: 'resting', why } : statusOfFailure(why));

  connection.onstatus(project);
  connection.onreconnecting((error) => {
    if (error !== undefined) why = faultOf(error);
    project();
  });
  connection.onclose((error) => {
    if (error !== undefined) why = faultOf(error);
    tell(ended());
  });
  connection.onresync((resync) => {
    if (stopped) return;
    events.resynced(noteOf(resync));
    if (resync.missed !== 'no') events.refetch();
  });

  return {
    mode: 'shared',
    connection,

    followMetric(name, handler) {
      // A late tab is given the newest value at once: it is retained by the worker.
      connection.topic(METRIC, name).subscribe(handler);
    },

    // A claim ends with the connection; then there is nobody left to make a sound for.
    claim: (id) => connection.claim(id).catch(() => false),

    async start() {
      started = false;
      why = null;
      tell({ kind: 'connecting', attempt: 0, retryAtMs: null, why });
      try {
        await connection.start();
        started = true;
        project();
        if (!stopped) events.refetch();
      } catch (error) {
        started = true;
        why = faultOf(error);
        tell(ended());
      }
    },

    async stop() {
      stopped = true;
      await connection.stop();
    },

    async signOut() {
      stopped = true;
      await connection.signOut();
    },
  };
}
