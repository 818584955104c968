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
      const { retryAfterSeconds } = availability;
      if (retryAfterSeconds === null) return;
      counters.negotiatesRefused += 1;
      const message = `The hub takes no new connections for ${retryAfterSeconds} s.`;
      throw new Refusal(503, 'UNAVAILABLE', message, retryAfterSeconds);
    },
  };
  return availability;
}
