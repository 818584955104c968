/** Topics in front of a fake hub that has groups: what it was asked for, and what it thinks this client has joined. */
import type { CallOutcome } from '../../src/contract/rpc.js';
import type { TopicDeclaration, TopicKey } from '../../src/contract/topics.js';
import { createAudience, type Audience } from '../delivery/audience.js';
import { encoderFor, type Format } from '../delivery/encode.js';
import { createTopicDeclarations, type Topic } from '../delivery/topic-declarations.js';
import { createJournal } from '../observe/journal.js';
import { type PartTab } from './fake-tab.js';
import type { HubInvocation } from './fake-hub.js';
import { linkHub, type LinkedHub } from './linked-hub.js';

export const TOPIC_HUB = 'https://h.test/hubs/ops';
export const TOPIC_LINGER = 5_000;

export const METRIC: TopicDeclaration = {
  event: 'metric',
  join: 'JoinMetric',
  leave: 'LeaveMetric',
  keyPath: [0, 'name'],
  retain: 'last',
};

export interface TopicHub extends LinkedHub {
  readonly audience: Audience;
  readonly texts: () => string[];
  /** Every join and leave that the hub was asked for, such as `1 JoinMetric cpu`: the number is the connection's. */
  readonly asked: () => string[];
  readonly invocation: (method: string, key: TopicKey) => HubInvocation;
  readonly connect: () => Promise<void>;
  readonly join: (part: PartTab, key: TopicKey, topic?: string) => Asked;
}

/** A call that may not have settled yet. */
export interface Asked {
  readonly outcome: Promise<CallOutcome>;
  settled: CallOutcome | null;
}

export function setUpTopics({
  declared = { metric: METRIC },
  own = [],
  format = 'text',
}: { declared?: Record<string, TopicDeclaration>; own?: readonly Topic[]; format?: Format } = {}): TopicHub {
  const linked = linkHub(TOPIC_HUB, {
    onState(state, before) {
      if (state.kind === 'live') audience.connected(state.run);
      if (before.kind === 'live') audience.lost();
    },
    onEvent: (method, args) => audience.event(method, args),
  });
  const { clock, hub, link } = linked;
  const journal = createJournal({
    now: () => clock.now(),
    redact: (text) => text,
    maxEntries: 100,
    onChange: () => undefined,
  });
  const declarations = createTopicDeclarations(own);
  declarations.declare(declared);
  const audience = createAudience({
    url: TOPIC_HUB,
    hub: 1,
    link,
    encoder: encoderFor(format),
    clock,
    journal,
    declarations,
    topicLingerMs: TOPIC_LINGER,
    onChange: () => undefined,
  });
  return {
    ...linked,
    audience,
    texts: () => journal.since(0).map(({ text }) => text),
    asked: () => hub.invocations.map(({ socket, method, args }) => `${socket} ${method} ${String(args[0])}`),
    invocation(method, key) {
      const found = hub.invocations.findLast((call) => call.method === method && call.args[0] === key);
      if (found === undefined) throw new Error(`The hub was not asked for ${method} of ${key}.`);
      return found;
    },
    async connect() {
      link.open();
      await clock.settle();
      await hub.accept();
    },
    join(part, key, topic = 'metric') {
      const asked: Asked = { outcome: audience.joinTopic(part.tab, topic, key), settled: null };
      void asked.outcome.then((outcome) => (asked.settled = outcome));
      return asked;
    },
  };
}

export async function setUpLiveTopics(...options: Parameters<typeof setUpTopics>): Promise<TopicHub> {
  const parts = setUpTopics(...options);
  await parts.connect();
  return parts;
}
