/** Which tab is asked for what only a page can do. A pure function: one place decides, so all tabs agree. */

export interface Candidate {
  readonly id: string;
  readonly parked: boolean;
  readonly visible: boolean;
}

/**
 * Live before parked, visible before hidden; the present primary keeps its role while no other is fitter; otherwise the
 * one that joined first. A parked tab is never primary: it could not answer.
 *
 * @param candidates - In the order of joining.
 */
export function electPrimary(candidates: readonly Candidate[], present: string | null): string | null {
  return rankCandidates(candidates, present)[0] ?? null;
}

/** All tabs that could be asked, the primary first: if one does not answer, the next is asked. */
export function rankCandidates(candidates: readonly Candidate[], present: string | null): string[] {
  return candidates
    .map((candidate, order) => ({ candidate, order }))
    .filter(({ candidate }) => !candidate.parked)
    .sort((a, b) => fitness(b.candidate, present) - fitness(a.candidate, present) || a.order - b.order)
    .map(({ candidate }) => candidate.id);
}

function fitness(candidate: Candidate, present: string | null): number {
  return (candidate.visible ? 2 : 0) + (candidate.id === present ? 1 : 0);
}
