/**
 * When this page is parked: in the back/forward cache, frozen, or hidden for so long that it lets itself be frozen. The worker
 * then posts nothing. Back again, the page first hears what it has missed, then what waited for it.
 *
 *           pagehide (persisted), freeze, or hidden for long and not needed
 *   awake ------------------------------------------------------------------> parked
 *     ^                                                                         |
 *     |  the worker has said what was missed           pageshow, resume, shown, |
 *     |                                                    woken, or called for |
 *   coming back <---------------------------------------------------------------+
 */
import { isHubshareError, type ErrorCode, type WireError } from '../contract/errors.js';
import type { MissedWhileParked, Parking } from '../contract/rpc.js';
import { answered } from './answered.js';
import type { Restored } from './channel-user.js';
import type { Stay } from './tab-client.js';

/** A hub of this tab, as parking sees it. */
export interface ParkedHub {
  readonly hub: string;
  readonly isUsed: boolean;
  readonly isBusy: boolean;
  readonly hiddenParkMs: number | null;
  restored(restored: Restored): void;
  /** The user is signed in no more. */
  fence(why: WireError): void;
}

export interface PageParking {
  /** The page does not run, or is about to stop. */
  isAway(): boolean;
  park(how: Exclude<Parking, 'hidden'>): void;
  /** The page runs again, is shown, or is needed. */
  unpark(): void;
  /** The page has been hidden: after a while it parks itself. */
  hidden(): void;
  /** This tab does something: a page that parked itself is parked no more. */
  touch(): void;
  /** The tab has joined a worker. */
  joined(): void;
  /** Who uses the hubs of this tab has changed, and with it how long it waits before it parks itself. */
  usersChanged(): void;
  /** The stay with the worker is over. */
  over(): void;
  /** The tab needs no worker any more, and no longer watches its page. */
  left(): void;
}

export interface ParkingParts {
  readonly stay: () => Stay | null;
  readonly hubs: () => Iterable<ParkedHub>;
  readonly isHidden: () => boolean;
  /** The worker has taken this tab for gone, or hangs: the tab must join anew. */
  readonly onForgotten: () => void;
}

/** What is parked more deeply stays so. */
const DEPTH: Readonly<Record<Parking, number>> = { hidden: 1, frozen: 2, cached: 3 };

/** How a worker answers that does not know this tab any more. */
const FORGOTTEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['not-joined', 'worker-unreachable']);

export function createParking({ stay, hubs, isHidden, onForgotten }: ParkingParts): PageParking {
  let how: Parking | null = null;
  /** Since when something may have been missed; until the connections were told. */
  let sinceMs: number | null = null;
  /** Dropped events that the connections were not told of yet, by hub; `null`: the worker did not say. */
  const missed = new Map<string, number | null>();
  let returns = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What the timer was set to, in milliseconds. */
  let armedMs: number | null = null;

  const used = (): ParkedHub[] => [...hubs()].filter((hub) => hub.isUsed);

  /** Milliseconds for which the page must be hidden; `null`: it never parks itself. */
  function limit(): number | null {
    const limits = used().map((hub) => hub.hiddenParkMs);
    const [first = null] = limits;
    return limits.reduce((one, other) => (one === null || other === null ? null : Math.max(one, other)), first);
  }

  function arm(): void {
    clearTimeout(timer);
    if (how !== null || !isHidden() || stay() === null) return;
    armedMs = limit();
    if (armedMs !== null) timer = setTimeout(onHiddenLong, armedMs);
  }

  function onHiddenLong(): void {
    // A primary tab, or one that waits for something, stays; what keeps it may be over when it looks again.
    if (used().some((hub) => hub.isBusy) || limit() !== armedMs) arm();
    else park('hidden');
  }

  function park(next: Parking): void {
    if (how !== null && DEPTH[next] <= DEPTH[how]) return;
    clearTimeout(timer);
    how = next;
    sinceMs ??= Date.now();
    say();
  }

  function say(): void {
    const present = stay();
    if (present === null || how === null) return;
    // What is still on its way comes after the word of what was missed.
    present.events.hold();
    void present.api.park(how);
  }

  async function unpark(): Promise<void> {
    // Shown before its time: it must not park itself when that has come.
    const wasParked = how !== null;
    how = null;
    arm();
    if (!wasParked) return;
    const present = stay();
    // Without a worker nothing is held back, and its death is news of its own.
    if (present === null) {
      sinceMs = null;
      return;
    }
    const turn = (returns += 1);
    let answer: readonly MissedWhileParked[] | null = null;
    try {
      answer = await answered(present.api.unpark(), present.over);
    } catch (error) {
      // A tab that the worker took for gone has a port that is closed: most often nothing answers at all.
      if (stay() === present && isHubshareError(error) && FORGOTTEN.has(error.code)) {
        onForgotten();
        return;
      }
      // It has died, or cannot say.
    }
    if (stay() !== present) return;
    if (answer === null) for (const { hub } of used()) missed.set(hub, null);
    for (const { hub, dropped, fencedBy } of answer ?? []) {
      if (fencedBy !== null) {
        // First of all: what was held back, and outcomes that have come meanwhile, are of a user who is gone.
        for (const parked of used()) if (parked.hub === hub) parked.fence(fencedBy);
        continue;
      }
      const before = missed.get(hub) ?? (missed.has(hub) ? null : 0);
      missed.set(hub, before === null ? null : before + dropped);
    }
    // Parked again meanwhile: then the next return tells of both.
    if (turn !== returns || how !== null) return;
    const lastedMs = Math.max(0, Date.now() - (sinceMs ?? Date.now()));
    const told = new Map(missed);
    forget();
    for (const hub of used()) {
      const dropped = told.get(hub.hub);
      if (dropped !== undefined) hub.restored({ dropped, lastedMs });
    }
    present.events.release();
  }

  function forget(): void {
    sinceMs = null;
    missed.clear();
  }

  return {
    isAway: () => how === 'cached' || how === 'frozen',
    park,
    unpark: () => void unpark(),
    hidden: arm,
    touch() {
      if (how === 'hidden') void unpark();
    },
    joined() {
      say();
      arm();
    },
    usersChanged: arm,
    over() {
      // It must join anew, so it is awake; the next worker finds out for itself.
      if (how === 'hidden') how = null;
      if (how === null) sinceMs = null;
      missed.clear();
      clearTimeout(timer);
    },
    left() {
      // Nobody hears of the page's return: what it was parked as must not be said to the next worker.
      how = null;
      forget();
      clearTimeout(timer);
    },
  };
}
