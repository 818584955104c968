/** The ports of the worker: each page that constructs it brings one, and gets a session of its own in front of the shared core. */
import { expose } from 'comlink';
import { wireError } from '../src/contract/errors.js';
import type { CoordinatorApi } from '../src/contract/rpc.js';
import { MAX_PORTS_BEFORE_JOIN } from './limits.js';
import type { ServeHubsOptions } from './serve-options.js';
import { guardPort } from './tabs/port-guard.js';
import type { Tab } from './tabs/tab.js';
import { createTabSession, SESSION_METHODS, type SessionCore } from './tabs/tab-session.js';
import { createWorkerCore, type WorkerPlatform } from './worker-core.js';

export interface Coordinator {
  /** A page has constructed the worker; `port` is its `port`. */
  connect(port: MessagePort): void;
}

/** @throws {HubshareError} `option-invalid` */
export function createCoordinator(options: ServeHubsOptions, platform: WorkerPlatform): Coordinator {
  const { core, journal } = createWorkerCore(options, platform);
  /** Ports that have not joined, oldest first. */
  const waiting = new Set<MessagePort>();

  const admit = (control: MessagePort, ...joining: Parameters<SessionCore['admit']>): Tab => {
    const tab = core.admit(...joining);
    waiting.delete(control);
    return tab;
  };

  return {
    connect(port) {
      port.onmessage = (event: MessageEvent<unknown>) => {
        const control = readKnock(event.data);
        if (control === null) {
          const detail = 'The first message to this worker must bring the control port of a hubshare client.';
          const error = wireError('message-invalid', `${detail} Use SharedHubConnectionBuilder.`, { detail });
          journal.note('tab', `message refused: ${detail}`, error.code);
          port.postMessage({ ok: false, error });
          return;
        }
        waiting.add(control);
        const [oldest] = waiting;
        if (waiting.size > MAX_PORTS_BEFORE_JOIN && oldest !== undefined) {
          waiting.delete(oldest);
          oldest.close();
        }
        const session: CoordinatorApi = createTabSession(
          { ...core, admit: (hello, remote) => admit(control, hello, remote) },
          () => control.close(),
        );
        expose(
          session,
          guardPort(control, SESSION_METHODS, (error) =>
            journal.note('tab', `message refused: ${error.detail}`, error.code),
          ),
        );
      };
    },
  };
}

/** The only message that comes over the worker's own port. */
function readKnock(data: unknown): MessagePort | null {
  if (typeof data !== 'object' || data === null || !('hubshare' in data) || !('control' in data)) return null;
  return data.control instanceof MessagePort ? data.control : null;
}
