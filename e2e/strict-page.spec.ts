/**
 * The demo under a strict policy: no `unsafe-*`, no `blob:`, no `data:`, Trusted Types enforced, and nothing in use that the policy
 * would have to allow. What is refused is tried as well, or these tests could not fail.
 */
import type { Page } from 'playwright/test';
import { often } from './fixtures/tab.js';
import { expect, test } from './fixtures/test.js';

declare global {
  interface Window {
    violations: string[];
  }
}

/** Every violation of every page from here on: what the page hears of it, and what the console says. */
async function openConsole(page: Page): Promise<{ readonly said: string[] }> {
  const said: string[] = [];
  page.on('console', (message) => {
    if (/content.security.policy|trusted(script|html| ?types)|violat/i.test(message.text())) said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(String(error)));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
      window.violations.push(`${effectiveDirective} ${blockedURI} ${sample}`);
    });
  });
  await page.goto('/');
  await expect(page.getByTestId('status')).toContainText('Connected');
  return { said };
}

const violationsOf = (page: Page): Promise<readonly string[]> => page.evaluate(() => window.violations);

test('the console and the panel in use break no rule of the policy, and the worker none of its own', async ({
  page,
  hub,
  workerWatch,
}) => {
  const { said } = await openConsole(page);
  const title = 'Pump 7 runs hot';
  await page.getByTestId('new-incident').click();
  await page.getByTestId('incident-title').fill(title);
  await page.getByTestId('incident-severity').selectOption('critical');
  await page.getByTestId('incident-create').click();
  await expect(page.getByTestId('incident').filter({ hasText: title })).toHaveAttribute('data-state', 'open');
  const panel = page.locator('hubshare-inspector');
  await expect(panel.locator('li[data-hub]')).toHaveCount(1);
  await panel.evaluate(async (element) => {
    const buttons = [...(element.shadowRoot?.querySelectorAll('button') ?? [])];
    for (const button of buttons) if (/reconnect|refresh/i.test(button.textContent)) button.click();
  });
  await expect(page.getByTestId('status')).toContainText('Connected');
  await page.getByTestId('mode-plain').click();
  await expect(page.getByTestId('status')).toContainText('Connected');
  await page.getByTestId('mode-shared').click();
  await expect(page.getByTestId('status')).toContainText('Connected');
  await page.getByTestId('sign-out').click();
  await expect(page.getByTestId('sign-in-form')).toBeVisible();
  await expect.poll(async () => (await hub.counts()).connections, often).toBe(0);

  expect(await violationsOf(page)).toEqual([]);
  expect(said).toEqual([]);
  expect((workerWatch?.console ?? []).filter((line) => /content.security.policy|violat/i.test(line))).toEqual([]);
});

test('page and worker come with a policy that allows nothing unsafe', async ({ page, request }) => {
  const scripts = new Set<string>();
  page.context().on('request', (sent) => {
    if (sent.resourceType() === 'script') scripts.add(sent.url());
  });
  await openConsole(page);
  const html = await (await request.get('/')).text();
  expect(html).toContain("require-trusted-types-for 'script'");
  const worker = html.match(/src="(\/assets\/[^"]+\.js)"/)?.[1];
  if (worker === undefined) throw new Error('the page names no script');
  for (const path of ['/', worker, ...scripts]) {
    const policy = (await request.get(path)).headers()['content-security-policy'] ?? '';
    expect(policy, path).toMatch(/default-src 'none'.*script-src 'self'.*worker-src 'self'/);
    expect(policy, path).not.toMatch(/unsafe|blob:|data:|\*/);
  }
});

test.describe('is refused, so that the policy is seen to be enforced:', () => {
  test('markup as a text', async ({ page }) => {
    await openConsole(page);
    const thrown = await page.evaluate(() => {
      try {
        document.body.innerHTML = '<b>injected</b>';
        return 'nothing';
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(thrown).toBe('TypeError');
    await expect
      .poll(() => violationsOf(page), often)
      .toContainEqual(expect.stringContaining('require-trusted-types-for'));
  });

  test('an inline script', async ({ page }) => {
    await openConsole(page);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.append(document.createTextNode('window.name = "injected";'));
      document.head.append(script);
    });
    await expect
      .poll(() => violationsOf(page), often)
      .toContainEqual(expect.stringMatching(/script-src|require-trusted-types-for/));
    expect(await page.evaluate(() => window.name)).toBe('');
  });

  for (const kind of ['Worker', 'SharedWorker'] as const) {
    test(`a ${kind} of an address as a text, of a blob, and of another script of the origin`, async ({ page }) => {
      await openConsole(page);
      const outcomes = await page.evaluate((name) => {
        const addresses = [
          '/assets/another.js',
          URL.createObjectURL(new Blob(['postMessage(1)'], { type: 'text/javascript' })),
          'data:text/javascript,postMessage(1)',
        ];
        return addresses.map((address) => {
          try {
            return (new window[name](address), 'constructed');
          } catch (error) {
            return (error as Error).name;
          }
        });
      }, kind);
      expect(outcomes).toEqual(['TypeError', 'TypeError', 'TypeError']);
    });
  }

  test('a second policy, also one of the same name', async ({ page }) => {
    await openConsole(page);
    const outcomes = await page.evaluate(() => {
      const { trustedTypes } = globalThis as unknown as {
        readonly trustedTypes: { createPolicy: (name: string, rules: object) => unknown };
      };
      return ['ops-console', 'default', 'another'].map((name) => {
        try {
          return (trustedTypes.createPolicy(name, { createScriptURL: String }), 'created');
        } catch (error) {
          return (error as Error).name;
        }
      });
    });
    expect(outcomes).toEqual(['TypeError', 'TypeError', 'TypeError']);
  });
});
