/**
 * One line per HTTP request and upgrade: the URL exactly as it came unless tokens are to be taken out, headers by name only. A WebSocket or an event stream is
 * logged when it opens, everything else when it ends.
 */
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { withoutTokens } from './auth/request-token.js';

export interface AccessLog {
  /** Logs this request when it has been answered. */
  watch(request: IncomingMessage, response: ServerResponse): void;
  /** This watched response has become an event stream. */
  streaming(response: ServerResponse): void;
  upgrade(request: IncomingMessage, status: number, startedAtMs: number): void;
  /** Everything logged so far. */
  read(): Promise<string>;
  close(): Promise<void>;
}

/** Headers whose presence is worth knowing. Their values never are. */
const NAMED_HEADERS = ['authorization', 'cookie', 'origin', 'sec-websocket-protocol', 'x-demo-admin'];
const LINES_IN_MEMORY = 10_000;

interface Sink {
  write(line: string): void;
  read(): Promise<string>;
  close(): Promise<void>;
}

/** @param redact - Take tokens out of URLs. Without it the log shows whether any client has put one there. */
export function createAccessLog(file: string | undefined, redact = false): AccessLog {
  const sink = file === undefined ? memorySink() : fileSink(file);
  const watched = new WeakMap<ServerResponse, (status: string) => void>();

  function line(request: IncomingMessage, status: string, ms: number, bytes: string): void {
    const names = NAMED_HEADERS.filter((name) => request.headers[name] !== undefined).join(',');
    const url = request.url ?? '-';
    sink.write(
      `${new Date().toISOString()} ${request.socket.remoteAddress ?? '-'} ${request.method ?? '-'} ${redact ? withoutTokens(url) : url} ` +
        `${status} ${Math.round(ms)}ms ${bytes} [${names}]\n`,
    );
  }

  return {
    watch(request, response) {
      const startedAtMs = performance.now();
      const socket: Duplex & { readonly bytesWritten?: number } = request.socket;
      const before = socket.bytesWritten ?? 0;
      let logged = false;
      const log = (status: string): void => {
        if (logged) return;
        logged = true;
        line(request, status, performance.now() - startedAtMs, `${(socket.bytesWritten ?? 0) - before}B`);
      };
      watched.set(response, log);
      // `finish` comes before the client can know the answer; `close` alone would be too late for a reader of the log.
      response.once('finish', () => log(`${response.statusCode}`));
      response.once('close', () => log(response.headersSent ? `${response.statusCode}` : 'aborted'));
    },
    streaming(response) {
      watched.get(response)?.(`${response.statusCode}`);
    },
    upgrade(request, status, startedAtMs) {
      line(request, `${status}`, performance.now() - startedAtMs, '0B');
    },
    read: () => sink.read(),
    close: () => sink.close(),
  };
}

function memorySink(): Sink {
  const lines: string[] = [];
  return {
    write(line) {
      lines.push(line);
      if (lines.length > LINES_IN_MEMORY) lines.shift();
    },
    read: () => Promise.resolve(lines.join('')),
    close: () => Promise.resolve(),
  };
}

function fileSink(file: string): Sink {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  // A full disk must not take the hub down; the reader of the log learns of it.
  let failure: Error | null = null;
  stream.on('error', (error) => (failure = error));
  const flushed = (): Promise<void> => new Promise((resolve) => stream.write('', () => resolve()));
  return {
    write(line) {
      if (failure === null) stream.write(line);
    },
    async read() {
      if (failure === null) await flushed();
      if (failure !== null) throw failure;
      return readFile(file, 'utf8');
    },
    close: () => new Promise((resolve) => (failure === null ? stream.end(() => resolve()) : resolve())),
  };
}
