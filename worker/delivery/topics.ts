/** The topics of one hub at work: which tab holds which member, what is joined on the hub, and the newest values. */
import { wireError, type WireError } from '../../src/contract/errors.js';
import type { TopicReport } from '../../src/contract/report.js';
import type { CallOutcome } from '../../src/contract/rpc.js';
import type { TopicJoined, TopicKey, TopicMatch } from '../../src/contract/topics.js';
import type { Clock, TimerHandle } from '../clock.js';
import { messageOf } from '../hub/failure.js';
import { limitReached } from '../../src/contract/limit-reached.js';
import { MAX_TOPIC_KEYS_OF_TAB } from '../limits.js';
import type { Journal } from '../observe/journal.js';
import type { Tab } from '../tabs/tab.js';
import { encodeRefused, type Encoder } from './encode.js';
import { joinFailure } from './topic-failure.js';
import type { Topic, TopicDeclarations } from './topic-declarations.js';
import { keyText } from './topic-keys.js';
import { NEW_MEMBER, transition, type MemberEffect, type MemberEvent, type MemberState } from './topic-member.js';

/** What an event must know of a member that it belongs to. */
export interface HeldMember {
  readonly match: TopicMatch;
  /** As a list, the same each time: most events belong to one member. */
  readonly matches: readonly TopicMatch[];
  /** Under which only the newest event is worth keeping for a tab that is slow; `undefined`: all are. */
  readonly conflateKey: string | undefined;
  readonly holders: ReadonlyMap<Tab, unknown>;
}

export interface Topics {
  /** Settles when the hub has let this client in or has not, or when the tab lets go. */
  join(tab: Tab, topic: string, key: TopicKey): Promise<CallOutcome>;
  /** A key that the tab does not hold is no error. */
  leave(tab: Tab, topic: string, key: TopicKey): void;
  /** The tab lets every key go. */
  drop(tab: Tab): void;
  /** Where an event belongs, as far as tabs hold it; its values are kept for those that come later. */
  membersOf(event: string, args: unknown[]): readonly HeldMember[];
  /** The hub is connected by a new run: it knows nothing of what was joined before. */
  connected(run: number): void;
  lost(): void;
  /** Forgets every key and value; who still waits is told why. Nothing is said to the hub, which is being closed. */
  clear(why: WireError): void;
  report(): readonly TopicReport[];
}

/** Members that a report names. */
const MAX_REPORTED = 200;

/**
 * Milliseconds for which a join whose request has failed waits for the end of the connection, which is mostly why it failed: then
 * it is asked for again on the next one.
 */
const LOSS_WAIT_MS = 2_000;

const NONE: readonly HeldMember[] = [];

interface Holder {
  /** As the app gave it. */
  readonly key: TopicKey;
  /** Calls of the tab that wait for the hub. */
  readonly waiting: ((reply: CallOutcome['reply']) => void)[];
}

interface Member extends HeldMember {
  readonly topic: Topic;
  readonly key: string;
  readonly holders: Map<Tab, Holder>;
  state: MemberState;
  /** As the hub was given it. */
  given: TopicKey;
  value: { readonly args: unknown[]; readonly atMs: number } | null;
  disarmLinger: TimerHandle | null;
  disarmLossWait: TimerHandle | null;
}

/** A topic of which there are members. */
interface ActiveTopic {
  readonly topic: Topic;
  readonly members: Map<string, Member>;
}

export function createTopics(deps: {
  /** By which entries name the hub. */
  readonly hub: number;
  readonly url: string;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly encoder: Encoder;
  readonly declarations: TopicDeclarations;
  /** Milliseconds that a member stays joined after the last tab has let it go. */
  readonly lingerMs: number;
  readonly invoke: (method: string, args: readonly unknown[]) => Promise<unknown>;
  /** The run of the connection that is up. */
  readonly liveRun: () => number | null;
  /** Events of this name are wanted, once for each member, or not any more. */
  readonly onWanted: (event: string) => void;
  readonly onUnwanted: (event: string) => void;
  readonly onChange: () => void;
}): Topics {
  const { hub, url, clock, journal, encoder, declarations } = deps;
  const active = new Map<string, ActiveTopic>();
  const byEvent = new Map<string, ActiveTopic[]>();
  /** How many members each tab holds. */
  const held = new WeakMap<Tab, number>();
  /** Topics whose events without a key were noted: a defect of the app that would fill the journal. */
  const noted = new Set<string>();

  function memberOf(topic: Topic, key: string): Member {
    const known = active.get(topic.name) ?? activate(topic);
    const member = known.members.get(key) ?? createMember(topic, key);
    if (known.members.get(key) === undefined) {
      known.members.set(key, member);
      deps.onWanted(topic.event);
    }
    return member;
  }

  function activate(topic: Topic): ActiveTopic {
    const added: ActiveTopic = { topic, members: new Map() };
    active.set(topic.name, added);
    byEvent.set(topic.event, [...(byEvent.get(topic.event) ?? []), added]);
    return added;
  }

  function forget({ topic, key }: Member): void {
    const known = active.get(topic.name);
    if (known?.members.delete(key) !== true) return;
    if (known.members.size === 0) {
      active.delete(topic.name);
      const others = (byEvent.get(topic.event) ?? []).filter((other) => other !== known);
      if (others.length > 0) byEvent.set(topic.event, others);
      else byEvent.delete(topic.event);
    }
    deps.onUnwanted(topic.event);
  }

  function holdsTooMany(tab: Tab, topic: Topic, key: TopicKey): boolean {
    return (
      (held.get(tab) ?? 0) >= MAX_TOPIC_KEYS_OF_TAB &&
      active.get(topic.name)?.members.get(String(key))?.holders.has(tab) !== true
    );
  }

  function holds(tab: Tab, by: 1 | -1): void {
    held.set(tab, (held.get(tab) ?? 0) + by);
  }

  function allMembers(): Member[] {
    return [...active.values()].flatMap(({ members }) => [...members.values()]);
  }

  function dispatch(member: Member, event: MemberEvent): void {
    const step = transition(member.state, event);
    if (step.state === member.state) return;
    member.state = step.state;
    if (step.state.kind !== 'joining') {
      member.disarmLossWait?.();
      member.disarmLossWait = null;
    }
    for (const effect of step.effects) perform(member, effect);
    deps.onChange();
  }

  function perform(member: Member, effect: MemberEffect): void {
    switch (effect.type) {
      case 'join':
        void join(member, effect.run);
        return;
      case 'leave':
        void leave(member, effect.run);
        return;
      case 'arm-linger':
        member.disarmLinger = clock.setTimeout(() => {
          member.disarmLinger = null;
          dispatch(member, { type: 'linger-over' });
        }, deps.lingerMs);
        return;
      case 'disarm-linger':
        member.disarmLinger?.();
        member.disarmLinger = null;
        return;
      case 'drop-value':
        member.value = null;
        return;
      case 'forget':
        forget(member);
    }
  }

  async function join(member: Member, run: number): Promise<void> {
    const { topic } = member;
    for (const { key } of member.holders.values()) {
      member.given = key;
      break;
    }
    try {
      await deps.invoke(topic.join, [member.given]);
    } catch (error) {
      if (isUnderWay(member, 'joining', run)) failed(member, run, error);
      return;
    }
    if (!isUnderWay(member, 'joining', run)) return;
    dispatch(member, { type: 'let-in', run });
    for (const holder of member.holders.values()) answer(holder, letIn(topic));
  }

  function failed(member: Member, run: number, error: unknown): void {
    const failure = joinFailure(error, member.topic);
    switch (failure.kind) {
      case 'lost':
        // Its end is about to be told, and the next connection is asked again.
        return;
      case 'refused':
        refuse(member, { type: 'refused', run }, failure.wire);
        return;
      case 'not-heard':
        member.disarmLossWait = clock.setTimeout(() => {
          member.disarmLossWait = null;
          giveUp(member, run, failure.wire);
        }, LOSS_WAIT_MS);
    }
  }

  /** Nobody knows whether the hub has heard the join: those who asked are told so, and for those who held it before it is asked again. */
  function giveUp(member: Member, run: number, error: WireError): void {
    const { topic, key } = member;
    journal.note('hub', `${topic.join} of ${key} in topic ${topic.name} failed: ${error.message}`, error.code);
    const asking = [...member.holders].filter(([, { waiting }]) => waiting.length > 0);
    for (const [tab] of asking) {
      member.holders.delete(tab);
      holds(tab, -1);
    }
    dispatch(member, { type: 'join-failed', run, isHeld: member.holders.size > 0 });
    for (const [, holder] of asking) answer(holder, { ok: false, error });
  }

  /** Takes the member from the tabs that hold it now. Whoever asks later asks the hub again. */
  function refuse(member: Member, event: MemberEvent, errorFor: (key: TopicKey) => WireError): void {
    const { topic, key } = member;
    const error = errorFor(member.given);
    journal.note('hub', `${topic.join} of ${key} in topic ${topic.name} failed: ${error.message}`, error.code);
    const holders = [...member.holders];
    member.holders.clear();
    for (const [tab] of holders) holds(tab, -1);
    // First: a tab that asks again when it is told finds it free.
    dispatch(member, event);
    for (const [tab, holder] of holders) {
      const told = errorFor(holder.key);
      if (holder.waiting.length === 0) tab.deliver(encodeRefused(hub, topic.name, key, told), url);
      else answer(holder, { ok: false, error: told });
    }
  }

  async function leave(member: Member, run: number): Promise<void> {
    const { topic, key } = member;
    try {
      await deps.invoke(topic.leave, [member.given]);
    } catch (error) {
      if (!isUnderWay(member, 'leaving', run) || joinFailure(error, topic).kind === 'lost') return;
      journal.note('hub', `${topic.leave} of ${key} in topic ${topic.name} failed: ${messageOf(error)}`);
    }
    dispatch(member, { type: 'left', run });
  }

  function release(member: Member, tab: Tab, why: WireError): void {
    const holder = member.holders.get(tab);
    if (holder === undefined) return;
    member.holders.delete(tab);
    holds(tab, -1);
    answer(holder, { ok: false, error: why });
    if (member.holders.size === 0) dispatch(member, { type: 'released' });
    else deps.onChange();
  }

  /** The key of an event of the topic, as text. The app's own function may give anything, or throw. */
  function keyOf(topic: Topic, args: unknown[]): string | null {
    let why = 'there is no text or number where its key should be';
    try {
      const key = keyText(topic.keyOf(args));
      if (key !== null) return key;
    } catch (error) {
      why = `its key function threw: ${messageOf(error)}`;
    }
    if (!noted.has(topic.name)) {
      noted.add(topic.name);
      journal.note('hub', `an event ${topic.event} belongs to no member of topic ${topic.name}: ${why}`);
    }
    return null;
  }

  return {
    join(tab, name, key) {
      const outcome = (reply: CallOutcome['reply']): CallOutcome => ({ after: tab.outbox.takePlace(), reply });
      const topic = declarations.find(name);
      if (topic === undefined) return Promise.resolve(outcome({ ok: false, error: unknownTopic(name) }));
      if (holdsTooMany(tab, topic, key)) return Promise.resolve(outcome({ ok: false, error: TOO_MANY_KEYS }));
      const member = memberOf(topic, String(key));
      let holder = member.holders.get(tab);
      if (holder === undefined) {
        holder = { key, waiting: [] };
        member.holders.set(tab, holder);
        holds(tab, 1);
        if (member.value !== null) {
          const { args, atMs } = member.value;
          tab.deliver(encoder.retained(hub, topic.name, member.key, args, atMs), url);
        }
      }
      dispatch(member, { type: 'held', run: deps.liveRun() });
      if (member.state.kind === 'joined') return Promise.resolve(outcome(letIn(topic)));
      const { waiting } = holder;
      return new Promise((resolve) => waiting.push((reply) => resolve(outcome(reply))));
    },
    leave(tab, name, key) {
      const member = active.get(name)?.members.get(String(key));
      if (member !== undefined) release(member, tab, LET_GO);
    },
    drop(tab) {
      for (const member of allMembers()) release(member, tab, LET_GO);
    },
    membersOf(event, args) {
      const topics = byEvent.get(event);
      if (topics === undefined) return NONE;
      let found: Member[] | null = null;
      for (const { topic, members } of topics) {
        const key = keyOf(topic, args);
        const member = key === null ? undefined : members.get(key);
        if (member === undefined) continue;
        if (topic.retain === 'last' && isKept(member.state)) member.value = { args, atMs: clock.now() };
        if (member.holders.size === 0) continue;
        if (found === null) found = [member];
        else found.push(member);
      }
      return found ?? NONE;
    },
    connected(run) {
      for (const member of allMembers()) dispatch(member, { type: 'connected', run });
    },
    lost() {
      for (const member of allMembers()) dispatch(member, { type: 'lost' });
    },
    clear(why) {
      for (const member of allMembers()) {
        member.state = NEW_MEMBER;
        member.disarmLinger?.();
        member.disarmLossWait?.();
        forget(member);
        for (const [tab, holder] of member.holders) {
          holds(tab, -1);
          answer(holder, { ok: false, error: why });
        }
        member.holders.clear();
      }
    },
    report: () =>
      allMembers()
        .slice(0, MAX_REPORTED)
        .map(({ topic, key, holders, state, value }) => ({
          topic: topic.name,
          key,
          tabs: holders.size,
          isJoined: state.kind === 'joined',
          retainedAtMs: value?.atMs ?? null,
        })),
  };
}

function createMember(topic: Topic, key: string): Member {
  const match: TopicMatch = [topic.name, key];
  return {
    topic,
    key,
    match,
    matches: [match],
    conflateKey: topic.retain === 'last' ? `${topic.name}\0${key}` : undefined,
    holders: new Map(),
    state: NEW_MEMBER,
    given: key,
    value: null,
    disarmLinger: null,
    disarmLossWait: null,
  };
}

/** A value is worth keeping while the next one would be heard too. */
function isKept(state: MemberState): boolean {
  return state.demand !== 'none' && state.kind !== 'leaving';
}

function isUnderWay({ state }: Member, kind: 'joining' | 'leaving', run: number): boolean {
  return state.kind === kind && state.run === run;
}

function answer({ waiting }: Holder, reply: CallOutcome['reply']): void {
  for (const resolve of waiting.splice(0)) resolve(reply);
}

function letIn({ event, join, leave, keyPath, retain }: Topic): CallOutcome['reply'] {
  const declaration = keyPath === null ? null : { event, join, leave, keyPath, retain };
  const joined: TopicJoined = { retain, declaration };
  return { ok: true, value: joined };
}

const TOO_MANY_KEYS = limitReached(
  'keys of topics are held by one page',
  MAX_TOPIC_KEYS_OF_TAB,
  'Unsubscribe from those that it no longer needs.',
).wire;

const LET_GO = wireError('stopped', 'The tab let the key of the topic go before the hub had answered.', {});

function unknownTopic(topic: string): WireError {
  return wireError(
    'topic-unknown',
    `No topic "${topic}" is declared for this hub. Declare it by withTopics(), or in the app's worker by serveHubs({ hubs: { … } }).`,
    { topic },
  );
}
