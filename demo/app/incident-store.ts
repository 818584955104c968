/** The incidents that this tab knows; the newest word about each wins, in whatever order the words arrive. */
import type { Incident } from './hub-types.js';

export interface IncidentStore {
  /** `new`: never seen before; `changed`: a newer word; `known`: nothing that was not known. */
  apply(incident: Incident): 'new' | 'changed' | 'known';
  get(id: string): Incident | undefined;
  /** Newest first. */
  list(): readonly Incident[];
}

/** As many as the hub lists. */
const MAX_INCIDENTS = 100;

const RANK = { open: 0, acknowledged: 1, closed: 2 } as const;

function isNewer(incident: Incident, known: Incident): boolean {
  if (incident.changedAtMs !== known.changedAtMs) return incident.changedAtMs > known.changedAtMs;
  return RANK[incident.state] > RANK[known.state];
}

export function createIncidentStore(): IncidentStore {
  const incidents = new Map<string, Incident>();
  const list = (): Incident[] => [...incidents.values()].sort((a, b) => b.raisedAtMs - a.raisedAtMs);

  return {
    apply(incident) {
      const known = incidents.get(incident.id);
      if (known !== undefined && !isNewer(incident, known)) return 'known';
      incidents.set(incident.id, incident);
      for (const old of list().slice(MAX_INCIDENTS)) incidents.delete(old.id);
      return known === undefined ? 'new' : 'changed';
    },
    get: (id) => incidents.get(id),
    list,
  };
}
