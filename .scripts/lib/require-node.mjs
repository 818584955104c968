/** Ends the process when Node is too old. Imported first, so that nothing else fails before in a way that does not say why. */
import { readFileSync } from 'node:fs';
import { nodeProblem } from './node-version.mjs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const problem = nodeProblem(process.version, manifest.engines.node);
if (problem !== null) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
