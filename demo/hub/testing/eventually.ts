/** Waiting for a condition beyond a real socket. */
import { vi } from 'vitest';

/** As `vi.waitFor`, but patient: its own limit of one second is too short for a server that shares two cores with a browser. */
export function eventually<T>(check: () => T | Promise<T>, options: { readonly interval?: number } = {}): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000, ...options });
}
