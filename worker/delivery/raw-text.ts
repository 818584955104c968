/**
 * The JSON text that a value came in as, kept with the value, so that it goes on to the tabs as it is: writing it anew costs more
 * than reading it did, and changes what JSON can say and JavaScript cannot write (1e400, -0).
 */

/** Constructs nothing but gives the value back, so that a subclass puts its private field on the value. */
const Itself = function (value: object): object {
  return value;
} as unknown as new (value: object) => object;

/** A private field: unlike a property nobody else sees it, not even `structuredClone`, and unlike a `WeakMap` it costs nothing. */
class Marked extends Itself {
  readonly #text: string;

  private constructor(value: object, text: string) {
    super(value);
    this.#text = text;
  }

  static mark(value: object, text: string): void {
    // A second field of the name would throw.
    if (!(#text in value)) new Marked(value, text);
  }

  static textOf(value: object): string | undefined {
    return #text in value ? value.#text : undefined;
  }
}

/** @param text - JSON of the value, and of nothing else. The value must not be changed from now on. */
export function keepRawText(value: object, text: string): void {
  Marked.mark(value, text);
}

/** JSON of the value: as it came in where that is known, or else written anew. */
export function toJson(value: unknown): string {
  const raw = typeof value === 'object' && value !== null ? Marked.textOf(value) : undefined;
  // What JSON has no word for is null, as in an array.
  const text: string | undefined = raw ?? JSON.stringify(value);
  return text ?? 'null';
}
