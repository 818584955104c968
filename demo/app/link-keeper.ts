/** Keeps exactly one link: when the mode changes, the old one is closed before the new one starts. */
import { faultOf } from './faults.js';
import type { Link, LinkEvents } from './link.js';
import type { Mode } from './preferences.js';

export interface LinkKeeper {
  /** Changes the mode. Calls that overtake each other end in the last one's mode. */
  use(mode: Mode): Promise<void>;
  /** Starts again after the link has come to rest. */
  retry(): Promise<void>;
  stop(): Promise<void>;
  signOut(): Promise<void>;
}

/** @param onLink - Told of each new link before it starts, so that handlers are there for the first event. */
export function createLinkKeeper(hubUrl: string, events: LinkEvents, onLink: (link: Link) => void): LinkKeeper {
  let link: Link | null = null;
  let wanted: Mode | null = null;
  let queue: Promise<void> = Promise.resolve();

  const inTurn = (step: () => Promise<void>): Promise<void> => {
    queue = queue.then(step, step);
    return queue;
  };

  async function build(mode: Mode): Promise<Link> {
    // Loaded when needed: a page in shared mode carries no copy of SignalR, a page in plain mode none of hubshare.
    if (mode === 'shared') return (await import('./shared-link.js')).createSharedLink(hubUrl, events);
    return (await import('./plain-link.js')).createPlainLink(hubUrl, events);
  }

  async function close(how: 'stop' | 'signOut'): Promise<void> {
    const old = link;
    link = null;
    await old?.[how]();
  }

  return {
    use(mode) {
      wanted = mode;
      return inTurn(async () => {
        if (wanted !== mode || link?.mode === mode) return;
        events.status({ kind: 'connecting', attempt: 0, retryAtMs: null, why: null });
        await close('stop').catch(() => {
          // The old link could not say goodbye. Its worker or its hub notices by itself; the new one must not wait for that.
        });
        try {
          link = await build(mode);
        } catch (error) {
          events.status({ kind: 'resting', why: faultOf(error) });
          return;
        }
        onLink(link);
        // Not awaited: with the hub away a start may take minutes, and the mode can be changed meanwhile.
        void link.start();
      });
    },

    async retry() {
      if (link !== null) await link.start();
      else if (wanted !== null) await this.use(wanted);
    },

    stop() {
      wanted = null;
      return inTurn(() => close('stop'));
    },

    signOut() {
      wanted = null;
      return inTurn(() => close('signOut'));
    },
  };
}
