/** Web Locks without a browser (Node 20 has none): one manager for an origin, one client per page or worker, each of which can die. */

type Grant = (lock: Lock | null) => unknown;

interface Request {
  readonly name: string;
  readonly mode: LockMode;
  readonly clientId: string;
  readonly grant: Grant;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Takes the abort listener off: a granted lock is not affected by its signal any more. */
  readonly unlisten: () => void;
}

/** What all clients of one origin share. A lock is granted in a task of its own, never inside `request`, as in browsers. */
export class FakeLocks {
  #waiting: Request[] = [];
  #held: Request[] = [];
  #requests: string[] = [];

  /** Every name that was ever asked for, in order: a lock must often be asked for exactly once. */
  get requested(): readonly string[] {
    return this.#requests;
  }

  get held(): string[] {
    return this.#held.map(({ name }) => name);
  }

  get waiting(): string[] {
    return this.#waiting.map(({ name }) => name);
  }

  client(clientId = 'client'): FakeLockClient {
    return new FakeLockClient(this, clientId);
  }

  /** @internal */
  request(clientId: string, name: string, options: LockOptions, grant: Grant): Promise<unknown> {
    const { mode = 'exclusive', ifAvailable = false, steal = false, signal } = options;
    if (name.startsWith('-'))
      return Promise.reject(new DOMException('Names cannot start with "-".', 'NotSupportedError'));
    if (steal && (ifAvailable || mode !== 'exclusive')) {
      return Promise.reject(new DOMException('steal needs exclusive mode and no ifAvailable.', 'NotSupportedError'));
    }
    if (signal !== undefined && (steal || ifAvailable)) {
      return Promise.reject(new DOMException('signal goes with neither steal nor ifAvailable.', 'NotSupportedError'));
    }
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    this.#requests.push(name);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (!this.#waiting.includes(request)) return;
        this.#waiting = this.#waiting.filter((other) => other !== request);
        reject(signal?.reason);
        this.#grantLater();
      };
      const unlisten = (): void => signal?.removeEventListener('abort', onAbort);
      const request: Request = { name, mode, clientId, grant, resolve, reject, unlisten };
      signal?.addEventListener('abort', onAbort);
      if (steal) {
        for (const robbed of this.#held.filter((other) => other.name === name)) {
          this.#held = this.#held.filter((other) => other !== robbed);
          robbed.reject(new DOMException('Lock broken by another request.', 'AbortError'));
        }
        this.#waiting.unshift(request);
      } else if (ifAvailable && !this.#canGrant(request, this.#waiting)) {
        queueMicrotask(() => void Promise.resolve(grant(null)).then(resolve, reject));
        return;
      } else {
        this.#waiting.push(request);
      }
      this.#grantLater();
    });
  }

  /** @internal */
  query(): LockManagerSnapshot {
    const info = ({ name, mode, clientId }: Request): LockInfo => ({ name, mode, clientId });
    return { held: this.#held.map(info), pending: this.#waiting.map(info) };
  }

  /** @internal Everything that a client held is free, and what it waited for it waits for no more; its promises never settle. */
  bury(clientId: string): void {
    for (const request of this.#waiting) if (request.clientId === clientId) request.unlisten();
    this.#waiting = this.#waiting.filter((request) => request.clientId !== clientId);
    this.#held = this.#held.filter((request) => request.clientId !== clientId);
    this.#grantLater();
  }

  /** First come, first served per name: a shared request does not overtake an exclusive one that waits before it. */
  #canGrant(request: Request, before: readonly Request[]): boolean {
    const compatible = (other: Request): boolean =>
      other.name !== request.name || (other.mode === 'shared' && request.mode === 'shared');
    return this.#held.every(compatible) && before.every(compatible);
  }

  #grantLater(): void {
    setTimeout(() => {
      for (const request of [...this.#waiting]) {
        const before = this.#waiting.slice(0, this.#waiting.indexOf(request));
        if (this.#waiting.includes(request) && this.#canGrant(request, before)) this.#hold(request);
      }
    }, 0);
  }

  #hold(request: Request): void {
    this.#waiting = this.#waiting.filter((other) => other !== request);
    this.#held.push(request);
    request.unlisten();
    const release = (settle: () => void): void => {
      if (!this.#held.includes(request)) return;
      this.#held = this.#held.filter((other) => other !== request);
      settle();
      this.#grantLater();
    };
    const { name, mode } = request;
    new Promise((resolve) => resolve(request.grant({ name, mode }))).then(
      (value) => release(() => request.resolve(value)),
      (error: unknown) => release(() => request.reject(error)),
    );
  }
}

/** `navigator.locks` of one page or worker. */
export class FakeLockClient implements LockManager {
  readonly #locks: FakeLocks;
  readonly #clientId: string;
  #dead = false;

  constructor(locks: FakeLocks, clientId: string) {
    this.#locks = locks;
    this.#clientId = clientId;
  }

  request<T>(name: string, callback: LockGrantedCallback<T>): Promise<Awaited<T>>;
  request<T>(name: string, options: LockOptions, callback: LockGrantedCallback<T>): Promise<Awaited<T>>;
  request<T>(
    name: string,
    optionsOrCallback: LockOptions | LockGrantedCallback<T>,
    callback?: LockGrantedCallback<T>,
  ): Promise<Awaited<T>> {
    if (this.#dead) return new Promise(() => undefined);
    const [options, grant] =
      typeof optionsOrCallback === 'function' ? [{}, optionsOrCallback] : [optionsOrCallback, callback];
    if (grant === undefined) return Promise.reject(new TypeError('A callback is required.'));
    return this.#locks.request(this.#clientId, name, options, grant) as Promise<Awaited<T>>;
  }

  query(): Promise<LockManagerSnapshot> {
    return Promise.resolve(this.#locks.query());
  }

  /** Closed, navigated or crashed: the browser frees all that this client held. */
  die(): void {
    this.#dead = true;
    this.#locks.bury(this.#clientId);
  }
}
