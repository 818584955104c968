/** The members of topics that the connections of this tab want of one hub: each is held in the worker once, and said again to a new worker. */
import { wireError, type ErrorCode, type WireError } from '../contract/errors.js';
import type { Retain, TopicDeclaration, TopicJoined, TopicKey } from '../contract/topics.js';
import type { Stay } from './tab-client.js';

/** A subscription of the app, as this tab's topics see it. */
export interface TopicListener {
  readonly topic: string;
  readonly key: TopicKey;
  /** @param retainedAtMs - When a value came that is not new; `null`: it comes just now. */
  onValue(args: unknown[], retainedAtMs: number | null): void;
  /** Once, after the retained value. */
  onJoined(): void;
  /** The hub did not let this client join. Nothing more is told. */
  onRefused(error: WireError): void;
}

export interface TopicKeys {
  /** The topics of which this tab holds keys, as the worker knows them. */
  readonly learned: Readonly<Record<string, TopicDeclaration>>;
  hold(listener: TopicListener): void;
  letGo(listener: TopicListener): void;
  /** Says every key that this worker has not heard of. */
  say(stay: Stay): void;
  onEvent(topic: string, key: string, args: unknown[]): void;
  onRetained(topic: string, key: string, args: unknown[], atMs: number): void;
  onRefused(topic: string, key: string, error: WireError): void;
  /** The hub was let go, and its keys with it. */
  clear(): void;
}

interface Subscriber {
  readonly listener: TopicListener;
  /** It has been given a value: an older one would be a step back. */
  hasValue: boolean;
  isTold: boolean;
}

interface Member {
  readonly topic: string;
  readonly key: TopicKey;
  /** A copy at each change, never a change in place: a handler may subscribe while the list is told. */
  subscribers: readonly Subscriber[];
  /** The stay in which the worker was asked; `null` while no living worker holds it for this tab. */
  saidIn: Stay | null;
  isJoined: boolean;
  /** `null`: nobody has said it yet. */
  retain: Retain | null;
  declaration: TopicDeclaration | null;
  newest: { readonly args: unknown[]; readonly atMs: number } | null;
}

/** The connection or the worker went, not the key: it is asked for again when the hub is back. */
const GONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'worker-lost',
  'not-joined',
  'not-connected',
  'connection-lost',
  'hub-closed',
  'stopped',
  'signed-out',
  'identity-changed',
]);

/** @param told - The stay in which the worker knows of the hub, and so can be told its keys. */
export function createTopicKeys(hub: string, told: () => Stay | null): TopicKeys {
  const members = new Map<string, Member>();

  async function ask(member: Member, stay: Stay): Promise<void> {
    member.saidIn = stay;
    member.isJoined = false;
    const reply = await outcome(member, stay);
    // Let go meanwhile, and perhaps held anew; or the worker died, and the next one is asked.
    if (members.get(nameOf(member.topic, member.key)) !== member || member.saidIn !== stay) return;
    if (reply.ok) {
      member.isJoined = true;
      const { retain, declaration } = reply.value as TopicJoined;
      member.retain = retain;
      member.declaration = declaration;
      if (member.retain === 'none') member.newest = null;
      for (const subscriber of member.subscribers) welcome(member, subscriber);
    } else if (GONE.has(reply.error.code)) {
      member.saidIn = null;
    } else {
      end(member, reply.error);
    }
  }

  async function outcome({ topic, key }: Member, stay: Stay) {
    try {
      const { after, reply } = await stay.api.joinTopic(hub, topic, key);
      // The retained value goes first.
      const turn = stay.events.reached(after);
      if (turn !== undefined) await turn;
      return reply;
    } catch (error) {
      return { ok: false, error: wireError('worker-failed', String(error), { detail: String(error) }) } as const;
    }
  }

  function welcome(member: Member, subscriber: Subscriber): void {
    if (subscriber.isTold) return;
    subscriber.isTold = true;
    if (member.newest !== null && !subscriber.hasValue) give(subscriber, member.newest.args, member.newest.atMs);
    subscriber.listener.onJoined();
  }

  function give(subscriber: Subscriber, args: unknown[], retainedAtMs: number | null): void {
    subscriber.hasValue = true;
    subscriber.listener.onValue(args, retainedAtMs);
  }

  function tell(topic: string, key: string, args: unknown[], retainedAtMs: number | null): void {
    const member = members.get(nameOf(topic, key));
    if (member === undefined) return;
    // Joined anew, the worker gives what this tab may have had already. By value: the worker's time and this tab's cannot be compared.
    if (retainedAtMs !== null && member.newest !== null && isSame(member.newest.args, args)) return;
    if (member.retain !== 'none') member.newest = { args, atMs: retainedAtMs ?? Date.now() };
    for (const subscriber of member.subscribers) give(subscriber, args, retainedAtMs);
  }

  function end(member: Member, error: WireError): void {
    members.delete(nameOf(member.topic, member.key));
    for (const { listener } of member.subscribers) listener.onRefused(error);
  }

  return {
    get learned() {
      const all: Record<string, TopicDeclaration> = {};
      for (const { topic, declaration } of members.values()) if (declaration !== null) all[topic] = declaration;
      return all;
    },
    hold(listener) {
      const { topic, key } = listener;
      const subscriber: Subscriber = { listener, hasValue: false, isTold: false };
      const known = members.get(nameOf(topic, key));
      if (known !== undefined) {
        known.subscribers = [...known.subscribers, subscriber];
        if (!known.isJoined) return;
        // Later: whoever subscribes does not have what it is given back yet; and a page that has come back does not know yet
        // whether its user is still the one who is signed in.
        void (told()?.events.reached(0) ?? Promise.resolve(true)).then(() => {
          const isCurrent = members.get(nameOf(topic, key)) === known && known.isJoined;
          if (isCurrent && known.subscribers.includes(subscriber)) welcome(known, subscriber);
        });
        return;
      }
      const member: Member = {
        topic,
        key,
        subscribers: [subscriber],
        saidIn: null,
        isJoined: false,
        retain: null,
        declaration: null,
        newest: null,
      };
      members.set(nameOf(topic, key), member);
      const stay = told();
      if (stay !== null) void ask(member, stay);
    },

    letGo(listener) {
      const { topic, key } = listener;
      const member = members.get(nameOf(topic, key));
      if (member === undefined) return;
      member.subscribers = member.subscribers.filter((subscriber) => subscriber.listener !== listener);
      if (member.subscribers.length > 0) return;
      members.delete(nameOf(topic, key));
      const stay = told();
      if (stay !== null && stay === member.saidIn) void stay.api.leaveTopic(hub, topic, member.key);
    },

    say(stay) {
      for (const member of [...members.values()]) if (member.saidIn !== stay) void ask(member, stay);
    },

    onEvent: (topic, key, args) => tell(topic, key, args, null),
    onRetained: tell,

    onRefused(topic, key, error) {
      const member = members.get(nameOf(topic, key));
      // While it is being asked for, the answer to that decides: this one is of an earlier hold.
      if (member?.isJoined === true) end(member, error);
    },

    clear: () => members.clear(),
  };
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  try {
    return JSON.stringify(one) === JSON.stringify(other);
  } catch {
    // What JSON cannot hold: rather twice than not at all.
    return false;
  }
}

function nameOf(topic: string, key: TopicKey): string {
  return `${topic}\0${key}`;
}
