import { expect, it } from 'vitest';
import { errorFromWire, wireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type { HubChannel } from '../tab/hub-channel.js';
import type { TabClient } from '../tab/tab-client.js';
import { fakeUser } from '../tab/testing/fake-user.js';
import { deferred } from '../tab/deferred.js';
import { createConnectionView } from './connection-view.js';
import { createLifecycle } from './lifecycle.js';
import { createLog } from './log.js';

const HUB = 'https://h.test/hubs/ops';
const SNAPSHOT = { connectionId: 'connection-1', primaryTabId: '' };
const LIVE = { phase: 'live', connectionId: 'connection-1', snapshot: SNAPSHOT, lastReconnect: null } as HubStatus;

it('closes a connection that another one of its page had connected, when its own wish is refused after that', async () => {
  const wish = deferred<undefined>();
  const detached: unknown[] = [];
  const channel = {
    hub: HUB,
    attach: () => wish.promise,
    detach: async (user: unknown) => void detached.push(user),
  } as unknown as HubChannel;
  const self = {};
  const log = createLog(null, null);
  const user = fakeUser();
  const lifecycle = createLifecycle({
    self,
    client: { channel: () => channel } as unknown as TabClient,
    view: createConnectionView(self, 'tab-1', log),
    log,
    reconnects: true,
    hub: () => HUB,
    user,
  });
  const closed: unknown[] = [];
  lifecycle.closed.add((error) => closed.push(error));

  const start = lifecycle.start();
  lifecycle.onStatus(LIVE);
  await start;
  expect(lifecycle.state).toBe('Connected');
  wish.reject(errorFromWire(wireError('signed-out', 'Signed out.', {})));
  await expect.poll(() => lifecycle.state).toBe('Disconnected');
  expect(closed).toEqual([expect.objectContaining({ code: 'signed-out' })]);
  expect(detached).toEqual([user]);
});
