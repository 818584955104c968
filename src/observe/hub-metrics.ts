/** What a connection can say of its hub's figures and alerts: asked of the worker, and only when the app asks. */
import type { Alert, HubMetrics } from '../contract/metrics.js';
import { createCallbacks } from '../connection/callbacks.js';
import type { Log } from '../connection/log.js';
import { answered } from '../tab/answered.js';
import type { TabClient } from '../tab/tab-client.js';
import { alertFeedOf } from './alert-feed.js';

/** @throws {HubshareError} why the worker cannot be asked. */
export function readMetrics(client: TabClient, hub: string): Promise<HubMetrics> {
  return client.visit(({ api, over }) => answered(api.hubMetrics(hub), over));
}

/**
 * @param self - The connection, which the callback gets as `this`.
 * @returns Ends it.
 */
export function watchAlerts(
  self: object,
  client: TabClient,
  hub: string,
  log: Log,
  callback: (alert: Alert) => void,
): () => void {
  const told = createCallbacks<[alert: Alert]>('onalert', log);
  told.add(callback);
  return alertFeedOf(client, hub).add((alert) => told.call(self, alert));
}
