/**
 * What must hold in every walk through a whole browser, looked at whenever a page is given something, a token goes somewhere, or the
 * news comes that a user is signed in no more.
 *
 * A generation is a hub as the worker has it open for one user, from the first page that wants it to the fence or the last page. What
 * a page is given within one start must be of one generation; a generation has one user.
 */
import type { SharedHub } from '../../hub/shared-hub.js';
import type { WalkIssuer } from './walk-issuer.js';

export interface Generation {
  readonly id: number;
  readonly url: string;
  /** Which life of the worker it is of. */
  readonly life: number;
  readonly hub: SharedHub;
  isOver: boolean;
  /** Its user is signed in no more. */
  isFenced: boolean;
  /** Whom its tokens name, once one of them was sent. */
  user: string | null;
  /** Whom the pages show that were given something of it. */
  shown: string | null;
  /** The attachment of each page, by its id. */
  readonly attachments: Map<string, number>;
}

/** All that a hub gives to a page says whose it is. */
export interface Item {
  readonly n: number;
  readonly of: string | null;
  readonly generation: number;
  readonly name: string;
}

interface Expected {
  readonly n: number;
  readonly life: number;
  readonly attachment: number;
  /** Not to be missed without a word. */
  readonly isOwed: boolean;
}

/** One connection of a page, as the rules see it. */
export interface Viewer {
  readonly name: string;
  readonly tabId: string;
  readonly url: string;
  readonly page: { readonly state: string };
  /** No other connection of the page is to the same hub. */
  readonly isAlone: boolean;
  /** Its start has come to its end: from then on it can expect to miss nothing. */
  readonly isConnected: boolean;
  /** Whom the page has said that it shows. */
  said: string | null;
  /** Started, and neither stopped nor told that its user is signed in no more. */
  isOpen: boolean;
  generation: Generation | null;
  /** What is of an earlier generation than this is for nobody here. */
  floor: number;
  /** Raised with each end of a user's time. */
  era: number;
  lastNews: number;
  /** News that the worker had for this page, and that were not dispatched yet. */
  expected: Expected[];
  /** News that the page was told it has missed. */
  excused: number;
}

export class WalkRules {
  readonly violations: string[] = [];
  readonly viewers: Viewer[] = [];
  readonly generations: Generation[] = [];
  /** Those that have not resolved. */
  readonly signOuts = new Set<{ readonly hung: Set<object> }>();
  /** What is for nobody any more in pages that hung while somebody signed out, once they are parked. */
  readonly #owed = new Map<Viewer, number>();
  /** Told each step, for a walk that fails. */
  trace: ((line: string) => void) | null = null;
  /** How often what matters has happened, for all walks together: walks that never get there prove nothing. */
  readonly seen: Record<string, number> = {};
  #items = 0;
  readonly #claims = new Map<string, string>();
  readonly #issuer: WalkIssuer;
  readonly #isNaming: boolean;

  constructor(issuer: WalkIssuer, isNaming: boolean) {
    this.#issuer = issuer;
    this.#isNaming = isNaming;
  }

  violated(what: string): void {
    this.violations.push(what);
    this.trace?.(`VIOLATED: ${what}`);
  }

  note(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  item(generation: Generation, of: string | null, name: string): Item {
    return { n: (this.#items += 1), of, generation: generation.id, name };
  }

  // The worker.

  open(url: string, life: number, hub: SharedHub): Generation {
    for (const other of this.generations)
      if (other.url === url && other.life === life && !other.isOver) this.violated(`${url} is open twice`);
    const attachments = new Map<string, number>();
    const id = this.generations.length + 1;
    const generation: Generation = {
      id,
      url,
      life,
      hub,
      isOver: false,
      isFenced: false,
      user: null,
      shown: null,
      attachments,
    };
    const { attach, fence } = hub;
    Object.assign(hub, {
      attach: (...[tab, wish]: Parameters<SharedHub['attach']>) => {
        attachments.set(tab.id, wish.attachment);
        attach(tab, wish);
      },
      fence: (...args: Parameters<SharedHub['fence']>) => {
        generation.isFenced = true;
        return fence(...args);
      },
    });
    this.generations.push(generation);
    this.trace?.(`generation ${id} of ${url} is opened`);
    return generation;
  }

  /** The worker sends something to a page: nothing of a user of whom it knows that the user is gone. */
  posted(data: unknown): void {
    for (const id of generationsIn(data)) {
      if (this.generations[id - 1]?.isFenced === true)
        this.violated(`the worker sends something of generation ${id}, whose user is gone`);
    }
  }

  over(generation: Generation): void {
    generation.isOver = true;
    this.trace?.(`generation ${generation.id} is over`);
  }

  /** A token goes to the hub. */
  presented(generation: Generation, token: string | null): void {
    if (token === null) return;
    const issued = this.#issuer.issued.get(token);
    if (issued === undefined) return this.violated('a token that nobody has issued');
    this.trace?.(`generation ${generation.id} has a token of ${issued.user}`);
    if (!this.#isNaming) return;
    generation.user ??= issued.user;
    if (generation.user !== issued.user)
      this.violated(`the hub of ${generation.user} (generation ${generation.id}) has the token of ${issued.user}`);
    this.#checkMembers(generation);
  }

  connected(generation: Generation): void {
    this.trace?.(`generation ${generation.id} is connected`);
    this.note('connected');
    this.#checkMembers(generation);
  }

  /** Pages that say whom they show are never members of another user's hub. */
  look(): void {
    for (const generation of this.generations) if (!generation.isOver) this.#checkMembers(generation);
  }

  #checkMembers({ id, hub, user, isOver }: Generation): void {
    if (isOver || user === null) return;
    for (const { tab, identity } of hub.identities())
      if (identity !== user)
        this.violated(`${tab.id}, which shows ${identity}, has the hub of ${user} (generation ${id})`);
  }

  /** News have come to the worker: every page that is a member then gets them. */
  newsComes(generation: Generation, item: Item): void {
    const { hub, url, life, attachments } = generation;
    if (generation.isOver || hub.link.state.kind !== 'live') return;
    const members = new Set(hub.tabIds);
    for (const viewer of this.viewers) {
      if (viewer.url !== url || !members.has(viewer.tabId)) continue;
      viewer.expected.push({
        n: item.n,
        life,
        attachment: attachments.get(viewer.tabId) ?? 0,
        isOwed: viewer.isConnected,
      });
    }
  }

  /** A page has answered a question of the hub. @param by - Whom it shows. */
  answered({ user, id }: Generation, by: unknown): void {
    if (typeof by !== 'string' || !this.#isNaming || user === null) return;
    this.note('question answered');
    if (by !== user) this.violated(`${by} has answered for ${user} (generation ${id})`);
  }

  /** A request leaves with a token, on behalf of a connection. @param said - Whom the page showed when it asked for it. */
  requested(viewer: Viewer, said: string | null, token: string): Item {
    const generation = this.#present(viewer.url);
    const issued = this.#issuer.issued.get(token);
    if (issued === undefined) this.violated('a request with a token that nobody has issued');
    this.note('request');
    const of = issued?.user ?? null;
    if (this.#isNaming) {
      if (said !== null && said !== of)
        this.violated(`a request of ${viewer.name}, which showed ${said}, has the token of ${of}`);
      const user = generation?.user ?? of;
      if (user !== of) this.violated(`a request beside the hub of ${user} has the token of ${of}`);
    }
    return { n: (this.#items += 1), of, generation: generation?.id ?? 0, name: 'request' };
  }

  // The pages.

  /** A connection is started, or its worker was replaced. */
  starts(viewer: Viewer): void {
    viewer.isOpen = true;
    viewer.generation = null;
    this.trace?.(`${viewer.name} starts`);
  }

  /** The app is given something. */
  dispatched(viewer: Viewer, what: string, item: Item, era = viewer.era): void {
    const { name } = viewer;
    const line = `${what} ${item.n} of ${item.of} (generation ${item.generation}, ${item.name})`;
    this.trace?.(`${name} gets ${line}`);
    this.note(what);
    if (viewer.page.state !== 'runs') this.violated(`${name} gets ${line} while it does not run`);
    // An answer to a request is given to the app although it has stopped its connection meanwhile.
    if (!viewer.isOpen && what !== 'answer') this.violated(`${name}, which is closed, gets ${line}`);
    if (era !== viewer.era) this.violated(`${name} gets ${line}, for which a user has asked who is gone`);
    if (item.generation < viewer.floor) this.violated(`${name} gets ${line} of a user who is gone`);
    const generation = this.generations[item.generation - 1];
    if (generation === undefined) return;
    if (generation.url !== viewer.url) this.violated(`${name} gets ${line} of another hub`);
    if (viewer.generation !== null && viewer.generation !== generation && viewer.generation.life === generation.life)
      this.violated(`${name} gets ${line} after generation ${viewer.generation.id} in one start`);
    viewer.generation = generation;
    if (viewer.said === null) return;
    if (this.#isNaming && item.of !== viewer.said) this.violated(`${name}, which shows ${viewer.said}, gets ${line}`);
    generation.shown ??= viewer.said;
    if (generation.shown !== viewer.said)
      this.violated(`${name}, which shows ${viewer.said}, gets ${line}, as ${generation.shown} has`);
  }

  /** News are dispatched: each that the worker had for the page exactly once, in order. */
  news(viewer: Viewer, item: Item): void {
    this.dispatched(viewer, 'news', item);
    const { name } = viewer;
    if (item.n <= viewer.lastNews) this.violated(`${name} gets news ${item.n} after ${viewer.lastNews}`);
    viewer.lastNews = item.n;
    const place = viewer.expected.findIndex(({ n }) => n === item.n);
    const own = viewer.expected[place];
    if (own === undefined) return this.violated(`${name} gets news ${item.n}, which were not for it`);
    if (viewer.isAlone) this.#skip(viewer, viewer.expected.slice(0, place), own);
    viewer.expected = viewer.expected.slice(place + 1);
  }

  #skip(viewer: Viewer, skipped: readonly Expected[], by: Pick<Expected, 'life' | 'attachment'>): void {
    for (const { n, life, attachment, isOwed } of skipped) {
      if (!isOwed || life !== by.life || attachment !== by.attachment) continue;
      viewer.excused -= 1;
      if (viewer.excused < 0) return this.violated(`${viewer.name} has missed news ${n} and was not told`);
    }
  }

  missed(viewer: Viewer, dropped: number): void {
    this.note('gap');
    viewer.excused += dropped;
  }

  /** Nothing is on its way: whoever is a member has had all. */
  atRest(viewer: Viewer): void {
    const generation = this.#present(viewer.url);
    if (generation === null || !viewer.isAlone || !viewer.isOpen || !generation.hub.tabIds.includes(viewer.tabId))
      return;
    const attachment = generation.attachments.get(viewer.tabId) ?? 0;
    this.#skip(viewer, viewer.expected, { life: generation.life, attachment });
  }

  /** Whoever is a member wants the hub. */
  membersAtRest(): void {
    for (const { url, hub, isOver, id } of this.generations) {
      if (isOver) continue;
      for (const tabId of hub.tabIds) {
        if (!this.viewers.some((viewer) => viewer.url === url && viewer.tabId === tabId && viewer.isOpen))
          this.violated(`${tabId} has generation ${id} and does not want it`);
      }
    }
  }

  /** A connection of the page was told that its user is signed in no more, by whatever way. */
  told(viewer: Viewer, code: string): void {
    this.trace?.(`${viewer.name} is told ${code}`);
    this.note(`told ${code}`);
    viewer.isOpen = false;
    this.userIsGone(viewer);
  }

  stopped(viewer: Viewer): void {
    this.trace?.(`${viewer.name} has stopped`);
    viewer.isOpen = false;
  }

  /** Whatever the worker had open so far is for nobody here any more. */
  userIsGone(viewer: Viewer, floor = this.#firstOfNow(viewer.url)): void {
    viewer.era += 1;
    viewer.floor = Math.max(viewer.floor, floor);
  }

  /**
   * A page signs out. @returns To be called when that has resolved: from then on no page is given anything of what was open when it was
   * called for. One that hung meanwhile may be, unless it is frozen before it goes on.
   */
  signsOut(): () => void {
    const floors = this.viewers.map((viewer) => [viewer, this.firstAfter(viewer.url)] as const);
    const hung = new Set<object>(this.viewers.filter(({ page }) => page.state === 'busy').map(({ page }) => page));
    const signOut = { hung };
    this.signOuts.add(signOut);
    return () => {
      this.note('signed out');
      // The worker has died meanwhile: no promise.
      if (!this.signOuts.delete(signOut)) return;
      for (const [viewer, floor] of floors) {
        if (!hung.has(viewer.page) || viewer.page.state === 'frozen') viewer.floor = Math.max(viewer.floor, floor);
        else this.#owed.set(viewer, Math.max(this.#owed.get(viewer) ?? 0, floor));
      }
    };
  }

  /** The page is frozen or cached, and will be told what has happened before all else. */
  parked(viewer: Viewer): void {
    viewer.floor = Math.max(viewer.floor, this.#owed.get(viewer) ?? 0);
    this.#owed.delete(viewer);
  }

  /** The first generation that is not open yet. */
  firstAfter(url: string): number {
    const present = this.#present(url);
    return present === null ? this.generations.length + 1 : present.id + 1;
  }

  claimed(viewer: Viewer, id: string, life: number): void {
    this.note('claim won');
    const key = `${life} ${id}`;
    const winner = this.#claims.get(key);
    if (winner !== undefined) this.violated(`${viewer.name} and ${winner} have both won ${id}`);
    this.#claims.set(key, viewer.name);
  }

  #present(url: string): Generation | null {
    return this.generations.findLast((generation) => generation.url === url && !generation.isOver) ?? null;
  }

  #firstOfNow(url: string): number {
    return this.#present(url)?.id ?? this.generations.length + 1;
  }
}

/** By the numbers that items carry, wherever they are in a message. */
function generationsIn(data: unknown): number[] {
  const { kind, text, value } = data as { readonly kind?: string; readonly text?: string; readonly value?: unknown };
  const message = kind === 'batch' ? text : value === undefined ? undefined : JSON.stringify(value);
  if (message?.includes('generation') !== true) return [];
  return [...message.matchAll(/generation\\*":(\d+)/g)].map(([, id]) => Number(id));
}
