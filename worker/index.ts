/** `hubshare/worker`: what an app's own worker file calls. */
import { systemClock } from './clock.js';
import { createCoordinator } from './coordinator.js';
import { messageTasks } from './delivery/flush-turn.js';
import { NEWS_CHANNEL } from './hub/worker-news.js';
import type { ServeHubsOptions } from './serve-options.js';

export { refreshEndpoint, type RefreshEndpointOptions, type RefreshTokenOptions } from './auth/refresh-endpoint.js';
export { tokenVault, type TokenVault } from './auth/vault.js';
export type { FetchedToken, TokenSource } from './auth/token-source.js';
export type { ServeHubsOptions } from './serve-options.js';
export type { HubOptions, TopicOptions } from './topic-options.js';

/**
 * Serves hubs to every tab that constructs this worker. Call it at once, with no `await` before it: a tab that connects
 * earlier would not be heard.
 *
 * @throws {HubshareError} `option-invalid`
 */
export function serveHubs(options: ServeHubsOptions = {}): void {
  const scope = globalThis as unknown as SharedWorkerGlobalScope;
  const coordinator = createCoordinator(options, {
    clock: systemClock,
    locks: navigator.locks,
    random: Math.random,
    randomId: () => crypto.randomUUID(),
    nextTask: messageTasks(),
    newsChannel: typeof BroadcastChannel === 'function' ? new BroadcastChannel(NEWS_CHANNEL) : null,
  });
  scope.onconnect = (event) => {
    const [port] = event.ports;
    if (port !== undefined) coordinator.connect(port);
  };
}
