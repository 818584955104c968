/** Runs npm itself. */
import { run, runNode } from './run.mjs';

/**
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function npm(args, options) {
  // The npm that runs this script, where there is one: no shell and no PATH needed.
  const own = process.env.npm_execpath;
  if (own && /npm-cli\.c?js$/.test(own)) return runNode(own, args, options);
  return process.platform === 'win32' ? run('cmd.exe', ['/c', 'npm', ...args], options) : run('npm', args, options);
}
