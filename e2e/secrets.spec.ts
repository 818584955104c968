/** The search for tokens runs after every test; here it is shown that it finds what it looks for. */
import { findSecrets } from './fixtures/secrets.js';
import { expect, test } from './fixtures/test.js';

test('the search finds a token, each part of it, and the parameter name', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLXRoaXM';
  const parts = token.split('.');
  const found = (line: string): boolean => findSecrets([token], [{ name: 'a log', lines: [line] }]).length > 0;
  for (const needle of [token, ...parts, 'access_token', 'bearer.eyJub3RrbmF3biI6MX0']) {
    expect(found(`GET /hubs/ops?id=1&x=${needle} 200`), needle).toBe(true);
  }
  expect(found('GET /hubs/ops?id=a1eyJb2 200')).toBe(false);
});

test('the search reports a leak without leaking', () => {
  const token = 'header-of-it.payload-of-it.signature-of-it';
  const leaks = findSecrets([token], [{ name: 'a log', lines: [`token ${token} used`] }]);
  expect(leaks.length).toBeGreaterThan(0);
  expect(JSON.stringify(leaks)).not.toMatch(/header-of-it|payload-of-it|signature-of-it/);
});

test('every place is searched, and what pages and workers say really arrives there (SEC-1, SEC-7 E-004)', async ({
  openTab,
  hub,
  readable,
  browserName,
}) => {
  const tab = await openTab();
  await tab.connect();
  await tab.page.evaluate(() => {
    console.log('a line of the page');
  });
  await expect
    .poll(async () => linesOf(await readable(), 'the console of the pages').join('\n'))
    .toContain('a line of the page');
  const sources = await readable();
  expect(linesOf(sources, 'the URLs on the wire').join('\n')).toContain('/hubs/ops/negotiate');
  expect(linesOf(sources, 'the access log of the hub').join('\n')).toContain('/hubs/ops/negotiate');
  expect(linesOf(sources, 'the URLs that the pages requested').join('\n')).toContain('/harness/tab.html');
  expect(linesOf(sources, 'snapshots, errors and journal').join('\n')).toContain('"journal"');
  // Sign-in, the worker's first refresh, and the refresh cookies of both.
  expect(hub.wire.tokens.size).toBeGreaterThanOrEqual(4);
  if (browserName === 'chromium') {
    expect(linesOf(sources, 'the URLs that the worker requested').join('\n')).toContain('/hubs/ops');
    expect(linesOf(sources, 'the console of the worker').length, 'SignalR logs at Trace').toBeGreaterThan(0);
  }
});

function linesOf(
  sources: readonly { readonly name: string; readonly lines: readonly string[] }[],
  name: string,
): readonly string[] {
  return sources.filter((source) => source.name.startsWith(name)).flatMap((source) => source.lines);
}
