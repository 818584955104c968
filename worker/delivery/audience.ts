/** Who hears what of one hub: tabs with handlers for a method, and tabs that hold members of topics. Each event goes to each of them once. */
import type { WireError } from '../../src/contract/errors.js';
import type { TopicReport } from '../../src/contract/report.js';
import type { CallOutcome } from '../../src/contract/rpc.js';
import type { TopicKey } from '../../src/contract/topics.js';
import type { Clock } from '../clock.js';
import type { HubLink } from '../hub/hub-link.js';
import type { Journal } from '../observe/journal.js';
import type { Tab } from '../tabs/tab.js';
import type { Encoder } from './encode.js';
import { createSubscriptions } from './subscriptions.js';
import type { TopicDeclarations } from './topic-declarations.js';
import { createTopics, type HeldMember } from './topics.js';

export interface Audience {
  subscribe(tab: Tab, method: string): void;
  unsubscribe(tab: Tab, method: string): void;
  /** The tab has said anew which methods it has handlers for. Its topics stay as they are. */
  resubscribe(tab: Tab, methods: readonly string[]): void;
  /** The tab has handlers for the method, whose name is in lower case. */
  hears(tab: Tab, method: string): boolean;
  /**
   * The tab wants the events of a member of a topic: settles when the hub has let this client in or has not, after the retained
   * value, or when the tab lets go. While the hub is not connected, that waits. The same key twice is once.
   */
  joinTopic(tab: Tab, topic: string, key: TopicKey): Promise<CallOutcome>;
  /** A key that the tab does not hold is no error. */
  leaveTopic(tab: Tab, topic: string, key: TopicKey): void;
  /** The tab wants nothing more. */
  drop(tab: Tab): void;
  /** An event of the hub. */
  event(method: string, args: unknown[]): void;
  /** The connection is up, or has gone. */
  connected(run: number): void;
  lost(): void;
  /** The hub is being closed: no key and no value outlives that. */
  clearTopics(why: WireError): void;
  /** As a report shows them. */
  topics(): readonly TopicReport[];
}

export function createAudience(deps: {
  readonly url: string;
  /** By which entries name the hub. */
  readonly hub: number;
  readonly link: HubLink;
  readonly encoder: Encoder;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly declarations: TopicDeclarations;
  /** Milliseconds that a member of a topic stays joined after the last tab has let it go. */
  readonly topicLingerMs: number;
  readonly onChange: () => void;
}): Audience {
  const { url, hub, link, encoder } = deps;
  const subscriptions = createSubscriptions();
  /** Why a method is listened to: its handlers are one reason, each member of a topic is another. */
  const reasons = new Map<string, number>();
  const topics = createTopics({
    ...deps,
    lingerMs: deps.topicLingerMs,
    invoke: (method, args) => link.invoke(method, args),
    liveRun: () => (link.state.kind === 'live' ? link.state.run : null),
    onWanted: listen,
    onUnwanted: unlisten,
  });

  function listen(method: string): void {
    const before = reasons.get(method) ?? 0;
    reasons.set(method, before + 1);
    if (before === 0) link.listen(method);
  }

  function unlisten(method: string): void {
    const left = (reasons.get(method) ?? 0) - 1;
    if (left > 0) {
      reasons.set(method, left);
      return;
    }
    reasons.delete(method);
    link.unlisten(method);
  }

  function subscribe(tab: Tab, method: string): void {
    const name = method.toLowerCase();
    if (subscriptions.add(tab, name)) listen(name);
  }

  function removeMethods(tab: Tab): void {
    for (const method of subscriptions.removeTab(tab)) unlisten(method);
  }

  return {
    subscribe,
    unsubscribe(tab, method) {
      const name = method.toLowerCase();
      if (subscriptions.remove(tab, name)) unlisten(name);
    },
    resubscribe(tab, methods) {
      removeMethods(tab);
      for (const method of methods) subscribe(tab, method);
    },
    hears: (tab, method) => subscriptions.has(tab, method),
    joinTopic: (tab, topic, key) => topics.join(tab, topic, key),
    leaveTopic: (tab, topic, key) => topics.leave(tab, topic, key),
    drop(tab) {
      removeMethods(tab);
      topics.drop(tab);
    },
    event(method, args) {
      const name = method.toLowerCase();
      const members = topics.membersOf(name, args);
      const listening = subscriptions.of(name);
      if (members.length === 0 && listening.size === 0) return;
      const encoded = encoder.event(hub, name, args, matchesOf(members));
      for (const tab of listening) tab.deliver(encoded, url);
      for (let place = 0; place < members.length; place += 1) {
        const member = members[place];
        if (member === undefined) continue;
        for (const tab of member.holders.keys()) {
          if (listening.has(tab) || isHeld(tab, members, 0, place)) continue;
          const isAlone = !isHeld(tab, members, place + 1, members.length);
          // Handlers want every event; two topics may differ in what they keep.
          tab.deliver(encoded, url, isAlone ? member.conflateKey : undefined);
        }
      }
    },
    connected: (run) => topics.connected(run),
    lost: () => topics.lost(),
    clearTopics: (why) => topics.clear(why),
    topics: () => topics.report(),
  };
}

function matchesOf(members: readonly HeldMember[]): HeldMember['matches'] | undefined {
  const [first] = members;
  return members.length > 1 ? members.map(({ match }) => match) : first?.matches;
}

/** Whether the tab holds one of the members from one place up to another. */
function isHeld(tab: Tab, members: readonly HeldMember[], from: number, to: number): boolean {
  for (let place = from; place < to; place += 1) if (members[place]?.holders.has(tab) === true) return true;
  return false;
}
