/** The incident list: created by people and by the hub's own alarms, acknowledged, closed. */
import { HubException } from '../dispatch/hub-method.js';

const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Incident {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: 'open' | 'acknowledged' | 'closed';
  readonly raisedBy: string;
  readonly raisedAtMs: number;
  readonly acknowledgedBy: string | null;
  readonly closedBy: string | null;
  readonly changedAtMs: number;
}

export interface Incidents {
  /** Newest first, 100 at most. */
  list(): readonly Incident[];
  /** @throws {HubException} The title or the severity is not one. */
  create(title: string, severity: string, by: string): Incident;
  /** @throws {HubException} There is no such incident, or it is closed. */
  acknowledge(id: string, by: string): Incident;
  /** @throws {HubException} There is no such incident, or it is closed. */
  close(id: string, by: string): Incident;
  isClosed(id: string): boolean;
  /** How often a user did what, as far as the list goes back. */
  tally(userId: string): { readonly raised: number; readonly acknowledged: number; readonly closed: number };
}

const LISTED = 100;
const KEPT = 1_000;
const MAX_TITLE = 200;

export function createIncidents(onChange: (incident: Incident) => void): Incidents {
  /** Oldest first. */
  const incidents = new Map<string, Incident>();
  let created = 0;

  function set(incident: Incident): Incident {
    incidents.set(incident.id, incident);
    onChange(incident);
    return incident;
  }

  function unclosed(id: string): Incident {
    const incident = incidents.get(id);
    if (incident === undefined) throw new HubException(`No incident with id ${id}`);
    if (incident.state === 'closed') throw new HubException(`Incident ${id} is already closed`);
    return incident;
  }

  return {
    list: () => [...incidents.values()].slice(-LISTED).reverse(),

    create(title, severity, by) {
      const name = title.trim();
      if (name === '' || name.length > MAX_TITLE) throw new HubException(`A title has 1 to ${MAX_TITLE} characters`);
      const known = SEVERITIES.find((one) => one === severity);
      if (known === undefined) throw new HubException(`A severity is one of ${SEVERITIES.join(', ')}`);
      const oldest = incidents.keys().next();
      if (incidents.size >= KEPT && oldest.done !== true) incidents.delete(oldest.value);
      created += 1;
      const atMs = Date.now();
      return set({
        id: `INC-${created}`,
        title: name,
        severity: known,
        state: 'open',
        raisedBy: by,
        raisedAtMs: atMs,
        acknowledgedBy: null,
        closedBy: null,
        changedAtMs: atMs,
      });
    },

    acknowledge(id, by) {
      const incident = unclosed(id);
      // Two people may press at the same time: the first one is kept, and the second sees who it was.
      if (incident.state === 'acknowledged') return incident;
      return set({ ...incident, state: 'acknowledged', acknowledgedBy: by, changedAtMs: Date.now() });
    },

    close(id, by) {
      return set({ ...unclosed(id), state: 'closed', closedBy: by, changedAtMs: Date.now() });
    },

    tally(userId) {
      const count = (by: 'raisedBy' | 'acknowledgedBy' | 'closedBy'): number =>
        [...incidents.values()].filter((incident) => incident[by] === userId).length;
      return { raised: count('raisedBy'), acknowledged: count('acknowledgedBy'), closed: count('closedBy') };
    },

    isClosed: (id) => (incidents.get(id)?.state ?? 'closed') === 'closed',
  };
}
