/** Which metrics a client can join: those that are measured, and, for tests, every name that begins with `test.`. */
import { cpus } from 'node:os';
import { HubException } from '../dispatch/hub-method.js';

const MEASURED: ReadonlySet<string> = new Set([
  ...cpus().map((_, index) => `cpu.${index}`),
  'memory.used',
  'memory.total',
  'load.1',
  'loop.delay.p99',
  'hub.connections',
  'hub.messages',
]);
/** Of these the hub measures nothing: all values come from the admin endpoint, so that a test knows each one. */
const FOR_TESTS = 'test.';
/** A name that no client may join, also for tests. */
const DENIED = 'denied';
const MAX_LENGTH = 100;

/** The metrics that are measured. */
export function listMetrics(): readonly string[] {
  return [...MEASURED];
}

export function isMetricName(name: string): boolean {
  return MEASURED.has(name) || (name.startsWith(FOR_TESTS) && name.length <= MAX_LENGTH);
}

/**
 * The group of those who get the values of a metric.
 *
 * @throws {HubException} There is no such metric, or nobody may join it.
 */
export function metricGroup(name: string): string {
  if (name.startsWith(DENIED)) throw new HubException(`You may not join the metric ${name.slice(0, MAX_LENGTH)}`);
  if (!isMetricName(name)) throw new HubException(`No metric with the name ${name.slice(0, MAX_LENGTH)}`);
  return groupOf(name);
}

/** The same for a name that is known to be one. */
export function groupOf(name: string): string {
  return `metric:${name}`;
}
