/** Runs the demo's Node hub in this process. */
import { loadNodeHub } from '../lib/build-node-hub.mjs';

/**
 * @param {{ port: number, staticDir: string, accessLogFile: string, tokenLifeSeconds: number }} options
 * @returns {Promise<import('./start-aspnet.mjs').RunningHub>}
 */
export async function startNodeHub(options) {
  const { PROTECTED, startHub } = await loadNodeHub();
  const hub = await startHub({ ...PROTECTED, ...options, tryNextPort: true });
  return { url: hub.url, port: hub.port, close: () => hub.close(), ended: new Promise(() => {}) };
}
