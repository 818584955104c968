/** For walks through a whole browser: its pages' globals, its one shared worker, and the hubs that this reaches. */
import { createCoordinator, type Coordinator } from '../../coordinator.js';
import type { OpenHub } from '../../hub/open-hub.js';
import type { HubSocket, HubSocketEvents } from '../../hub/hub-socket.js';
import type { SignalRSocketDeps } from '../../hub/signalr-socket.js';
import type { ServeHubsOptions } from '../../serve-options.js';
import { EventLoop, type Realm } from '../browser/event-loop.js';
import { ModelLocks } from '../browser/model-locks.js';
import { ModelPort } from '../browser/model-port.js';
import type { Seeded } from '../seeded.js';
import { WalkHub, WalkSocket } from './walk-hub.js';
import { WalkIssuer } from './walk-issuer.js';
import { WalkRules, type Generation, type Viewer } from './walk-rules.js';

export const ORIGIN = 'https://app.test';
export const HUBS = [`${ORIGIN}/hubs/ops`, `${ORIGIN}/hubs/chat`] as const;
export const API = `${ORIGIN}/api/orders`;

/** The names of the header by which a request says whose it is, and of that which answers. */
const ASK_HEADER = 'x-ask';
export const ITEM_HEADER = 'x-item';

const START_MS = 1_800_000_000_000;

/** Where tokens come from, and whether they name their user. */
export interface TokenKind {
  readonly from: 'endpoint' | 'tabs' | 'nowhere';
  readonly isNaming: boolean;
}

interface PageGlobals {
  readonly document: EventTarget & { visibilityState: string };
  readonly window: EventTarget;
  ids: number;
}

interface Life {
  readonly number: number;
  readonly realm: Realm;
  coordinator: Coordinator | null;
}

export class WalkBrowser {
  readonly loop = new EventLoop(START_MS);
  readonly locks = new ModelLocks(this.loop);
  readonly issuer: WalkIssuer;
  readonly rules: WalkRules;
  readonly hubs: readonly WalkHub[];
  readonly tokens: TokenKind;
  /** Requests of pages that are on their way, by what they say in their header. */
  readonly asks = new Map<string, { readonly viewer: Viewer; readonly said: string | null }>();
  /** Token requests of the worker that were not given up. */
  fetches = 0;
  lives = 0;
  readonly #options: ServeHubsOptions;
  readonly #random: Seeded;
  readonly #pages = new Map<Realm, PageGlobals>();
  readonly #generations = new WeakMap<object, Generation>();
  #life: Life | null = null;

  constructor(random: Seeded, tokens: TokenKind, lifeSeconds: number, options: ServeHubsOptions) {
    const { loop } = this;
    this.#random = random;
    this.tokens = tokens;
    this.issuer = new WalkIssuer(loop, lifeSeconds, tokens.isNaming);
    this.rules = new WalkRules(this.issuer, tokens.isNaming);
    const wantsToken = tokens.from !== 'nowhere';
    this.hubs = HUBS.map((url) => new WalkHub({ url, loop, issuer: this.issuer, rules: this.rules, wantsToken }));
    loop.onMessage = (data) => {
      if (loop.current === this.#life?.realm) this.rules.posted(data);
    };
    const fetch = (signal: AbortSignal) => this.#fetchToken(signal);
    this.#options = tokens.from === 'endpoint' ? { ...options, accessToken: { kind: 'endpoint', fetch } } : options;
  }

  // Pages.

  addPage(name: string): { readonly realm: Realm; readonly globals: PageGlobals } {
    const realm = this.loop.realm(name);
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const globals = { document, window: new EventTarget(), ids: 0 };
    this.#pages.set(realm, globals);
    return { realm, globals };
  }

  bury(realm: Realm): void {
    this.loop.bury(realm);
    this.locks.bury(realm);
  }

  // The worker.

  get life(): number | null {
    return this.#life?.number ?? null;
  }

  /** Dies with the process that it ran in. */
  killWorker(): void {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    this.fetches = 0;
    for (const hub of this.hubs) hub.vanish(life.realm);
    for (const generation of this.rules.generations)
      if (generation.life === life.number && !generation.isOver) this.rules.over(generation);
    this.bury(life.realm);
    // What a page had been told by it, it may hear after the sign-out through the next one.
    this.rules.signOuts.clear();
  }

  #connect(): ModelPort {
    const { loop } = this;
    const life = (this.#life ??= this.#startWorker());
    const [port, own] = ModelPort.pair(loop, life.realm, loop.current);
    loop.post(life.realm, () => life.coordinator?.connect(port as unknown as MessagePort));
    return own;
  }

  #startWorker(): Life {
    const { loop } = this;
    const number = (this.lives += 1);
    const realm = loop.realm(`worker-${number}`);
    const life: Life = { number, realm, coordinator: null };
    const before = loop.current;
    loop.current = realm;
    life.coordinator = createCoordinator(this.#options, {
      clock: { now: () => loop.clock.now(), setTimeout: (task, ms) => loop.setTimeout(realm, task, ms) },
      locks: this.locks.of(realm),
      random: () => this.#random.next(),
      randomId: () => `boot-${number}`,
      nextTask: (task) => loop.post(realm, task),
    });
    loop.current = before;
    return life;
  }

  #fetchToken(signal: AbortSignal): ReturnType<WalkIssuer['request']> {
    this.fetches += 1;
    if (this.fetches > 1) this.rules.violated(`${this.fetches} requests for a token at a time`);
    let isOpen = true;
    const over = (): void => {
      if (isOpen) this.fetches -= 1;
      isOpen = false;
    };
    signal.addEventListener('abort', over);
    return this.issuer.request(this.loop.current).finally(over);
  }

  // Stand-ins for parts of the worker.

  /** Follows each hub that the worker opens. */
  opened(open: OpenHub): OpenHub {
    const generation = this.rules.open(open.hub.url, this.lives, open.hub);
    const { dispose } = open;
    return Object.assign(open, {
      dispose: () => {
        dispose();
        this.rules.over(generation);
      },
    });
  }

  openSocket({ url, bearer }: SignalRSocketDeps, events: HubSocketEvents): HubSocket {
    const hub = this.hubs.find(({ parts }) => parts.url === url);
    const generation =
      this.#generations.get(bearer) ?? this.rules.generations.findLast((known) => known.url === url && !known.isOver);
    if (hub === undefined || generation === undefined) throw new Error(`No hub at ${url}.`);
    this.#generations.set(bearer, generation);
    return new WalkSocket(hub, generation, bearer, events);
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const { loop } = this;
    const realm = loop.current;
    const headers = new Headers(init.headers);
    const token = headers.get('authorization')?.replace('Bearer ', '') ?? '';
    const ask = this.asks.get(headers.get(ASK_HEADER) ?? '');
    if (ask === undefined) throw new Error('A request that no page has asked for.');
    const item = this.rules.requested(ask.viewer, ask.said, token);
    return new Promise((resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      this.hubs[0]?.reach(token, (isTaken) => {
        // A server may know of a token that is good for the hub no more.
        const isGood = isTaken === true && loop.random.chance(0.7);
        loop.post(realm, () => {
          if (isTaken === null) return reject(new TypeError('Failed to fetch'));
          const answer: [string, string][] = isGood ? [[ITEM_HEADER, JSON.stringify(item)]] : [];
          const status = isGood ? 200 : 401;
          // What the library reads of a Response.
          resolve({ type: 'basic', status, statusText: '', headers: answer, body: null, url } as unknown as Response);
        });
      });
    });
  }

  /** @param said - Whom the page shows. */
  askHeader(viewer: Viewer, said: string | null): Record<string, string> {
    const name = `ask-${this.asks.size}`;
    this.asks.set(name, { viewer, said });
    return { [ASK_HEADER]: name };
  }

  // Globals of whatever code runs.

  get page(): PageGlobals {
    const page = this.#pages.get(this.loop.current);
    if (page === undefined) throw new Error(`${this.loop.current.name} is no page.`);
    return page;
  }

  static globals(browser: () => WalkBrowser): Readonly<Record<string, unknown>> {
    const target = (of: () => EventTarget) => ({
      addEventListener: (...args: Parameters<EventTarget['addEventListener']>) => of().addEventListener(...args),
      removeEventListener: (...args: Parameters<EventTarget['removeEventListener']>) =>
        of().removeEventListener(...args),
    });
    return {
      document: {
        ...target(() => browser().page.document),
        get visibilityState() {
          return browser().page.document.visibilityState;
        },
      },
      window: target(() => browser().page.window),
      navigator: {
        // Forgets a dead worker at once, as Chromium does.
        userAgentData: {},
        get locks() {
          return browser().locks.of(browser().loop.current);
        },
      },
      location: { href: `${ORIGIN}/page` },
      crypto: {
        // No `subtle`: fingerprints would come back in no order that a seed could repeat.
        randomUUID: () => `${browser().loop.current.name}-${(browser().page.ids += 1)}`,
      },
      setTimeout: (task: () => void, ms = 0) => browser().loop.setTimeout(browser().loop.current, task, ms),
      clearTimeout: (disarm: (() => void) | undefined) => disarm?.(),
      MessagePort: ModelPort,
      MessageChannel: class {
        readonly port1: ModelPort;
        readonly port2: ModelPort;
        constructor() {
          const { loop } = browser();
          [this.port1, this.port2] = ModelPort.pair(loop, loop.current, loop.current);
        }
      },
      SharedWorker: class {
        readonly port: ModelPort;
        constructor() {
          this.port = browser().#connect();
        }
        addEventListener(): void {
          // It is always loaded.
        }
        removeEventListener(): void {
          // As above.
        }
      },
      fetch: (url: string, init: RequestInit) => browser().fetch(url, init),
    };
  }
}
