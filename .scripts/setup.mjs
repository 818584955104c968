/** Set-up of a clone: Node's version, packages, browsers. `npm run demo` and `npm test` do it by themselves; `node .scripts/setup.mjs` does only this. */
import './lib/require-node.mjs';
import { prepareBrowsers } from './lib/browsers.mjs';
import { installDependencies } from './lib/dependencies.mjs';
import { main, Stop } from './lib/say.mjs';

await main(async () => {
  await installDependencies();
  const problems = await prepareBrowsers();
  if (problems.length > 0) throw new Stop('The browser tests need both browsers; everything else works without them.');
});
