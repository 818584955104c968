/** IndexedDB as the vault sees it: shared by all workers of an origin; it can refuse, hang, and be tampered with. */
import type { VaultStore } from '../auth/vault-store.js';

export class FakeVaultStore implements VaultStore {
  readonly records = new Map<string, unknown>();
  /** Thrown by every step, if set. */
  refusal: Error | null = null;
  /** Steps that are held back until the test lets them go on. */
  #held: (() => void)[] | null = null;
  updates = 0;

  async read(name: string): Promise<unknown> {
    await this.#step();
    return this.records.get(name);
  }

  async update(name: string, change: (found: unknown) => unknown): Promise<void> {
    await this.#step();
    this.updates += 1;
    const next = change(this.records.get(name));
    if (next === undefined) this.records.delete(name);
    else this.records.set(name, next);
  }

  hold(): void {
    this.#held = [];
  }

  get waiting(): number {
    return this.#held?.length ?? 0;
  }

  /** Lets steps go on, in their order; by default all, and those to come. */
  release(count = Infinity): void {
    const held = this.#held ?? [];
    if (count === Infinity) this.#held = null;
    for (const go of held.splice(0, count)) go();
  }

  async #step(): Promise<void> {
    const held = this.#held;
    if (held !== null) await new Promise<void>((resolve) => held.push(resolve));
    if (this.refusal !== null) throw this.refusal;
  }
}
