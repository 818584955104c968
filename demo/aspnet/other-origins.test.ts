/** The hub on ASP.NET Core and pages of other origins, as the Node hub has them. Skipped where there is no .NET SDK. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOWED, NO_ORIGINS, otherOriginsCases } from '../hub/testing/other-origins.js';
import { buildServer, hasDotnet, startServer } from './testing/dotnet-server.js';
import { startSecured, type SecuredHub } from './testing/secured-hub.js';

describe.skipIf(!hasDotnet())('the hub on ASP.NET Core and other origins', () => {
  let root: string;
  let open: SecuredHub;
  let alone: SecuredHub;

  beforeAll(async () => {
    buildServer();
    root = mkdtempSync(join(tmpdir(), 'hubshare-origins-'));
    writeFileSync(join(root, 'index.html'), '<!doctype html>');
    const elsewhere = ['--connect-origin', 'https://hub.example.com', '--connect-origin', 'http://127.0.0.1:5001'];
    open = await startSecured(['--allow-origin', ALLOWED, '--static', root, ...elsewhere]);
    alone = await startSecured();
  }, 240_000);

  afterAll(async () => {
    await Promise.all([open, alone].map(({ server }) => server.stop()));
    rmSync(root, { recursive: true });
  });

  otherOriginsCases(() => ({ open, alone }));

  it('refuses what is no origin before it listens', async () => {
    for (const wrong of NO_ORIGINS) {
      await expect(startServer(['--allow-origin', wrong]), wrong).rejects.toThrow('--allow-origin must be an origin');
    }
    await expect(startServer(['--connect-origin', '*'])).rejects.toThrow('--connect-origin must be an origin');
  });

  it('lets its pages connect to the origins that it was told of, and to no others', async () => {
    const policy = (await fetch(`${open.url}/`)).headers.get('content-security-policy');
    expect(policy).toContain(
      "; connect-src 'self' https://hub.example.com wss://hub.example.com http://127.0.0.1:5001 ws://127.0.0.1:5001; ",
    );
    expect(policy).toContain("script-src 'self';");
  });
});
