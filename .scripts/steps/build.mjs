/** The library and the site build. */
import { buildLibrary } from '../lib/build-library.mjs';
import { buildSite } from '../lib/build-site.mjs';
import { say } from '../lib/say.mjs';

export async function checkBuild() {
  const library = await buildLibrary();
  const site = await buildSite();
  return { checks: [check('library', library), check('site', site)] };
}

function check(name, result) {
  if (result !== 'failed') say(`  ${name.padEnd(10)} ${result === 'fresh' ? 'up to date' : 'built'}`);
  return { name: `${name} builds`, ok: result !== 'failed', detail: result === 'failed' ? 'see above' : '' };
}
