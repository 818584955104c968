/** The Node hub and pages of other origins: CORS on the hub's side, and `connect-src` on that of a page which is served here. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHub, type DemoHub } from '../index.js';
import { hubFor, request } from '../testing/fixture.js';
import { ALLOWED, NO_ORIGINS, otherOriginsCases } from '../testing/other-origins.js';

describe('the Node hub and other origins', () => {
  let open: DemoHub;
  let alone: DemoHub;

  beforeAll(async () => {
    const quiet = { alarms: false, metricIntervalMs: 60_000 } as const;
    open = await startHub({ ...quiet, allowedOrigins: [ALLOWED] });
    alone = await startHub(quiet);
  });

  afterAll(() => Promise.all([open, alone].map((hub) => hub.close())));

  otherOriginsCases(() => ({ open, alone }));

  it('lets each origin of a list in under its own name', async () => {
    const hub = await hubFor({ allowedOrigins: [ALLOWED, 'http://127.0.0.1:5173'] });
    for (const origin of [ALLOWED, 'http://127.0.0.1:5173']) {
      const { headers } = await request(hub, 'GET', '/healthz', { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
    }
  });

  it.each(NO_ORIGINS)('refuses %s, which is no origin, before it listens', async (wrong) => {
    await expect(startHub({ allowedOrigins: [wrong] })).rejects.toThrow(/allowedOrigins: '.*' is no origin such as/);
    await expect(startHub({ connectOrigins: [wrong] })).rejects.toThrow(/connectOrigins: '.*' is no origin such as/);
  });

  it('lets its pages connect to the origins that it was told of, and to no others', async () => {
    const root = mkdtempSync(join(tmpdir(), 'demo-hub-'));
    try {
      writeFileSync(join(root, 'index.html'), '<!doctype html>');
      const hub = await hubFor({
        staticDir: root,
        connectOrigins: ['https://hub.example.com', 'http://127.0.0.1:5001'],
      });
      const policy = (await request(hub, 'GET', '/')).headers.get('content-security-policy');
      expect(policy).toContain(
        "; connect-src 'self' https://hub.example.com wss://hub.example.com http://127.0.0.1:5001 ws://127.0.0.1:5001; ",
      );
      expect(policy).toContain("script-src 'self';");
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
