/** Serves the built pages of the benchmark. */
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
};

export async function serveFile(folder: string, path: string, response: ServerResponse): Promise<void> {
  const file = join(folder, normalize(`/${path}`));
  try {
    const content = await readFile(file);
    response
      .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain', 'cache-control': 'no-cache' })
      .end(content);
  } catch {
    response.writeHead(404).end();
  }
}
