/** Whether the hub takes new connections now; if not, negotiate says when to come back, as a load balancer does before a restart. */
import type { Counters } from '../counters.js';
import { Refusal } from '../refusal.js';

export interface Availability {
  /** What goes into `Retry-After`; `null`: new connections are welcome. */
  retryAfterSeconds: number | null;
  /** @throws {Refusal} 503 with `Retry-After`. */
  check(): void;
}

export function createAvailability(counters: Counters): Availability {
  const availability: Availability = {
    retryAfterSeconds: null,
    check() {
      if (availability.retryAfterSeconds === null) return;
      counters.negotiatesRefused += 1;
      throw new Unavailable(availability.retryAfterSeconds);
    },
  };
  return availability;
}

class Unavailable extends Refusal {
  readonly #retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(503, 'UNAVAILABLE', `The hub takes no new connections for ${retryAfterSeconds} s.`);
    this.#retryAfterSeconds = retryAfterSeconds;
  }

  override get headers(): Readonly<Record<string, string>> {
    return { 'retry-after': String(this.#retryAfterSeconds), 'cache-control': 'no-store' };
  }
}
