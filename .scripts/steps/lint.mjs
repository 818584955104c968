/** ESLint, with the project's own rules: which way imports point, and no token in a URL. */
import { buildLibrary } from '../lib/build-library.mjs';
import { bin } from '../lib/paths.mjs';
import { runNode } from '../lib/run.mjs';

export async function checkLint(args) {
  // The demo imports `hubshare`, whose types are in dist. If it does not build, lint says more than nothing.
  await buildLibrary();
  const paths = args.length > 0 ? args : ['.'];
  const { ok, how } = await runNode(bin.eslint, [
    '--config',
    '.config/eslint.config.mjs',
    '--max-warnings',
    '0',
    ...paths,
  ]);
  return { checks: [{ name: 'lint', ok, detail: how }] };
}
