/** Every file is formatted as prettier formats it. */
import { bin } from '../lib/paths.mjs';
import { runNode } from '../lib/run.mjs';

export async function checkFormat() {
  const { ok } = await runNode(bin.prettier, ['--check', '.', '--log-level', 'warn']);
  return { checks: [{ name: 'format', ok, detail: ok ? '' : '`npm run format` mends it' }] };
}
