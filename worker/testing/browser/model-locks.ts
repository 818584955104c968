/** Web Locks of the realms of a walk: granted by the browser at once, heard of by the realm in a task of its own, and free when it dies. */
import type { EventLoop, Realm } from './event-loop.js';

interface Request {
  readonly name: string;
  readonly isShared: boolean;
  readonly realm: Realm;
  readonly granted: () => void;
  readonly unlisten: () => void;
}

type Grant = (lock: Lock | null) => unknown;

export class ModelLocks {
  #waiting: Request[] = [];
  #held: Request[] = [];
  readonly #loop: EventLoop;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  get held(): string[] {
    return this.#held.map(({ name }) => name);
  }

  get waiting(): string[] {
    return this.#waiting.map(({ name }) => name);
  }

  /** `navigator.locks` of one realm. */
  of(realm: Realm): Pick<LockManager, 'request' | 'query'> {
    const request = (name: string, ...more: [Grant] | [LockOptions, Grant]): Promise<unknown> =>
      more.length === 1 ? this.#request(realm, name, {}, more[0]) : this.#request(realm, name, ...more);
    return {
      request,
      query: () =>
        new Promise((resolve) => this.#loop.post(realm, () => resolve({ held: this.#held.map(info), pending: [] }))),
    };
  }

  /** All that the realm held is free. */
  bury(realm: Realm): void {
    for (const { realm: owner, unlisten } of this.#waiting) if (owner === realm) unlisten();
    this.#waiting = this.#waiting.filter((request) => request.realm !== realm);
    this.#held = this.#held.filter((request) => request.realm !== realm);
    this.#grant();
  }

  #request(realm: Realm, name: string, { mode, signal }: LockOptions, grant: Grant): Promise<unknown> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (!this.#waiting.includes(request)) return;
        this.#waiting = this.#waiting.filter((other) => other !== request);
        reject(signal?.reason);
        this.#grant();
      };
      const release = (then: () => void): void => {
        if (realm.state === 'dead') return;
        this.#held = this.#held.filter((other) => other !== request);
        then();
        this.#grant();
      };
      const request: Request = {
        name,
        realm,
        isShared: mode === 'shared',
        granted: () =>
          void new Promise((done) => done(grant({ name, mode: mode ?? 'exclusive' }))).then(
            (value) => release(() => resolve(value)),
            (error: unknown) => release(() => reject(error)),
          ),
        unlisten: () => signal?.removeEventListener('abort', onAbort),
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiting.push(request);
      this.#grant();
    });
  }

  #grant(): void {
    for (const request of [...this.#waiting]) {
      const before = this.#waiting.slice(0, this.#waiting.indexOf(request));
      const isFree = [...this.#held, ...before].every(
        (other) => other.name !== request.name || (other.isShared && request.isShared),
      );
      if (!isFree) continue;
      this.#waiting = this.#waiting.filter((other) => other !== request);
      this.#held.push(request);
      request.unlisten();
      this.#loop.post(request.realm, request.granted);
    }
  }
}

function info({ name, isShared, realm }: Request): LockInfo {
  return { name, mode: isShared ? 'shared' : 'exclusive', clientId: realm.name };
}
