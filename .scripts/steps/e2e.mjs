/** The browser tests, by Playwright: each browser against the Node hub, and against the ASP.NET Core hub where .NET is installed. */
import { join } from 'node:path';
import { aspnetProblem, buildAspnetHub } from '../lib/aspnet-hub.mjs';
import { prepareBrowsers } from '../lib/browsers.mjs';
import { buildLibrary } from '../lib/build-library.mjs';
import { buildSite } from '../lib/build-site.mjs';
import { bin, cache, reports } from '../lib/paths.mjs';
import { secretsInReports } from '../lib/report-secrets.mjs';
import { runNode } from '../lib/run.mjs';
import { say } from '../lib/say.mjs';

export async function runBrowserTests(args) {
  if ((await buildLibrary()) === 'failed' || (await buildSite()) === 'failed') {
    return { checks: [{ name: 'browser tests', ok: false, detail: 'not run: the site did not build' }] };
  }
  const checks = (await prepareBrowsers()).map((problem) => ({ name: 'browser', ok: false, detail: problem }));
  if (checks.length === 2) return { checks };

  const problem = await aspnetProblem();
  const aspnet = problem === null && (await buildAspnetHub());
  if (problem !== null) say(`  aspnet     NOT TESTED on this machine: ${problem}`);
  else checks.push({ name: 'ASP.NET Core hub builds', ok: aspnet, detail: aspnet ? '' : 'see above' });

  const { ok } = await runNode(bin.playwright, ['test', ...args], { env: { HUBSHARE_ASPNET: aspnet ? 'on' : 'off' } });
  const leaks = secretsInReports([join(cache, 'test-results'), join(reports, 'playwright.json')]);
  checks.push({ name: 'no token in the reports', ok: leaks.length === 0, detail: leaks.join('; ') });
  return { checks, reports: [{ kind: 'playwright', file: 'playwright.json', runnerOk: ok }] };
}
