/** Unit tests and type tests, by vitest. */
import { bin } from '../lib/paths.mjs';
import { runNode } from '../lib/run.mjs';

export async function runUnitTests(args) {
  const { ok } = await runNode(bin.vitest, ['run', ...args]);
  return { checks: [], reports: [{ kind: 'vitest', file: 'vitest.json', runnerOk: ok }] };
}
