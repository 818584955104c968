/** The methods of the hub `/hubs/ops`. */
import { pause } from '../admin/controls.js';
import type { Connection } from '../connections/connection.js';
import type { Groups } from '../connections/groups.js';
import type { Counters } from '../counters.js';
import {
  anything,
  call,
  HubException,
  number,
  stream,
  text,
  textOrNull,
  upload,
  type HubMethod,
} from '../dispatch/hub-method.js';
import { OperationCanceled } from '../dispatch/operation-canceled.js';
import type { Incidents } from './incidents.js';
import { listMetrics, metricGroup } from './metric-names.js';
import type { Metrics } from './metrics.js';
import type { UserReport } from './user-report.js';

export interface OpsHubDeps {
  readonly incidents: Incidents;
  readonly metrics: Pick<Metrics, 'history'>;
  readonly counters: Counters;
  readonly groups: Groups;
  /** @throws {HubException} The caller may not read it. */
  userReport(caller: Connection, userId: string): UserReport;
}

const MAX_SLOW_MS = 10 * 60_000;
const SEND_ME_MAX_ARGS = 3;

export function opsHubMethods(deps: OpsHubDeps): readonly HubMethod[] {
  const { incidents, metrics, counters, groups } = deps;
  return [
    call('ListIncidents', [], () => incidents.list()),
    call('CreateIncident', [text, text], ({ connection }, title, severity) =>
      incidents.create(title, severity, connection.principal.userId),
    ),
    call('AcknowledgeIncident', [text], ({ connection }, id) => incidents.acknowledge(id, connection.principal.userId)),
    call('CloseIncident', [text], ({ connection }, id) => incidents.close(id, connection.principal.userId)),
    call('GetUserReport', [text], ({ connection }, userId) => deps.userReport(connection, userId)),
    call('GetHistory', [], () => metrics.history()),
    call('ListMetrics', [], () => listMetrics()),
    call('JoinMetric', [text], ({ connection }, name) => {
      groups.add(metricGroup(name), connection);
      counters.topicJoins += 1;
    }),
    call('LeaveMetric', [text], ({ connection }, name) => {
      groups.remove(metricGroup(name), connection);
      counters.topicLeaves += 1;
    }),

    call('Echo', [anything], (_, value) => value),
    call('Add', [number, number], (_, a, b) => a + b),
    call('Fail', [text], (_, message) => {
      throw new HubException(message);
    }),
    call('Crash', [], () => {
      throw new Error('The hub method crashed on purpose.');
    }),
    call('WhoAmI', [], ({ connection }) => ({
      userId: connection.principal.userId,
      name: connection.principal.name,
      connectionId: connection.id,
    })),
    call('Slow', [number], async ({ signal }, ms) => {
      await pause(Math.min(MAX_SLOW_MS, Math.max(0, ms)), [signal]);
      return 'done';
    }),
    {
      kind: 'call',
      name: 'SendMe',
      uploads: [],
      bind([event, ...args]) {
        if (typeof event !== 'string' || args.length > SEND_ME_MAX_ARGS) return null;
        return ({ connection }) => connection.send({ type: 1, target: event, arguments: args });
      },
    },
    call('CloseMe', [], ({ connection }) => connection.close()),

    stream('Counter', [number, number], ({ signal }, count, delayMs) => numbers(count, delayMs, signal)),
    stream('FailingCounter', [number, text], async function* ({ signal }, count, message) {
      yield* numbers(count, 0, signal);
      throw new HubException(message);
    }),
    stream('CrashingCounter', [number], async function* ({ signal }, count) {
      yield* numbers(count, 0, signal);
      throw new Error('The stream crashed on purpose.');
    }),

    call('Sum', [upload(number)], (_, values) => sum(values)),
    call('SumTwo', [upload(number), upload(number)], (_, first, second) => Promise.all([sum(first), sum(second)])),
    call('Label', [textOrNull, upload(textOrNull), textOrNull], async (_, before, items, after) => {
      const all: (string | null)[] = [];
      for await (const item of items) all.push(item);
      return `${before ?? ''}${all.join(',')}${after ?? ''}`;
    }),
    call('Mix', [upload(number), text, upload(number)], async (_, a, label, b) => {
      const [sumA, sumB] = await Promise.all([sum(a), sum(b)]);
      return `${label}:${sumA}:${sumB}`;
    }),
    stream('Double', [upload(number)], async function* (_, values) {
      for await (const value of values) yield value * 2;
    }),
    call('Swallow', [upload(anything)], async (_, items) => {
      let count = 0;
      for await (const _item of items) count += 1;
      return count;
    }),

    call('AskName', [], async ({ ask }) => {
      const name = await ask('askName');
      if (typeof name !== 'string' && name !== null) {
        throw new HubException('Error trying to deserialize result to String.');
      }
      return name;
    }),
    call('Ask', [text, anything], ({ ask }, method, value) => ask(method, value)),
    call('AskLater', [text, anything], async ({ connection, ask }, method, value) => {
      const answer = await ask(method, value).then(
        (given) => ({ ok: true, value: given }),
        (error: unknown) => ({ ok: false, error: error instanceof Error ? error.message : String(error) }),
      );
      connection.send({ type: 1, target: 'asked', arguments: [answer] });
    }),
  ];
}

async function* numbers(count: number, delayMs: number, signal: AbortSignal): AsyncGenerator<number> {
  for (let index = 0; index < count; index += 1) {
    if (signal.aborted) throw new OperationCanceled();
    yield index;
    // Also without a delay the loop must let others run and notice a cancellation.
    await pause(Math.max(0, delayMs), [signal]);
  }
}

async function sum(values: AsyncIterable<number>): Promise<number> {
  let total = 0;
  for await (const value of values) total += value;
  return total;
}
