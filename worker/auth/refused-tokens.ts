/** Remembers for a while which tokens a hub has refused, so that none goes round in circles between source and hub. */
import type { Clock } from '../clock.js';

/**
 * Not for ever: a hub also answers 401 while it cannot load the issuer's keys, and then the same token is good again later.
 * Once a minute is no loop.
 */
const MEMORY_MS = 60_000;
const MAX_TOKENS = 8;

export class RefusedTokens {
  readonly #refusedAtMs = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(token: string): void {
    this.#refusedAtMs.delete(token);
    this.#refusedAtMs.set(token, this.#clock.now());
    for (const oldest of this.#refusedAtMs.keys()) {
      if (this.#refusedAtMs.size <= MAX_TOKENS) break;
      this.#refusedAtMs.delete(oldest);
    }
  }

  has(token: string): boolean {
    const atMs = this.#refusedAtMs.get(token);
    return atMs !== undefined && this.#clock.now() - atMs < MEMORY_MS;
  }

  clear(): void {
    this.#refusedAtMs.clear();
  }
}
