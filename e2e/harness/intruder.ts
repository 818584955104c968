/** Speaks to a worker through a port of its own, as a broken build or a foreign script could: wrong shapes, wrong order. */
import { wrap } from 'comlink';
import type { IntruderAnswer } from './tab-api.js';

/** Messages that are no call of the contract. */
const noise: readonly (readonly [description: string, message: unknown])[] = [
  ['nothing', null],
  ['a number', 42],
  ['a text', 'hello'],
  ['a list', []],
  ['an empty object', {}],
  ['an acknowledgement on the wrong port', { kind: 'ack', last: 'everything' }],
  ['a batch from a tab', { kind: 'batch', last: 1, text: 'not JSON' }],
  ['an unknown kind of message', { id: 'a', type: 'NO_SUCH_TYPE', path: [] }],
  ['reading a member', { id: 'b', type: 'GET', path: ['constructor', 'constructor'] }],
  ['setting a member', { id: 'c', type: 'SET', path: ['join'], value: { type: 'RAW', value: null } }],
  ['constructing', { id: 'd', type: 'CONSTRUCT', path: ['join'], argumentList: [] }],
  ['a call of a method of a method', { id: 'e', type: 'APPLY', path: ['join', 'constructor'], argumentList: [] }],
  ['a call of an inherited method', { id: 'f', type: 'APPLY', path: ['__proto__'], argumentList: [] }],
  ['a call without arguments', { id: 'g', type: 'APPLY', path: ['join'] }],
  ['a call with a text for a path', { id: 'h', type: 'APPLY', path: 'join', argumentList: 'none' }],
  ['a call with bare arguments', { id: 'i', type: 'APPLY', path: ['join'], argumentList: [1] }],
];

/** Calls of the right form with the wrong content, or in the wrong order. */
const calls: readonly (readonly [description: string, method: string, args: readonly unknown[]])[] = [
  ['a join without arguments', 'join', []],
  ['a join with an empty hello', 'join', [{}]],
  ['a join with numbers for names', 'join', [{ contractVersion: 1, tabId: 1, tabLock: 2, visibility: 3, events: 4 }]],
  ['an attach before a join', 'attach', [{ hub: '/hubs/ops' }]],
  ['an attach of nothing', 'attach', []],
  ['a call before a join', 'invoke', [{ hub: '/hubs/ops', callId: 'intruder', method: 'Echo', args: [1] }]],
  ['a subscription to a number', 'subscribe', [1, 2]],
  ['a sign-out before a join', 'signOut', []],
  ['a report before a join', 'nextReport', [-1, 0]],
];

export async function intrude(openWorker: () => SharedWorker): Promise<readonly IntruderAnswer[]> {
  const door = openWorker().port;
  const anything = [
    ...noise,
    ['a knock without a control port', { hubshare: 1 }],
    ['a knock with a wrong one', { hubshare: 1, control: 7 }],
  ] as const;
  return [
    ...(await makeNoise(door, anything)),
    ...(await makeNoise(knock(openWorker), noise)),
    ...(await callWrongly(knock(openWorker))),
  ];
}

/** Gets past the door as a client does, which says nothing about what it will send then. */
function knock(openWorker: () => SharedWorker): MessagePort {
  const control = new MessageChannel();
  openWorker().port.postMessage({ hubshare: 1, control: control.port2 }, [control.port2]);
  return control.port1;
}

/** One message at a time, each with its answer: the worker leaves nothing that it refuses without one. */
async function makeNoise(
  port: MessagePort,
  messages: readonly (readonly [description: string, message: unknown])[],
): Promise<readonly IntruderAnswer[]> {
  port.start();
  const answers: IntruderAnswer[] = [];
  for (const [message, content] of messages) {
    const answered = new Promise<unknown>((resolve) => {
      port.addEventListener('message', (event) => resolve(event.data), { once: true });
    });
    port.postMessage(content);
    answers.push({ message, ...errorIn(await answered) });
  }
  return answers;
}

async function callWrongly(port: MessagePort): Promise<readonly IntruderAnswer[]> {
  const worker = wrap<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>(port);
  const answers: IntruderAnswer[] = [];
  for (const [message, method, args] of calls) {
    const call = worker[method];
    if (!call) throw new Error(`no proxy for ${method}`);
    answers.push({ message, ...errorIn(await call(...args)) });
  }
  return answers;
}

/** The error in an answer: bare, in the form of Comlink (`value`), or as the outcome of a hub call (`reply`). */
function errorIn(answer: unknown): Pick<IntruderAnswer, 'code' | 'advice'> {
  const { value, reply } = answer as { readonly value?: unknown; readonly reply?: unknown };
  if (value !== undefined || reply !== undefined) return errorIn(value ?? reply);
  const { error } = answer as { readonly error?: { readonly code?: string; readonly message?: string } };
  return { code: error?.code ?? null, advice: error?.message ?? null };
}
