/**
 * Lets several hubs behind one load balancer act as one: what is sent to a user or to all goes to the other hubs as well, over a Redis
 * channel. As with every publish and subscribe, what is sent while a hub has lost Redis does not reach it.
 */
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createRespReader, respCommand, RespError, type RespValue } from './resp.js';

export interface Emission {
  /** Path of the hub. */
  readonly hub: string;
  /** `null`: to everyone. */
  readonly userId: string | null;
  readonly event: string;
  readonly args: readonly unknown[];
}

export interface Backplane {
  /** To all other hubs on the channel. Dropped while Redis cannot be reached. */
  publish(emission: Emission): void;
  close(): Promise<void>;
}

export interface BackplaneOptions {
  /** `redis://[:password@]host[:port]`. Who can reach this Redis can send anything to any user: it needs a password and a network of its own. */
  readonly url: string;
  /** What another hub sends. */
  onEmission(emission: Emission): void;
  /** Milliseconds before Redis is tried again. Default 1000. */
  readonly retryMs?: number;
}

const CHANNEL = 'hubshare-demo';
const DEFAULT_PORT = 6379;
const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/**
 * Settles when the channel is joined.
 *
 * @throws {Error} Redis cannot be reached at the start, or refuses. Later losses are mended by trying again.
 */
export async function createBackplane(options: BackplaneOptions): Promise<Backplane> {
  const { hostname, port, password } = new URL(options.url);
  const self = randomUUID();
  const closing = new AbortController();

  function receive(text: unknown): void {
    const emission = typeof text === 'string' ? parse(text) : null;
    if (emission !== null && emission.from !== self) options.onEmission(emission);
  }

  // Redis takes no other command on a connection that is subscribed.
  const link = (first: readonly string[], onValue: (value: RespValue) => void): Link =>
    createLink({
      host: hostname,
      port: port === '' ? DEFAULT_PORT : Number(port),
      commands: [...(password === '' ? [] : [['AUTH', decodeURIComponent(password)]]), first],
      retryMs: options.retryMs ?? 1000,
      closing: closing.signal,
      onValue,
    });
  const listener = link(['SUBSCRIBE', CHANNEL], (value) => {
    if (Array.isArray(value) && value[0] === 'message') receive((value as readonly RespValue[])[2]);
  });
  const speaker = link(['PING'], () => undefined);
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all([listener.closed, speaker.closed]);
  };
  try {
    await Promise.all([listener.ready, speaker.ready]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    publish: (emission) => speaker.write(respCommand('PUBLISH', CHANNEL, JSON.stringify({ ...emission, from: self }))),
    close,
  };
}

interface Link {
  /** Rejects when the first try fails. */
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  write(command: string): void;
}

interface LinkOptions {
  readonly host: string;
  readonly port: number;
  /** Sent on each connection before anything else; each must be answered without an error. */
  readonly commands: readonly (readonly string[])[];
  readonly retryMs: number;
  readonly closing: AbortSignal;
  onValue(value: RespValue): void;
}

function createLink(options: LinkOptions): Link {
  const { host, port, commands, retryMs, closing, onValue } = options;
  let socket: Socket | null = null;
  let up = false;
  let everUp = false;
  let timer: NodeJS.Timeout | undefined;
  const ready = createDeferred();
  const closed = createDeferred();

  function open(): void {
    const reader = createRespReader(MAX_VALUE_BYTES);
    let answers = 0;
    let problem: Error = new Error('Redis has closed the connection.');
    const mine = connect({ host, port });
    socket = mine;
    mine.setNoDelay(true);
    mine.write(commands.map((command) => respCommand(...command)).join(''));
    mine.on('data', (bytes: Buffer) => {
      try {
        for (const value of reader.push(bytes)) {
          if (value instanceof RespError) throw value;
          answers += 1;
          if (answers === commands.length) {
            up = everUp = true;
            ready.resolve();
          } else if (answers > commands.length) onValue(value);
        }
      } catch (error) {
        problem = error instanceof Error ? error : problem;
        mine.destroy();
      }
    });
    mine.on('error', (error) => (problem = error));
    mine.on('close', () => {
      up = false;
      if (closing.aborted) {
        closed.resolve();
        return;
      }
      if (everUp) timer = setTimeout(open, retryMs);
      else ready.reject(problem);
    });
  }

  open();
  closing.addEventListener('abort', () => {
    clearTimeout(timer);
    if (socket === null || socket.closed) closed.resolve();
    else socket.destroy();
  });
  return {
    ready: ready.promise,
    closed: closed.promise,
    write(command) {
      if (up) socket?.write(command);
    },
  };
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function createDeferred(): Deferred {
  let resolve = (): void => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve: () => resolve(), reject: (error) => reject(error) };
}

/** What another hub has sent; `null`: it is nothing of the kind. Whoever has written it, it must not harm the hub. */
function parse(text: string): (Emission & { readonly from: unknown }) | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { hub, userId, event, args, from } = value as Record<string, unknown>;
  if (typeof hub !== 'string' || typeof event !== 'string' || !Array.isArray(args)) return null;
  return userId === null || typeof userId === 'string' ? { hub, userId, event, args, from } : null;
}

/** Sends to the connections of this hub and tells the other hubs to do the same. */
export interface Emitter {
  /** @returns To how many connections of this hub it was sent. */
  emitToUser(userId: string, event: string, args: readonly unknown[]): number;
  /** @returns To how many connections of this hub it was sent. */
  emitToAll(event: string, args: readonly unknown[]): number;
}

/** @param backplane - `null`: there are no other hubs. */
export function createEmitter(
  hub: Emitter & { readonly path: string },
  backplane: Pick<Backplane, 'publish'> | null,
): Emitter {
  return {
    emitToUser(userId, event, args) {
      backplane?.publish({ hub: hub.path, userId, event, args });
      return hub.emitToUser(userId, event, args);
    },
    emitToAll(event, args) {
      backplane?.publish({ hub: hub.path, userId: null, event, args });
      return hub.emitToAll(event, args);
    },
  };
}
