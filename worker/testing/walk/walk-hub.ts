/** For walks through a whole browser: a hub that knows whom each of its connections is for, and says so in all that it sends. */
import { HubshareError, TokenRejectedError, wireError } from '../../../src/contract/errors.js';
import type { HubSocket, HubSocketEvents, ReauthWay, StreamSink } from '../../hub/hub-socket.js';
import type { Bearer } from '../../hub/transport/bearer.js';
import type { EventLoop, Realm, TaskQueue } from '../browser/event-loop.js';
import type { WalkIssuer } from './walk-issuer.js';
import type { Generation, Item, WalkRules } from './walk-rules.js';

export interface WalkHubParts {
  readonly url: string;
  readonly loop: EventLoop;
  readonly issuer: WalkIssuer;
  readonly rules: WalkRules;
  /** Nobody is let in without a token. */
  readonly wantsToken: boolean;
}

/** A call that the hub has not answered, or a stream that it has not ended. */
export interface OpenWork {
  readonly socket: WalkSocket;
  /** The result of the call, or the next item of the stream. */
  readonly answer: () => void;
  /** The call fails, or the stream is complete. */
  readonly end: () => void;
}

export class WalkHub {
  mode: 'good' | 'refusing' | 'down' | 'held' = 'good';
  way: ReauthWay | 'none' = 'none';
  /** Connections that the hub counts. */
  readonly open = new Set<WalkSocket>();
  calls: OpenWork[] = [];
  streams: OpenWork[] = [];
  readonly parts: WalkHubParts;
  #held: (() => void)[] = [];

  constructor(parts: WalkHubParts) {
    this.parts = parts;
  }

  /** A request reaches the hub. @returns Whether the hub takes the token; `null`: it cannot be reached. */
  reach(token: string | null, answer: (isTaken: boolean | null) => void): void {
    const { loop } = this.parts;
    const read = (): void => {
      if (this.mode === 'held') this.#held.push(read);
      else answer(this.mode === 'down' ? null : this.isGood(token));
    };
    loop.post(loop.outside, read);
  }

  isGood(token: string | null): boolean {
    if (this.mode === 'refusing') return false;
    if (token === null) return !this.parts.wantsToken;
    const issued = this.parts.issuer.issued.get(token);
    return issued !== undefined && issued.expiresAtMs > this.parts.loop.clock.now();
  }

  release(): void {
    const { loop } = this.parts;
    const held = this.#held;
    this.#held = [];
    for (const read of held) loop.post(loop.outside, read);
  }

  /** Calls a client method on each connection: one at most, mostly. */
  emit(method: 'news' | 'metric', name: string): void {
    for (const socket of this.open) socket.say(method, name);
  }

  /** Every connection is lost. @param isSudden - What was on its way is lost with it. */
  cut(isSudden: boolean): void {
    for (const socket of [...this.open]) socket.lose(isSudden);
  }

  /** The worker that held the connections has died. */
  vanish(realm: Realm): void {
    for (const socket of [...this.open]) if (socket.realm === realm) socket.vanish();
  }

  accept(socket: WalkSocket): void {
    this.open.add(socket);
    if (this.open.size > 1) this.parts.rules.violated(`${this.open.size} connections at ${this.parts.url}`);
  }

  forget(socket: WalkSocket): void {
    this.open.delete(socket);
    this.calls = this.calls.filter((work) => work.socket !== socket);
    this.streams = this.streams.filter((work) => work.socket !== socket);
  }
}

let sockets = 0;

export class WalkSocket implements HubSocket {
  connectionId: string | null = null;
  transport: string | null = null;
  readonly realm: Realm;
  readonly generation: Generation;
  /** Whom the token names. */
  user: string | null = null;
  phase: 'new' | 'starting' | 'open' | 'over' = 'new';
  readonly keys = new Set<string>();
  readonly #hub: WalkHub;
  readonly #bearer: Bearer;
  readonly #events: HubSocketEvents;
  readonly #listened = new Set<string>();
  readonly #ended = new AbortController();
  /** From the hub, in order. */
  readonly #frames: TaskQueue;
  /** To the hub, in order. */
  readonly #sent: TaskQueue;
  #pending = new Set<(error: Error) => void>();
  #disarmExpiry: () => void = () => undefined;

  constructor(hub: WalkHub, generation: Generation, bearer: Bearer, events: HubSocketEvents) {
    const { loop } = hub.parts;
    this.#hub = hub;
    this.generation = generation;
    this.#bearer = bearer;
    this.#events = events;
    this.realm = loop.current;
    this.#frames = loop.queue(this.realm, false);
    this.#sent = loop.queue(loop.outside);
  }

  async start(): Promise<void> {
    this.phase = 'starting';
    const { signal } = this.#ended;
    const token = await this.#bearer.get(signal);
    if (!(await this.#knock(token))) {
      const next = token === null ? null : await this.#bearer.replace(token, signal);
      if (next === null) throw rejected();
      if (!(await this.#knock(next))) {
        this.#bearer.refuse(next);
        throw rejected();
      }
    }
    sockets += 1;
    this.connectionId = `connection-${sockets}`;
    this.transport = 'WebSockets';
    this.phase = 'open';
    this.#frames.isOpen = true;
  }

  /** As `BearerHttpClient`: nothing is sent for what has ended. */
  #knock(token: string | null): Promise<boolean> {
    const { signal } = this.#ended;
    const { loop, rules } = this.#hub.parts;
    signal.throwIfAborted();
    rules.presented(this.generation, token);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#hub.reach(token, (isTaken) => {
        // The request is broken off: nobody is there to be accepted.
        if (signal.aborted || this.realm.state === 'dead') return;
        if (isTaken === true) this.#begin(token);
        loop.post(this.realm, () => {
          if (isTaken === null) reject(new TypeError('Failed to fetch'));
          else resolve(isTaken);
        });
      });
    });
  }

  #begin(token: string | null): void {
    this.#hub.accept(this);
    this.#follow(token);
  }

  #follow(token: string | null): void {
    const { loop, issuer, rules } = this.#hub.parts;
    this.#disarmExpiry();
    const issued = token === null ? undefined : issuer.issued.get(token);
    this.user = issued?.user ?? null;
    rules.connected(this.generation);
    if (issued === undefined) return;
    this.#disarmExpiry = loop.setTimeout(loop.outside, () => this.lose(false), issued.expiresAtMs - loop.clock.now());
  }

  stop(): Promise<void> {
    const { loop } = this.#hub.parts;
    if (this.phase === 'new' || this.phase === 'over') return Promise.resolve();
    const wasOpen = this.phase === 'open';
    this.#ended.abort(new Error('The connection was stopped before the hub handshake could complete.'));
    return new Promise((resolve) => {
      loop.post(loop.outside, () => {
        this.#leave();
        loop.post(this.realm, () => {
          this.#end(new Error('Invocation canceled due to the underlying connection being closed.'), wasOpen);
          resolve();
        });
      });
    });
  }

  abandon(): void {
    this.#ended.abort(new Error('abandoned'));
  }

  /** The hub or the network ends it. */
  lose(isSudden: boolean): void {
    this.#hub.parts.rules.trace?.(`generation ${this.generation.id} has lost its connection`);
    this.#leave();
    if (isSudden) this.#frames.waiting.length = 0;
    const error = new Error('WebSocket closed with status code: 1006 (no reason given).');
    this.#hub.parts.loop.push(this.#frames, () => this.#end(error, true));
  }

  vanish(): void {
    this.phase = 'over';
    this.#leave();
  }

  #leave(): void {
    this.#disarmExpiry();
    this.#hub.forget(this);
  }

  #end(error: Error, isTold: boolean): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(error);
    if (isTold) this.#events.closed(this.#ended.signal.aborted ? undefined : error, null);
  }

  async reauthenticate(token: string): Promise<ReauthWay | 'none'> {
    const { way, parts } = this.#hub;
    if (way === 'none') return 'none';
    parts.rules.presented(this.generation, token);
    const isTaken = await new Promise<boolean | null>((resolve) => {
      this.#hub.reach(token, (answer) => {
        if (answer === true && this.#hub.open.has(this)) this.#follow(token);
        parts.loop.post(this.realm, () => resolve(answer));
      });
    });
    if (isTaken === null) throw new HubshareError(wireError('hub-unreachable', 'no answer', {}));
    if (!isTaken) throw rejected();
    return way;
  }

  listen(method: string): void {
    this.#listened.add(method);
  }

  unlisten(method: string): void {
    this.#listened.delete(method);
  }

  say(method: 'news' | 'metric', name: string): void {
    if (method === 'metric' && !this.keys.has(name)) return;
    const item = this.#item(name);
    this.#frame(() => {
      if (!this.#listened.has(method)) return;
      if (method === 'news') this.#hub.parts.rules.newsComes(this.generation, item);
      this.#events.event(method, [item]);
    });
  }

  /** The hub wants a result: whoever answers is of its user. */
  ask(): void {
    this.#frame(() => {
      if (!this.#listened.has('ask')) return;
      this.#events.question('ask', [this.#item('ask')]).then(
        (by) => this.#hub.parts.rules.answered(this.generation, by),
        () => undefined,
      );
    });
  }

  invoke(method: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const settle = (then: () => void): void => {
        this.#frame(() => {
          this.#pending.delete(reject);
          then();
        });
      };
      this.#send(() => {
        const key = String(args[0]);
        if (method === 'JoinMetric') this.keys.add(key);
        if (method === 'LeaveMetric') this.keys.delete(key);
        const answer = (): void => {
          const item = this.#item(method);
          settle(() => resolve(item));
        };
        if (method !== 'Slow') return answer();
        this.#hub.calls.push({ socket: this, answer, end: () => settle(() => reject(new Error('no'))) });
      });
    });
  }

  send(): Promise<void> {
    this.#send(() => undefined);
    return Promise.resolve();
  }

  stream(_method: string, _args: readonly unknown[], sink: StreamSink): () => void {
    let isOver = false;
    const lost = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      sink.error(new HubshareError(wireError('connection-lost', error.message, {})));
    };
    this.#pending.add(lost);
    const work: OpenWork = {
      socket: this,
      answer: () => {
        const item = this.#item('stream');
        this.#frame(() => {
          if (!isOver) sink.next(item);
        });
      },
      end: () =>
        this.#frame(() => {
          if (isOver) return;
          isOver = true;
          this.#pending.delete(lost);
          sink.complete();
        }),
    };
    this.#send(() => this.#hub.streams.push(work));
    return () => {
      isOver = true;
      this.#pending.delete(lost);
      this.#send(() => (this.#hub.streams = this.#hub.streams.filter((other) => other !== work)));
    };
  }

  /** What the hub sends until it has forgotten the connection arrives until its end is told. */
  #frame(task: () => void): void {
    if (!this.#hub.open.has(this)) return;
    this.#hub.parts.loop.push(this.#frames, () => {
      if (this.phase === 'open') task();
    });
  }

  #send(task: () => void): void {
    this.#hub.parts.loop.push(this.#sent, () => {
      if (this.#hub.open.has(this)) task();
    });
  }

  #item(name: string): Item {
    return this.#hub.parts.rules.item(this.generation, this.user, name);
  }
}

function rejected(): TokenRejectedError {
  return new TokenRejectedError(wireError('token-rejected', 'The hub refused the token.', { httpStatus: 401 }));
}
