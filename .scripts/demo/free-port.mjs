/** Finds a port to listen on. */
import { createServer } from 'node:net';
import { Stop } from '../lib/say.mjs';

/** The first free port of 127.0.0.1 from `first` on; 0 stays 0. */
export async function freePort(first) {
  const last = Math.min(first + 99, 65_535);
  for (let port = first; port <= last; port++) {
    if (first === 0 || (await isFree(port))) return port;
  }
  throw new Stop(`No port from ${first} to ${last} is free on 127.0.0.1.`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
