/** The hubs that this worker has open, and how they end for good. */
import type { WireError } from '../../src/contract/errors.js';
import { FENCE_WAIT_MS } from '../../src/contract/timing.js';
import type { Clock } from '../clock.js';
import type { OpenHub } from './open-hub.js';
import type { FencedHub, SharedHub } from './shared-hub.js';

export interface OpenHubs {
  readonly size: number;
  get(url: string): OpenHub | undefined;
  all(): OpenHub[];
  shared(): SharedHub[];
  put(open: OpenHub): void;
  /** The hub has closed by itself. `false`: it has been behind a fence since. */
  remove(open: OpenHub): boolean;
  /** The connection to that hub that is being closed behind a fence, if there is one: the next one to it waits. */
  closing(url: string): Promise<void> | null;
  /** Ends these hubs for good: whoever comes next, perhaps another user, finds nothing of theirs. */
  fence(which: readonly OpenHub[], why: WireError): Ending;
}

/** Hubs whose fences have gone up. */
export interface Ending {
  /** Resolves when their connections are closed. */
  readonly closed: Promise<void>;
  /** Resolves when every tab that is awake has dispatched its goodbye of this and of earlier fences, and what came before; or after the limit. */
  dispatched(): Promise<void>;
}

export function createOpenHubs(clock: Clock): OpenHubs {
  const hubs = new Map<string, OpenHub>();
  const closing = new Map<string, Promise<void>>();
  /**
   * Of each fence, until every tab that was behind it has dispatched its goodbye. A sign-out waits for those before its own too: when
   * two pages sign out, the second finds no hub, and yet tabs that have not had the last of the user's events.
   */
  const undispatched = new Set<Promise<void>>();

  const remove = (open: OpenHub): boolean => hubs.get(open.hub.url) === open && hubs.delete(open.hub.url);

  function close({ hub }: OpenHub, why: WireError): FencedHub {
    const { url } = hub;
    const behind = hub.fence(why);
    const closed = Promise.all([closing.get(url), behind.closed]).then(() => {
      if (closing.get(url) === closed) closing.delete(url);
    });
    closing.set(url, closed);
    return behind;
  }

  function follow(fenced: readonly FencedHub[]): void {
    const told = new Set(fenced.flatMap(({ tabs }) => tabs));
    const dispatched = Promise.all([...told].map(({ outbox }) => outbox.dispatched())).then(() => {
      undispatched.delete(dispatched);
    });
    undispatched.add(dispatched);
  }

  async function whenDispatched(): Promise<void> {
    let disarm: () => void = () => undefined;
    const limit = new Promise<void>((resolve) => {
      disarm = clock.setTimeout(resolve, FENCE_WAIT_MS);
    });
    await Promise.race([Promise.all(undispatched), limit]);
    disarm();
  }

  return {
    get size() {
      return hubs.size;
    },
    get: (url) => hubs.get(url),
    all: () => [...hubs.values()],
    shared: () => [...hubs.values()].map(({ hub }) => hub),
    put: (open) => void hubs.set(open.hub.url, open),
    remove,
    closing: (url) => closing.get(url) ?? null,
    fence(which, why) {
      for (const open of which) remove(open);
      const fenced = which.map((open) => close(open, why));
      for (const { sayGoodbye } of fenced) sayGoodbye();
      for (const open of which) open.dispose();
      follow(fenced);
      return {
        closed: Promise.all(fenced.map(({ closed }) => closed)).then(() => undefined),
        dispatched: whenDispatched,
      };
    },
  };
}
