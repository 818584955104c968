/** For model walks: a hub that checks tokens, and sockets that carry them as the real transports do, with one retry after a refusal. */
import { HubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';
import type { HubSocket, HubSocketEvents, ReauthWay } from '../hub/hub-socket.js';
import type { Bearer } from '../hub/transport/bearer.js';
import type { ModelIssuer } from './model-issuer.js';

/** `held`: answers wait until `release`. */
export type HubMode = 'good' | 'refusing' | 'down' | 'held';

export interface ModelConnection {
  readonly user: string;
  token: string;
}

export class ModelHub {
  mode: HubMode = 'good';
  way: ReauthWay | 'none' = 'call';
  /** Connections that are up. A client that takes a loss for granted may be wrong by none. */
  readonly open = new Map<ModelSocket, ModelConnection>();
  readonly revoked = new Set<string>();
  lost = 0;
  readonly clock: Clock;
  readonly issuer: ModelIssuer;
  readonly violated: (what: string) => void;
  #held: (() => void)[] = [];

  constructor(clock: Clock, issuer: ModelIssuer, violated: (what: string) => void) {
    this.clock = clock;
    this.issuer = issuer;
    this.violated = violated;
  }

  /** A token has reached the hub. @throws {TypeError} when the hub cannot be reached. */
  async takes(token: string): Promise<boolean> {
    this.look(token);
    if (this.mode === 'held') await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.mode === 'down') throw new TypeError('Failed to fetch');
    return this.isGood(token);
  }

  isGood(token: string): boolean {
    const issued = this.issuer.issued.get(token);
    if (this.mode === 'refusing' || issued === undefined || this.revoked.has(token)) return false;
    return issued.expiresAtMs > this.clock.now();
  }

  /** What a sign-out has ended must not be seen here. */
  look(token: string): void {
    const issued = this.issuer.issued.get(token);
    if (issued === undefined) this.violated('the hub was given a token that nobody has issued');
    else if (issued.epoch !== this.issuer.epoch) this.violated('the hub was given a token of the user before');
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const go of held) go();
  }

  /** As a real hub does on its own: connections end with their tokens. */
  endExpired(): void {
    for (const [socket, { token }] of [...this.open]) {
      const issued = this.issuer.issued.get(token);
      if (issued === undefined || issued.expiresAtMs > this.clock.now()) continue;
      this.end(socket);
    }
  }

  end(socket: ModelSocket): void {
    if (!this.open.delete(socket)) return;
    this.lost += 1;
    socket.lose();
  }
}

export class ModelSocket implements HubSocket {
  readonly connectionId = 'model';
  readonly transport = 'WebSockets';
  readonly #hub: ModelHub;
  readonly #bearer: Bearer;
  readonly #events: HubSocketEvents;
  readonly #ended = new AbortController();

  constructor(hub: ModelHub, bearer: Bearer, events: HubSocketEvents) {
    this.#hub = hub;
    this.#bearer = bearer;
    this.#events = events;
  }

  async start(): Promise<void> {
    const token = await this.#negotiate();
    this.#ended.signal.throwIfAborted();
    this.#hub.open.set(this, { token, user: this.#hub.issuer.issued.get(token)?.user ?? '' });
  }

  /** As `BearerHttpClient`: a 401 is answered by one other token. @returns The token that the hub took. */
  async #negotiate(): Promise<string> {
    const { signal } = this.#ended;
    const token = await this.#bearer.get(signal);
    if (token === null) throw rejected();
    if (await this.#send(token)) return token;
    const next = await this.#bearer.replace(token, signal);
    if (next === null) throw rejected();
    if (await this.#send(next)) return next;
    this.#bearer.refuse(next);
    throw rejected();
  }

  async #send(token: string): Promise<boolean> {
    // A request whose signal is aborted is never sent.
    this.#ended.signal.throwIfAborted();
    const isTaken = await this.#hub.takes(token);
    this.#ended.signal.throwIfAborted();
    return isTaken;
  }

  async stop(): Promise<void> {
    this.#ended.abort(new Error('stopped'));
    if (this.#hub.open.delete(this)) this.#events.closed(undefined, null);
  }

  abandon(): void {
    this.#ended.abort(new Error('abandoned'));
  }

  lose(): void {
    this.#ended.abort(new Error('lost'));
    this.#events.closed(new Error('WebSocket closed with status code: 1006 (no reason given).'), null);
  }

  async reauthenticate(token: string): Promise<ReauthWay | 'none'> {
    const connection = this.#hub.open.get(this);
    const { way } = this.#hub;
    if (way === 'none' || connection === undefined) return 'none';
    const next = way === 'cut' ? (this.#bearer.peek() ?? token) : token;
    if (this.#hub.issuer.issued.get(next)?.user !== connection.user)
      this.#hub.violated('the connection of one user was given the token of another');
    let isTaken: boolean;
    try {
      isTaken = await this.#hub.takes(next);
    } catch {
      throw new HubshareError(wireError('hub-unreachable', 'no answer', {}));
    }
    if (!isTaken) throw rejected();
    connection.token = next;
    return way;
  }

  listen(): void {
    // Nothing is emitted in these walks.
  }

  unlisten(): void {
    // As above.
  }

  invoke(): Promise<unknown> {
    return Promise.resolve();
  }

  send(): Promise<void> {
    return Promise.resolve();
  }

  stream(): () => void {
    return () => undefined;
  }
}

function rejected(): TokenRejectedError {
  return new TokenRejectedError(wireError('token-rejected', 'The hub refused the token.', { httpStatus: 401 }));
}
