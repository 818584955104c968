/** Raises an incident when the host is in trouble; at most one unclosed incident for each kind of trouble. */
import type { AlarmLimits } from '../options.js';
import type { Incidents } from './incidents.js';
import type { Metric } from './metrics.js';

export const RAISED_BY_HUB = 'hub';

export function createAlarms(incidents: Incidents, limits: AlarmLimits): (metrics: readonly Metric[]) => void {
  const raised = new Map<string, string>();

  function raise(kind: string, title: string, severity: 'critical' | 'warning'): void {
    const last = raised.get(kind);
    if (last !== undefined && !incidents.isClosed(last)) return;
    raised.set(kind, incidents.create(title, severity, RAISED_BY_HUB).id);
  }

  return (metrics) => {
    const valueOf = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
    const delayMs = valueOf('loop.delay.p99');
    if (delayMs > limits.loopDelayMs) {
      raise('loop', `Event loop delayed by ${Math.round(delayMs)} ms (p99)`, 'warning');
    }
    const share = valueOf('memory.used') / Math.max(1, valueOf('memory.total'));
    if (share > limits.memoryShare)
      raise('memory', `Memory of the host is ${Math.round(share * 100)} % full`, 'critical');
  };
}
