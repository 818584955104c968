/** A browser context that is signed in at the embedded hub: it has the refresh cookie from which every way gets its tokens. */
import type { Browser, BrowserContext } from 'playwright';

export async function signedInContext(browser: Browser, url: string): Promise<BrowserContext> {
  const context = await browser.newContext();
  const response = await context.request.post(`${url}/auth/sign-in`, { data: { user: 'ann' } });
  if (!response.ok()) throw new Error(`sign-in answered ${response.status()}`);
  return context;
}
