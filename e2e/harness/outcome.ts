/** Turns success and failure into data, so that both get out of a page whole. */
import type { HarnessError, Outcome } from './tab-api.js';

export function describeError(error: unknown): HarnessError {
  if (!(error instanceof Error)) return { name: typeof error, code: null, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return { name: error.name, code, message: error.message };
}

export async function outcomeOf(act: () => unknown): Promise<Outcome> {
  try {
    return { ok: true, value: (await act()) ?? null };
  } catch (error) {
    return { ok: false, error: describeError(error) };
  }
}
