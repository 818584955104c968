/** What the benchmark has measured so far: for each figure one value per way and repeat. */
import { WAYS, type Way } from './ways.js';

export interface Row {
  /** The group of figures, as `--only` names it. */
  readonly figure: string;
  /** Unique in the run. */
  readonly label: string;
  readonly unit: string;
  /** One value per repeat; empty where a figure makes no sense for a way. */
  readonly values: Readonly<Record<Way, number[]>>;
}

export interface Results {
  readonly rows: readonly Row[];
  /** Sentences that a reader of the figures needs: what limited them, what could not be measured. */
  readonly notes: readonly string[];
  add(figure: string, label: string, unit: string, way: Way, value: number): void;
  /** The same note is kept once. */
  note(text: string): void;
  /** Percent of the machine that other programs used while something was measured. */
  readonly othersBusy: number[];
}

export function createResults(): Results {
  const rows = new Map<string, Row>();
  const notes = new Set<string>();
  return {
    get rows() {
      return [...rows.values()];
    },
    get notes() {
      return [...notes];
    },
    add(figure, label, unit, way, value) {
      const row = rows.get(label) ?? { figure, label, unit, values: emptyValues() };
      rows.set(label, row);
      row.values[way].push(value);
    },
    othersBusy: [],
    note: (text) => void notes.add(text),
  };
}

function emptyValues(): Record<Way, number[]> {
  return Object.fromEntries(WAYS.map((way) => [way, []])) as unknown as Record<Way, number[]>;
}
