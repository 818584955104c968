/** The tabs that want one hub: who they are, which of them is primary, and who can be asked for what. */
import type { HubWish } from '../../src/contract/rpc.js';
import type { Journal } from '../observe/journal.js';
import { electPrimary, rankCandidates, type Candidate } from '../tabs/primary-election.js';
import type { Tab } from '../tabs/tab.js';

/** A tab that wants the hub, and what it can do for it. */
export interface Member extends Pick<
  HubWish,
  'hasTokenFactory' | 'hasRetryPolicy' | 'wantsLog' | 'identity' | 'attachment'
> {
  readonly tab: Tab;
}

export interface Membership {
  readonly size: number;
  readonly ids: readonly string[];
  readonly primaryId: string | null;
  /** In the order of joining. */
  tabs(): Iterable<Tab>;
  /** Tabs that want SignalR's log. */
  readonly logReaders: readonly Tab[];
  all(): Iterable<Member>;
  /** Of this very tab: one that has joined again under the same id is another. */
  of(tab: Tab): Member | undefined;
  /** A second wish of the same tab replaces the first. */
  put(tab: Tab, wish: HubWish): void;
  /** @returns whether it was a member. */
  remove(tab: Tab): boolean;
  some(test: (member: Member) => boolean): boolean;
  /** Members that are awake, the primary first. */
  ranked(test: (member: Member) => boolean): Tab[];
  /** Members that can be asked: those that are awake, then those that parked themselves because they are hidden, for they still run. */
  askable(test: (member: Member) => boolean): Tab[];
  /**
   * Decides anew who is primary.
   *
   * @param prefer - Who keeps or gets the role among those that are equally fit. Default: the present primary.
   * @returns whether it is another one now.
   */
  elect(prefer?: string): boolean;
}

export function createMembership(journal: Journal): Membership {
  const members = new Map<string, Member>();
  let primaryId: string | null = null;
  /** Kept at hand: the log has many lines, and mostly no reader. */
  let logReaders: readonly Tab[] = [];

  function changed(): void {
    logReaders = [...members.values()].filter(({ wantsLog }) => wantsLog).map(({ tab }) => tab);
  }

  function candidates(): Candidate[] {
    return [...members.values()].map(({ tab }) => ({
      id: tab.id,
      parked: tab.parked,
      visible: tab.visibility === 'visible',
    }));
  }

  function ranked(test: (member: Member) => boolean): Tab[] {
    return rankCandidates(candidates(), primaryId).flatMap((id) => {
      const member = members.get(id);
      return member !== undefined && test(member) ? [member.tab] : [];
    });
  }

  return {
    get size() {
      return members.size;
    },
    get ids() {
      return [...members.keys()];
    },
    get primaryId() {
      return primaryId;
    },
    get logReaders() {
      return logReaders;
    },
    tabs: () => [...members.values()].map(({ tab }) => tab),
    all: () => [...members.values()],
    of(tab) {
      const member = members.get(tab.id);
      return member?.tab === tab ? member : undefined;
    },
    put(tab, { hasTokenFactory, hasRetryPolicy, wantsLog, identity, attachment }) {
      members.set(tab.id, { tab, hasTokenFactory, hasRetryPolicy, wantsLog, identity, attachment });
      changed();
    },
    remove(tab) {
      if (members.get(tab.id)?.tab !== tab) return false;
      members.delete(tab.id);
      changed();
      return true;
    },
    some: (test) => [...members.values()].some(test),
    ranked,
    askable: (test) => [
      ...ranked(test),
      ...[...members.values()]
        .filter((member) => member.tab.parking === 'hidden' && test(member))
        .map(({ tab }) => tab),
    ],
    elect(prefer) {
      const elected = electPrimary(candidates(), prefer ?? primaryId);
      if (elected === primaryId) return false;
      primaryId = elected;
      const tab = elected === null ? undefined : members.get(elected)?.tab;
      if (tab !== undefined) journal.note('tab', `tab ${tab.ordinal} is primary`);
      return true;
    },
  };
}
