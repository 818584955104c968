/** The last line of `.ci/run`: what the last `npm test` has reported. `node .scripts/tally.mjs <its exit code>`. */
import { loadRecord, loadReport } from './lib/record.mjs';
import { say } from './lib/say.mjs';
import { tally } from './lib/tally.mjs';

const exitCode = Number(process.argv[2]);
const { passed, failed, problems } = tally(loadRecord(), loadReport);
for (const problem of problems) say(`failed: ${problem}`);
const unexplained = exitCode !== 0 && failed === 0;
if (unexplained) say(`failed: npm test ended with ${exitCode}, although nothing in it failed`);
say(`${passed} passed, ${failed + (unexplained ? 1 : 0)} failed`);
