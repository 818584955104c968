/** The hub's metrics as a topic: how one is joined and left, and to which one a value belongs. */
import type { Metric } from './hub-types.js';

/** Name of the topic. */
export const METRIC = 'metric';

export const metricTopic = {
  event: 'metric',
  join: 'JoinMetric',
  leave: 'LeaveMetric',
  key: ({ name }: Metric) => name,
  retain: 'last',
} as const;
