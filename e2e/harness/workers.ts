/** The worker files that a harness page can be told to use; the options must be literals, or Vite cannot find the files. */
import toldUrl from './told.worker.ts?sharedworker&url';
import { defaultWorkerSettings, writeWorkerSettings, type WorkerSettings } from './worker-settings.js';

export type WorkerChoice =
  | 'endpoint'
  | 'tab-tokens'
  | 'topics'
  | 'small-outbox'
  | 'vault'
  | 'vault-next'
  | 'told'
  | 'told-next'
  | 'ready-made'
  | 'unused'
  | 'missing';

/**
 * `null`: the page names no worker, so the library takes its ready-made one.
 *
 * @param settings - Of `told` and `told-next`, two builds of the worker that is told what to do.
 */
export function workerFactory(
  choice: WorkerChoice,
  settings: WorkerSettings = defaultWorkerSettings,
): (() => SharedWorker) | null {
  switch (choice) {
    case 'told':
    case 'told-next': {
      const url = new URL(toldUrl + writeWorkerSettings(settings), location.href);
      return () => new SharedWorker(url, { type: 'module', name: `harness-${choice}` });
    }
    case 'endpoint':
      return () =>
        new SharedWorker(new URL('./endpoint.worker.ts', import.meta.url), {
          type: 'module',
          name: 'harness-endpoint',
        });
    case 'tab-tokens':
      return () =>
        new SharedWorker(new URL('./tab-tokens.worker.ts', import.meta.url), { type: 'module', name: 'harness-tab' });
    case 'topics':
      return () =>
        new SharedWorker(new URL('./topics.worker.ts', import.meta.url), { type: 'module', name: 'harness-topics' });
    case 'small-outbox':
      return () =>
        new SharedWorker(new URL('./small-outbox.worker.ts', import.meta.url), {
          type: 'module',
          name: 'harness-small-outbox',
        });
    case 'vault':
      return () =>
        new SharedWorker(new URL('./vault.worker.ts', import.meta.url), { type: 'module', name: 'harness-vault' });
    case 'vault-next':
      // As a newer build of the app would have it: another worker of the same origin.
      return () =>
        new SharedWorker(new URL('./vault.worker.ts', import.meta.url), { type: 'module', name: 'harness-vault-next' });
    case 'unused':
      return () =>
        new SharedWorker(new URL('./endpoint.worker.ts', import.meta.url), { type: 'module', name: 'harness-unused' });
    case 'missing': {
      // Not a literal on purpose: no bundler may look for a file that must not exist.
      const nowhere = new URL('/harness/no-such-worker.js', location.href);
      return () => new SharedWorker(nowhere, { type: 'module' });
    }
    case 'ready-made':
      return null;
  }
}
