/** What the hub sends, checked at the door: a message of another shape is dropped, not drawn. */

export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly atMs: number;
}

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

const INCIDENT_STATES = ['open', 'acknowledged', 'closed'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export interface Incident {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: IncidentState;
  readonly raisedBy: string;
  readonly raisedAtMs: number;
  readonly acknowledgedBy: string | null;
  readonly closedBy: string | null;
  readonly changedAtMs: number;
}

export interface Presence {
  readonly connections: number;
}

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null ? (value as Fields) : null;
}

function oneOf<T extends string>(options: readonly T[], value: unknown): T | null {
  return options.find((option) => option === value) ?? null;
}

export function readMetric(value: unknown): Metric | null {
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const { name, value: figure, unit, atMs } = fields;
  if (typeof name !== 'string' || typeof figure !== 'number' || typeof atMs !== 'number') return null;
  return { name, value: figure, unit: typeof unit === 'string' ? unit : '', atMs };
}

export function readIncident(value: unknown): Incident | null {
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const { id, title, raisedBy, raisedAtMs, acknowledgedBy, closedBy, changedAtMs } = fields;
  const severity = oneOf(SEVERITIES, fields['severity']);
  const state = oneOf(INCIDENT_STATES, fields['state']);
  if (typeof id !== 'string' || typeof title !== 'string' || severity === null || state === null) return null;
  if (typeof raisedAtMs !== 'number' || typeof changedAtMs !== 'number') return null;
  return {
    id,
    title,
    severity,
    state,
    raisedBy: typeof raisedBy === 'string' ? raisedBy : 'unknown',
    raisedAtMs,
    acknowledgedBy: typeof acknowledgedBy === 'string' ? acknowledgedBy : null,
    closedBy: typeof closedBy === 'string' ? closedBy : null,
    changedAtMs,
  };
}

export function readIncidents(value: unknown): Incident[] {
  return Array.isArray(value) ? value.map(readIncident).filter((incident) => incident !== null) : [];
}

export function readNames(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

export function readPresence(value: unknown): Presence | null {
  const connections = fieldsOf(value)?.['connections'];
  return typeof connections === 'number' ? { connections } : null;
}

export function readHistory(value: unknown): Map<string, Sample[]> {
  const history = new Map<string, Sample[]>();
  for (const [name, samples] of Object.entries(fieldsOf(value) ?? {})) {
    if (!Array.isArray(samples)) continue;
    const good: Sample[] = [];
    for (const sample of samples) {
      const { atMs, value: figure } = fieldsOf(sample) ?? {};
      if (typeof atMs === 'number' && typeof figure === 'number') good.push({ atMs, value: figure });
    }
    history.set(name, good);
  }
  return history;
}
