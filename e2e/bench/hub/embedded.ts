/** The demo's embedded Node hub, in a process of its own, for figures that need a real hub: sign-in, tokens, counters. */
import { startHub } from '../../../demo/hub/index.js';
import { serveOrders } from './hub-side.js';

const [siteDir = ''] = process.argv.slice(2);
// Its own metrics and alarms would be traffic that nobody has asked for.
const hub = await startHub({ staticDir: siteDir, alarms: false, metricIntervalMs: 3_600_000 });
serveOrders(hub.port, () => ({ connections: 0, socketMessages: 0, sent: 0, skipped: 0 }));
