/** Measures this machine and this hub at an interval: real values, the newest 60 of each kept. */
import { cpus, freemem, loadavg, totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: 'percent' | 'bytes' | 'load' | 'ms' | 'count' | 'per second';
  readonly atMs: number;
}

export type History = Readonly<Record<string, readonly { readonly atMs: number; readonly value: number }[]>>;

export interface Metrics {
  history(): History;
  stop(): void;
}

export interface MetricsDeps {
  readonly intervalMs: number;
  connections(): number;
  /** Running total. */
  messagesSent(): number;
  onSample(metrics: readonly Metric[]): void;
}

const KEPT = 60;
/** Milliseconds between two looks at the event loop. Node reports the whole gap between two looks, so this much is no delay. */
const LOOP_RESOLUTION_MS = 10;

export function createMetrics(deps: MetricsDeps): Metrics {
  const kept = new Map<string, { atMs: number; value: number }[]>();
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  let cores = cpus();
  let messages = deps.messagesSent();
  let lastMs = performance.now();

  function sample(): void {
    const atMs = Date.now();
    const nowMs = performance.now();
    const seconds = Math.max(0.001, (nowMs - lastMs) / 1000);
    lastMs = nowMs;

    const before = cores;
    cores = cpus();
    const total = totalmem();
    const sent = deps.messagesSent();
    const metrics: Metric[] = cores.map((core, index) => {
      const busy = busyShare(before[index]?.times, core.times);
      return { name: `cpu.${index}`, value: Math.round(busy * 1000) / 10, unit: 'percent', atMs };
    });
    metrics.push(
      { name: 'memory.used', value: total - freemem(), unit: 'bytes', atMs },
      { name: 'memory.total', value: total, unit: 'bytes', atMs },
      { name: 'load.1', value: Math.round((loadavg()[0] ?? 0) * 100) / 100, unit: 'load', atMs },
      { name: 'loop.delay.p99', value: loopDelayMs(), unit: 'ms', atMs },
      { name: 'hub.connections', value: deps.connections(), unit: 'count', atMs },
      { name: 'hub.messages', value: Math.round(((sent - messages) / seconds) * 10) / 10, unit: 'per second', atMs },
    );
    messages = sent;
    for (const { name, value } of metrics) {
      const values = kept.get(name) ?? [];
      kept.set(name, values);
      values.push({ atMs, value });
      if (values.length > KEPT) values.shift();
    }
    deps.onSample(metrics);
  }

  function loopDelayMs(): number {
    const gapMs = loop.count === 0 ? 0 : loop.percentile(99) / 1e6;
    loop.reset();
    return Math.round(Math.max(0, gapMs - LOOP_RESOLUTION_MS) * 100) / 100;
  }

  const timer = setInterval(sample, deps.intervalMs);
  return {
    history: () => Object.fromEntries([...kept].map(([name, values]) => [name, [...values]])),
    stop() {
      clearInterval(timer);
      loop.disable();
    },
  };
}

interface Times {
  readonly user: number;
  readonly nice: number;
  readonly sys: number;
  readonly idle: number;
  readonly irq: number;
}

/** 0 to 1; 0 as well when no time has passed by the kernel's clock, which ticks every 10 ms. */
function busyShare(before: Times | undefined, after: Times): number {
  const all = (times: Times): number => times.user + times.nice + times.sys + times.idle + times.irq;
  const passed = all(after) - (before === undefined ? 0 : all(before));
  if (passed <= 0) return 0;
  const idle = after.idle - (before?.idle ?? 0);
  return Math.min(1, Math.max(0, 1 - idle / passed));
}
