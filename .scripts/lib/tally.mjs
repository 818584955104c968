/** Adds up what the checks and the test runners reported, from their own reports: nothing counts as passed that did not say so. */

/** @typedef {{ name: string, ok: boolean, detail: string }} Check one thing that is right or wrong; counts as one test */
/** @typedef {{ step: string, kind: 'vitest' | 'playwright', file: string, runnerOk: boolean }} Report of a test runner */
/** @typedef {{ finished: boolean, checks: Check[], reports: Report[] }} RunRecord what `npm test` writes down while it works */
/** @typedef {{ passed: number, failed: number, skipped: number, problems: string[] }} Count */

/**
 * @param {RunRecord | null} record null: it is missing
 * @param {(file: string) => object | null} readReport null: it is missing or no JSON
 * @returns {Count}
 */
export function tally(record, readReport) {
  if (record === null) return failure('npm test has left no record');
  const counts = record.checks.map(countCheck);
  for (const report of record.reports) counts.push(countReport(report, readReport(report.file)));
  if (!record.finished) counts.push(failure('npm test did not come to its end'));
  const sum = counts.reduce(add, { passed: 0, failed: 0, skipped: 0, problems: [] });
  return sum.passed + sum.failed > 0 ? sum : failure('npm test has checked nothing');
}

/** @returns {Count} */
export function countReport({ step, kind, file, runnerOk }, report) {
  if (report === null) return failure(`${step}: no report in ${file}`);
  const count = kind === 'vitest' ? countVitest(report) : countPlaywright(report);
  if (runnerOk || count.failed > 0) return count;
  // An error outside any test, for example in a file that could not be loaded.
  return add(count, failure(`${step}: the runner failed, although no test did`));
}

/** @returns {Count} */
function countVitest(report) {
  // A file that could not be loaded has no tests that could fail.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
    problems: [
      ...brokenFiles.map(({ name }) => `unit: ${name} could not be run`),
      ...report.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter((test) => test.status === 'failed')
          .map((test) => `unit: ${name} › ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`),
      ),
    ],
  };
}

/** @returns {Count} */
function countPlaywright({ stats, errors, suites = [] }) {
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
    problems: [...errors.map(({ message }) => `e2e: ${firstLine(message)}`), ...suites.flatMap(problemsOfSuite)],
  };
}

/** @returns {string[]} the failed tests of a file or a `describe`, each with the first line of its error */
function problemsOfSuite({ specs = [], suites = [] }) {
  const own = specs.flatMap(({ file, line, title, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ projectName, results }) => {
        const error = results.flatMap((result) => result.errors ?? []).at(0);
        return `e2e: [${projectName}] ${file}:${line} › ${title}: ${firstLine(error?.message)}`;
      }),
  );
  return [...own, ...suites.flatMap(problemsOfSuite)];
}

const colours = /\u001B\[[\d;]*m/g;

function firstLine(message = 'no error was reported') {
  return message.replaceAll(colours, '').split('\n')[0];
}

function countCheck({ name, ok, detail }) {
  return ok ? { passed: 1, failed: 0, skipped: 0, problems: [] } : failure(detail ? `${name}: ${detail}` : name);
}

/** @returns {Count} */
function failure(problem) {
  return { passed: 0, failed: 1, skipped: 0, problems: [problem] };
}

/** @returns {Count} */
function add(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    problems: [...a.problems, ...b.problems],
  };
}
