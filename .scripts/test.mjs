/** `npm test`: sets up what is missing, then checks everything in order; goes on after a failure, so that all of them are seen. */
import './lib/require-node.mjs';
import { installDependencies } from './lib/dependencies.mjs';
import { loadReport, saveRecord, startRecord } from './lib/record.mjs';
import { bold, green, main, red, say } from './lib/say.mjs';
import { tally } from './lib/tally.mjs';
import { help, parseTestOptions } from './test/options.mjs';

/** Loaded when its turn comes: a step may need packages that the set-up has just installed. */
const steps = {
  types: async () => (await import('./steps/types.mjs')).checkTypes,
  format: async () => (await import('./steps/format.mjs')).checkFormat,
  lint: async () => (await import('./steps/lint.mjs')).checkLint,
  unit: async () => (await import('./steps/unit.mjs')).runUnitTests,
  build: async () => (await import('./steps/build.mjs')).checkBuild,
  package: async () => (await import('./steps/package.mjs')).checkPackage,
  e2e: async () => (await import('./steps/e2e.mjs')).runBrowserTests,
};

await main(async () => {
  const options = parseTestOptions(process.argv.slice(2));
  if (options.help) return say(help);
  const record = startRecord();
  title('set-up');
  await installDependencies();
  const lines = [];
  for (const name of options.steps) {
    title(name);
    lines.push(await runStep(name, options.toolArguments, record));
  }
  record.finished = true;
  saveRecord(record);

  const { passed, failed, problems } = tally(record, loadReport);
  title('summary');
  for (const line of lines) say(line);
  for (const problem of problems) say(`  ${red('failed')}: ${problem}`);
  say(`\n  ${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
});

/** @returns {Promise<string>} its line of the summary */
async function runStep(name, toolArguments, record) {
  const startedAt = Date.now();
  const { checks, reports } = await outcomeOf(name, toolArguments);
  const own = { finished: true, checks, reports: reports.map((report) => ({ step: name, ...report })) };
  record.checks.push(...own.checks);
  record.reports.push(...own.reports);
  saveRecord(record);
  const { passed, failed, skipped } = tally(own, loadReport);
  const seconds = `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  const verdict = failed === 0 ? green('passed') : red('FAILED');
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`];
  return `  ${name.padEnd(8)} ${verdict} ${seconds.padStart(8)}  ${counts.filter(Boolean).join(', ')}`;
}

async function outcomeOf(name, toolArguments) {
  try {
    const run = await steps[name]();
    return { reports: [], ...(await run(toolArguments)) };
  } catch (error) {
    say(String(error?.stack ?? error));
    return { checks: [{ name, ok: false, detail: `broke down: ${error?.message ?? error}` }], reports: [] };
  }
}

function title(name) {
  say(`\n${bold(`── ${name} `.padEnd(80, '─'))}`);
}
