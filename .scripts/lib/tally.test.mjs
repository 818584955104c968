/** The count of `.ci/run` never says passed for what has not said so itself. */
import { describe, expect, it } from 'vitest';
import { tally } from './tally.mjs';

const vitestReport = (changes = {}) => ({
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults: [] }],
  ...changes,
});
const playwrightReport = (stats = {}, errors = []) => ({
  stats: { expected: 7, unexpected: 0, flaky: 0, skipped: 2, ...stats },
  errors,
});
const record = (changes = {}) => ({ finished: true, checks: [], reports: [], ...changes });
const unit = (runnerOk = true) => ({ step: 'unit', kind: 'vitest', file: 'vitest.json', runnerOk });
const e2e = (runnerOk = true) => ({ step: 'e2e', kind: 'playwright', file: 'playwright.json', runnerOk });
const ok = { name: 'lint', ok: true, detail: '' };

describe('the tally', () => {
  it('adds checks, unit tests and browser tests', () => {
    const read = (file) => (file === 'vitest.json' ? vitestReport() : playwrightReport());
    const count = tally(record({ checks: [ok], reports: [unit(), e2e()] }), read);
    expect(count).toEqual({ passed: 13, failed: 0, skipped: 3, problems: [] });
  });

  it('counts a failed check, and says why', () => {
    const checks = [ok, { name: 'format', ok: false, detail: 'mend it' }];
    expect(tally(record({ checks }), () => null)).toMatchObject({
      passed: 1,
      failed: 1,
      problems: ['format: mend it'],
    });
  });

  it('counts failed and flaky browser tests, and errors outside tests', () => {
    const report = playwrightReport({ unexpected: 2, flaky: 1 }, [{ message: 'no tests found\nat x' }]);
    expect(tally(record({ reports: [e2e(false)] }), () => report)).toMatchObject({
      passed: 7,
      failed: 4,
      problems: ['e2e: no tests found'],
    });
  });

  it('counts a test file that could not be loaded', () => {
    const report = vitestReport({ testResults: [{ name: 'b.test.ts', status: 'failed', assertionResults: [] }] });
    expect(tally(record({ reports: [unit(false)] }), () => report)).toMatchObject({ passed: 5, failed: 1 });
  });

  it('does not count the file of a failed test a second time', () => {
    const failedTest = {
      status: 'failed',
      fullName: 'the thing works',
      failureMessages: ['Error: it does not\n  at b.test.ts'],
    };
    const testResults = [{ name: 'b.test.ts', status: 'failed', assertionResults: [failedTest] }];
    const report = vitestReport({ numFailedTests: 1, testResults });
    expect(tally(record({ reports: [unit(false)] }), () => report)).toMatchObject({
      passed: 5,
      failed: 1,
      problems: ['unit: b.test.ts › the thing works: Error: it does not'],
    });
  });

  it('names the browser tests that failed, also in a describe, and none that passed', () => {
    const spec = (title, status, message) => ({
      ...{ file: 'a.spec.ts', line: 7, title },
      tests: [{ projectName: 'chromium-node', status, results: [{ errors: message ? [{ message }] : [] }] }],
    });
    const suites = [
      {
        specs: [spec('goes', 'expected')],
        suites: [{ specs: [spec('breaks', 'unexpected', '\u001B[31mError\u001B[39m: no\nat x')] }],
      },
    ];
    const report = { ...playwrightReport({ unexpected: 1 }), suites };
    expect(tally(record({ reports: [e2e(false)] }), () => report).problems).toEqual([
      'e2e: [chromium-node] a.spec.ts:7 › breaks: Error: no',
    ]);
  });

  it.each([
    ['without a record', null, () => null],
    ['of a run that has checked nothing', record(), () => null],
    ['with a report that is missing', record({ reports: [unit()] }), () => null],
    ['of a run that did not end', record({ finished: false, checks: [ok] }), () => null],
    ['of a runner that failed outside its tests', record({ reports: [unit(false)] }), () => vitestReport()],
  ])('fails %s', (_, of, read) => {
    expect(tally(of, read)).toMatchObject({ failed: 1, problems: [expect.any(String)] });
  });
});
