/** What waits for a tab as it is posted: the text of a batch, put together once for all tabs that are posted the same in one task. */
import { EntryKind, type Entry } from '../../src/contract/frames.js';
import type { Encoded } from './outbox.js';
import type { Gap } from './waiting-line.js';

type Part = Encoded | Gap;

/**
 * Looks at the newest batch only: tabs that keep up are posted the same one after the other.
 *
 * @param atEndOfTask - Runs what it is given when all tabs have been posted what there is.
 * @returns Gives the text of entries that are text.
 */
export function createBatchTexts(atEndOfTask: (forget: () => void) => void): (parts: readonly Part[]) => string {
  let newest: { readonly parts: readonly Part[]; readonly text: string } | null = null;

  return (parts) => {
    if (newest !== null && isSame(newest.parts, parts)) return newest.text;
    // Not kept for longer: what one user was told must not lie in memory until the next one is told something.
    if (newest === null) atEndOfTask(() => (newest = null));
    newest = { parts, text: `[${parts.map(textOf).join(',')}]` };
    return newest.text;
  };
}

/** An entry of a batch: its JSON, if JSON can hold it. */
export function entryOf(part: Part): Entry | string {
  return part.kind === 'gap' || part.text !== undefined ? textOf(part) : part.entry;
}

function textOf(part: Part): string {
  if (part.kind === 'gap') return JSON.stringify([EntryKind.gap, part.hub, part.dropped]);
  return part.text ?? JSON.stringify(part.entry);
}

function isSame(one: readonly Part[], other: readonly Part[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
