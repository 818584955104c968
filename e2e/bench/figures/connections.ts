/** What ten tabs cost the hub: connections, handshakes, requests and bytes; and whether fifty tabs are still one connection. */
import { setTimeout as pause } from 'node:timers/promises';
import { createAdmin } from '../../fixtures/admin.js';
import { openTabs } from '../session.js';
import { signedInContext } from '../sign-in.js';
import { WAYS } from '../ways.js';
import type { Figure } from './figure.js';

const EVENTS = { count: 0, everyMs: 10, event: 'tick', paddingBytes: 0 } as const;

export const connections: Figure = async (means) => {
  const { results, times, tell } = means;
  const browser = await means.launchBrowser();
  for (const way of WAYS) {
    tell(`connections: ${way}, 10 tabs`);
    const hub = await means.startEmbedded();
    const admin = createAdmin(() => hub.port);
    const context = await signedInContext(browser.browser, hub.url);
    await openTabs(context, hub.url, way, 10);
    const open = await admin.counts();
    results.add('connections', 'connections, 10 tabs', 'at the hub', way, open.connections);
    results.add('connections', 'handshakes, 10 tabs', 'at the hub', way, open.handshakes);
    results.add('connections', 'negotiates, 10 tabs', 'at the hub', way, open.negotiates);
    results.add('connections', 'token requests, 10 tabs', 'at the hub', way, open.refreshes);
    await admin.startSequence(EVENTS);
    await pause(times.connectionsMs);
    const sent = await admin.stopSequence();
    const after = await admin.counts();
    const perEvent = (after.bytesSent - open.bytesSent) / sent;
    results.add('connections', 'bytes that the hub sends per event, 10 tabs', 'bytes', way, perEvent);
    await context.close();
    await hub.close();
  }

  tell('connections: shared, 50 tabs');
  const hub = await means.startEmbedded();
  const context = await signedInContext(browser.browser, hub.url);
  await openTabs(context, hub.url, 'shared', 50);
  const { connections: open, handshakes } = await createAdmin(() => hub.port).counts();
  results.add('connections', 'connections, 50 tabs', 'at the hub', 'shared', open);
  results.add('connections', 'handshakes, 50 tabs', 'at the hub', 'shared', handshakes);
};
