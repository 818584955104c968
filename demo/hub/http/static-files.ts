/** Serves the built demo page under a strict policy; hashed files for ever, everything else revalidated. */
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/**
 * Also on scripts: a worker obeys the policy of its own script's response, not that of the page. `connect-src 'self'` covers
 * WebSockets to the same origin; for another origin they are named beside it.
 */
function contentSecurityPolicy(connectOrigins: ReadonlySet<string>): string {
  const elsewhere = [...connectOrigins].flatMap((origin) => [origin, origin.replace(/^http/, 'ws')]);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    ["connect-src 'self'", ...elsewhere].join(' '),
    "worker-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** `assets/name-Ab3_x9Zq.js`, as Vite names what it has hashed. A name that only might be a hash is revalidated: slower, never stale. */
const HASHED = /[\\/]assets[\\/].*-(?=[\w-]*[A-Z0-9_])[\w-]{8}\.\w+$/;

export function isHashed(path: string): boolean {
  return HASHED.test(path);
}

export async function staticFiles(
  app: FastifyInstance,
  root: string,
  connectOrigins: ReadonlySet<string>,
): Promise<void> {
  const policy = contentSecurityPolicy(connectOrigins);
  await app.register(fastifyStatic, {
    root,
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders(response, path) {
      response.setHeader('content-security-policy', policy);
      // Not `no-store`: that would keep the page out of the back/forward cache.
      response.setHeader('cache-control', isHashed(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
