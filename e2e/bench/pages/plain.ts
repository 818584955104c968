/** Way `plain`: each tab has a HubConnection of its own. */
import './post-count.js';
import { openPlain } from './plain-signalr.js';
import { HUB } from './hub-path.js';
import { serveTab } from './serve-tab.js';

serveTab({ open: (onTick) => openPlain(HUB, (connection) => connection.on('tick', onTick)) });
