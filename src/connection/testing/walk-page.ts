/** For walks through a whole browser: an app in a page, on the real library, which says what it is given. */
import { API, ITEM_HEADER, type WalkBrowser } from '../../../worker/testing/walk/walk-browser.js';
import type { Generation, Item, Viewer } from '../../../worker/testing/walk/walk-rules.js';
import type { Realm } from '../../../worker/testing/browser/event-loop.js';
import type { Seeded } from '../../../worker/testing/seeded.js';
import { isHubshareError } from '../../contract/errors.js';
import { SharedHubConnectionBuilder } from '../builder.js';
import type { SharedHubConnection } from '../shared-hub-connection.js';
import type { TopicSubscription } from '../topics.js';

const TOPICS = {
  metric: { event: 'metric', join: 'JoinMetric', leave: 'LeaveMetric', key: 'name', retain: 'last' },
} as const;

export const KEYS = ['cpu', 'disk'] as const;

/** The end of a user's time. */
const ENDS: ReadonlySet<string> = new Set(['signed-out', 'identity-changed']);

function endOf(error: unknown): string | null {
  return isHubshareError(error) && ENDS.has(error.code) ? error.code : null;
}

export interface PageWishes {
  readonly user: string | null;
  /** Whether it says by `withIdentity` whom it shows. */
  readonly says: boolean;
  /** URLs of its hubs: one connection for each entry. */
  readonly hubs: readonly string[];
  readonly hiddenParkMs: number | false;
  /** Whether it starts anew as soon as it is told that its user is signed in no more. */
  readonly startsAnew: boolean;
}

export class WalkPage {
  readonly name: string;
  readonly realm: Realm;
  readonly browser: WalkBrowser;
  readonly connections: readonly WalkConnection[];
  readonly says: boolean;
  /** Whom it shows. */
  user: string | null;
  /** `true`: the tokens that it gives are those of the browser's session, which may be another user's. */
  givesSession = false;
  /** Sign-outs that have not come to their end. */
  signOuts = 0;
  readonly #globals: ReturnType<WalkBrowser['addPage']>['globals'];
  #parked: 'frozen' | 'cached' | null = null;

  /** Must be made in a task of the realm. */
  constructor(
    browser: WalkBrowser,
    name: string,
    { realm, globals }: ReturnType<WalkBrowser['addPage']>,
    wishes: PageWishes,
  ) {
    this.browser = browser;
    this.name = name;
    this.realm = realm;
    this.#globals = globals;
    this.user = wishes.user;
    this.says = wishes.says;
    const factory = (): SharedWorker => new SharedWorker('ops.worker.js');
    this.connections = wishes.hubs.map(
      (url, place) => new WalkConnection(this, `${name}.${place + 1}`, url, wishes, factory),
    );
    browser.rules.viewers.push(...this.connections);
  }

  get state(): Realm['state'] {
    return this.realm.state;
  }

  /** Runs something in the page. */
  readonly run = (task: () => void): Promise<void> => this.browser.loop.run(this.realm, task);

  /** As `accessTokenFactory`. */
  async token(): Promise<string> {
    const { issuer } = this.browser;
    return (await issuer.request(this.realm, () => (this.givesSession ? issuer.session : this.user))).token;
  }

  signOut(): void {
    const [first] = this.connections;
    if (first === undefined) return;
    const { rules } = this.browser;
    const over = rules.signsOut();
    const floors = this.connections.map((viewer) => [viewer, rules.firstAfter(viewer.url)] as const);
    this.signOuts += 1;
    // First, for it may start anew in its own callbacks.
    for (const [viewer, floor] of floors) rules.userIsGone(viewer, floor);
    first.connection
      .signOut()
      .then(over, () => undefined)
      .finally(() => (this.signOuts -= 1));
  }

  async park(how: 'frozen' | 'cached'): Promise<void> {
    const { document, window } = this.#globals;
    await this.run(() => {
      if (how === 'frozen') document.dispatchEvent(new Event('freeze'));
      else window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    });
    this.#parked = how;
    this.realm.state = 'frozen';
    for (const viewer of this.connections) this.browser.rules.parked(viewer);
  }

  /** @param before - Tasks that run before it hears that it runs again. */
  async unpark(before = 0): Promise<void> {
    const { document, window } = this.#globals;
    const how = this.#parked;
    if (how === null) return;
    this.#parked = null;
    this.realm.state = 'runs';
    for (let tasks = 0; tasks < before; tasks += 1) await this.browser.loop.step();
    await this.run(() => {
      if (how === 'frozen') document.dispatchEvent(new Event('resume'));
      else window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    });
  }

  show(visibility: 'visible' | 'hidden'): Promise<void> {
    const { document } = this.#globals;
    return this.run(() => {
      document.visibilityState = visibility;
      document.dispatchEvent(new Event('visibilitychange'));
    });
  }

  /** It does not run, and nobody was told: a long task. */
  hang(): void {
    this.realm.state = 'busy';
    for (const { hung } of this.browser.rules.signOuts) hung.add(this);
  }

  goOn(): void {
    if (this.realm.state === 'busy') this.realm.state = 'runs';
  }

  die(): void {
    this.browser.bury(this.realm);
    const { viewers } = this.browser.rules;
    for (const viewer of this.connections) viewers.splice(viewers.indexOf(viewer), 1);
  }
}

export class WalkConnection implements Viewer {
  readonly name: string;
  readonly page: WalkPage;
  readonly url: string;
  readonly tabId: string;
  readonly isAlone: boolean;
  readonly connection: SharedHubConnection;
  said: string | null = null;
  isOpen = false;
  generation: Generation | null = null;
  floor = 0;
  era = 0;
  lastNews = 0;
  expected: Viewer['expected'] = [];
  excused = 0;
  /** What was asked for and has not come to its end, each with what it was. */
  readonly waiting = new Set<string>();
  #asked = 0;
  #starts = 0;
  readonly #streams: (() => void)[] = [];
  #topics = new Map<string, TopicSubscription>();
  #lastNews: { readonly n: number; readonly era: number } | null = null;

  constructor(page: WalkPage, name: string, url: string, wishes: PageWishes, factory: () => SharedWorker) {
    this.page = page;
    this.name = name;
    this.url = url;
    // The first id that a page makes.
    this.tabId = `${page.name}-1`;
    this.isAlone = wishes.hubs.filter((other) => other === url).length === 1;
    const { rules, tokens } = page.browser;
    const options = tokens.from === 'tabs' ? { accessTokenFactory: () => page.token() } : {};
    this.connection = new SharedHubConnectionBuilder()
      .withUrl(url, options)
      .withAutomaticReconnect([0, 2_000, 10_000])
      .withWorker(factory)
      .withTopics(TOPICS)
      .withHiddenParking(wishes.hiddenParkMs)
      .withIdentity(() => (this.said = page.says ? page.user : null))
      .build();
    this.connection.on('news', (item: Item) => {
      this.#lastNews = { n: item.n, era: this.era };
      rules.news(this, item);
    });
    this.connection.on('ask', (item: Item) => {
      rules.dispatched(this, 'question', item);
      return this.said;
    });
    this.connection.onclose((error) => {
      const code = endOf(error);
      if (code === null) return;
      rules.told(this, code);
      if (wishes.startsAnew) this.start();
    });
    this.connection.onresync(({ reason, dropped }) => {
      if (reason === 'outbox-full' || reason === 'page-restored') rules.missed(this, dropped ?? 0);
    });
  }

  get isConnected(): boolean {
    return this.connection.state === 'Connected';
  }

  get isStopped(): boolean {
    return this.connection.state === 'Disconnected';
  }

  start(): void {
    const { rules } = this.page.browser;
    const start = (this.#starts += 1);
    rules.starts(this);
    this.#follow(
      'start',
      this.connection.start(),
      () => undefined,
      // One that was started anew in the same task is open.
      (code) => start === this.#starts && rules.told(this, code),
    );
  }

  /** What an app may do at any time. */
  doesSomething(random: Seeded): void {
    if (this.isStopped) return this.start();
    const acts = [
      () => this.invoke(random.pick(['Slow', 'Now'])),
      () => this.stream(),
      () => this.request(random),
      () => this.claim(),
      () => this.toggleTopic(random.pick(KEYS)),
      () => random.chance(0.2) && this.stop(),
    ];
    random.pick(acts)();
  }

  stop(): void {
    const { rules } = this.page.browser;
    const { era } = this;
    this.#follow('stop', this.connection.stop(), () => {
      // It may have been started again in its own callback.
      if (this.isStopped && this.era === era) rules.stopped(this);
    });
  }

  invoke(method: 'Slow' | 'Now'): void {
    this.#follow(`invoke ${method}`, this.connection.invoke<Item>(method), (item, era) =>
      this.#given('result', item, era),
    );
  }

  stream(): void {
    const { era } = this;
    const result = this.connection.stream<Item>('Items');
    const name = `stream ${(this.#asked += 1)}`;
    this.waiting.add(name);
    const end = (): void => void this.waiting.delete(name);
    const subscription = result.subscribe({
      next: (item) => this.#given('item', item, era),
      complete: end,
      error: end,
    });
    this.#streams.push(() => {
      end();
      subscription.dispose();
    });
  }

  cancelStreams(): void {
    for (const cancel of this.#streams.splice(0)) cancel();
  }

  toggleTopic(key: string): void {
    const known = this.#topics.get(key);
    this.#topics.delete(key);
    if (known !== undefined) return known.unsubscribe();
    const { rules } = this.page.browser;
    let last = 0;
    const subscription = this.connection.topic<Item>('metric', key).subscribe((item, { retained }) => {
      this.#given(retained ? 'retained value' : 'value', item, this.era);
      if (item.n < last || (item.n === last && !retained))
        rules.violated(`${this.name} gets value ${item.n} after ${last}`);
      last = item.n;
    });
    this.#topics.set(key, subscription);
    subscription.joined.catch(() => undefined);
  }

  /** Claims the last news that it has had, as every page would that has had them. */
  claim(): void {
    const last = this.#lastNews;
    if (last === null || last.era !== this.era) return;
    const id = `news ${last.n}`;
    const { rules, life } = this.page.browser;
    this.#follow('claim', this.connection.claim(id), (isWon, era) => {
      if (era !== this.era) rules.violated(`${this.name} is told of a claim of a user who is gone`);
      if (isWon && this.page.browser.life === life) rules.claimed(this, id, life ?? 0);
    });
  }

  request(random: Seeded): void {
    // Not yet told to the worker, maybe, when it has just started.
    const headers = this.page.browser.askHeader(this, this.page.says ? this.page.user : null);
    const keepalive = random.chance(0.1);
    this.#follow('request', this.connection.authorizedFetch(API, { headers, keepalive }), (response, era) => {
      const text = response.headers.get(ITEM_HEADER);
      if (text !== null) this.#given('answer', JSON.parse(text) as Item, era);
    });
  }

  #given(what: string, item: Item, era: number): void {
    this.page.browser.rules.dispatched(this, what, item, era);
  }

  #follow<T>(
    what: string,
    promise: Promise<T>,
    then: (value: T, era: number) => void,
    ended: (code: string) => unknown = () => undefined,
  ): void {
    const { era } = this;
    const name = `${what} ${(this.#asked += 1)}`;
    this.waiting.add(name);
    promise.then(
      (value) => {
        this.waiting.delete(name);
        then(value, era);
      },
      (error: unknown) => {
        this.waiting.delete(name);
        const code = endOf(error);
        if (code !== null) ended(code);
        if (!isHubshareError(error))
          this.page.browser.rules.violated(`${this.name}: ${what} ends with no code: ${String(error)}`);
      },
    );
  }
}
