/** `npm run build`: the library, then the site that uses it; `node .scripts/build.mjs library` builds only the library. */
import './lib/require-node.mjs';
import { parseArgs } from 'node:util';
import { buildLibrary } from './lib/build-library.mjs';
import { buildSite } from './lib/build-site.mjs';
import { installDependencies } from './lib/dependencies.mjs';
import { main, say, Stop } from './lib/say.mjs';

await main(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [only, ...rest] = positionals;
  if ((only !== undefined && only !== 'library') || rest.length > 0)
    throw new Stop('Usage: npm run build [-- library]');
  await installDependencies();
  await build('library', 'dist', buildLibrary);
  if (only === undefined) await build('site', '.cache/site', buildSite);
});

async function build(name, folder, work) {
  const result = await work();
  if (result === 'failed') throw new Stop(`The ${name} did not build, see above.`);
  say(`  ${name.padEnd(10)} ${result === 'fresh' ? 'up to date' : 'built'} in ${folder}/`);
}
