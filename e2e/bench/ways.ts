/** The four ways to bring a hub's events to many tabs that are compared, in the order of the table. */

export const WAYS = ['shared', 'plain', 'leader', 'comlink'] as const;

/** `shared` is hubshare; each has a page of its name in `pages/`. */
export type Way = (typeof WAYS)[number];

/** Another order in each repeat, so that a drift of the machine hits all ways alike. */
export function waysOf(repeat: number): readonly Way[] {
  const from = repeat % WAYS.length;
  return [...WAYS.slice(from), ...WAYS.slice(0, from)];
}
