/** A real link to a fake hub, for the parts that stand on a link. */
import { createHubLink, type HubLink, type HubLinkDeps } from '../hub/hub-link.js';
import { FakeClock } from './fake-clock.js';
import { FakeHub } from './fake-hub.js';

export interface LinkedHub {
  readonly clock: FakeClock;
  readonly hub: FakeHub;
  readonly link: HubLink;
}

/** Not open yet. A lost connection is tried again after 1,000 ms. */
export function linkHub(url: string, more: Partial<HubLinkDeps> = {}): LinkedHub {
  const clock = new FakeClock();
  const hub = new FakeHub();
  const link = createHubLink({
    url,
    openSocket: hub.open,
    prepareStart: () => Promise.resolve(),
    clock,
    retryDelay: () => 1_000,
    askRetryDelay: () => Promise.resolve(null),
    redact: (text) => text,
    startTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
    onState: () => undefined,
    onEvent: () => undefined,
    onQuestion: () => Promise.resolve(undefined),
    onResumed: () => undefined,
    ...more,
  });
  return { clock, hub, link };
}

export async function liveHub(url: string, more: Partial<HubLinkDeps> = {}): Promise<LinkedHub> {
  const linked = linkHub(url, more);
  linked.link.open();
  await linked.clock.settle();
  await linked.hub.accept();
  return linked;
}
