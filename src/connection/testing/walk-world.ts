/** For walks through a whole browser: pages that come and go, what can happen to them, and how all comes to rest. */
import { HUBS, WalkBrowser, type TokenKind } from '../../../worker/testing/walk/walk-browser.js';
import type { OpenWork, WalkHub } from '../../../worker/testing/walk/walk-hub.js';
import type { Seeded } from '../../../worker/testing/seeded.js';
import { KEYS, WalkPage, type WalkConnection } from './walk-page.js';

export const USERS = ['ann', 'bob', 'cem'] as const;
const MAX_PAGES = 4;

const TOKEN_KINDS: readonly TokenKind[] = [
  { from: 'endpoint', isNaming: true },
  { from: 'endpoint', isNaming: true },
  { from: 'tabs', isNaming: true },
  { from: 'tabs', isNaming: true },
  { from: 'endpoint', isNaming: false },
  { from: 'tabs', isNaming: false },
  { from: 'nowhere', isNaming: false },
];

export class WalkWorld {
  readonly browser: WalkBrowser;
  readonly lifeSeconds: number;
  pages: WalkPage[] = [];
  /** What pages are like in this walk. */
  readonly #sayShare: number;
  #names = 0;

  constructor(random: Seeded) {
    this.lifeSeconds = random.pick([60, 300, 3_600]);
    this.#sayShare = random.pick([0, 0.5, 1]);
    const tokens = random.pick(TOKEN_KINDS);
    const isTight = random.chance(0.3);
    this.browser = new WalkBrowser(random, tokens, this.lifeSeconds, {
      maxSpacingMs: random.pick([0, 16]),
      ...(isTight ? { delivery: { maxQueuedEntries: 3, window: 2, maxStreamItems: 3 } } : {}),
    });
    for (const hub of this.browser.hubs) hub.way = random.pick(['none', 'call']);
  }

  /** Pages that run. */
  get awake(): WalkPage[] {
    return this.pages.filter(({ state }) => state === 'runs');
  }

  pageOf(random: Seeded): WalkPage | undefined {
    const { awake } = this;
    return awake.length === 0 ? undefined : random.pick(awake);
  }

  hubOf(random: Seeded): WalkHub {
    return random.pick(this.browser.hubs);
  }

  /** Something that an app does in a page that runs. */
  async does(random: Seeded, act: (connection: WalkConnection, page: WalkPage) => void): Promise<void> {
    const page = this.pageOf(random);
    if (page !== undefined) await page.run(() => act(random.pick(page.connections), page));
  }

  async addPage(random: Seeded): Promise<void> {
    if (this.pages.length >= MAX_PAGES) return;
    const { browser } = this;
    const name = `page-${(this.#names += 1)}`;
    const made = browser.addPage(name);
    const hubs = random.pick([[HUBS[0]], [HUBS[0]], [HUBS[0], HUBS[1]], [HUBS[0], HUBS[0]]]);
    const wishes = {
      // Whoever is signed in when it is loaded, or the page would not show anybody.
      user: browser.issuer.session ?? random.pick(USERS),
      says: random.chance(this.#sayShare),
      hubs,
      hiddenParkMs: random.pick([false, 30_000] as const),
      startsAnew: random.chance(0.15),
    };
    await browser.loop.run(made.realm, () => {
      const page = new WalkPage(browser, name, made, wishes);
      page.givesSession = random.chance(0.3);
      this.pages.push(page);
      for (const connection of page.connections) {
        if (random.chance(0.5)) connection.toggleTopic(random.pick(KEYS));
        if (random.chance(0.8)) connection.start();
      }
    });
  }

  kill(page: WalkPage): void {
    this.pages = this.pages.filter((other) => other !== page);
    page.die();
  }

  /** Time passes. Pages that run have done before what there was to do for them: only one that hangs is slow. */
  advance(ms: number): Promise<void> {
    return this.browser.loop.advance(ms);
  }

  /** Everything around is well again: what waits comes to its end, and whoever wants a hub has it. */
  async heal(random: Seeded): Promise<void> {
    const { browser } = this;
    browser.issuer.mode = 'good';
    browser.issuer.session ??= 'ann';
    browser.issuer.release();
    for (const hub of browser.hubs) {
      hub.mode = 'good';
      hub.release();
    }
    for (const page of this.pages) {
      page.goOn();
      await page.unpark(random.below(4));
      await page.show('visible');
    }
    // Longer than a page waits to be let in, and a token request may take.
    for (let round = 0; round < 5; round += 1) {
      await this.finishWork();
      await this.advance(40_000);
    }
    await this.finishWork();
  }

  async finishWork(): Promise<void> {
    const { browser } = this;
    const isOpen = (): boolean => browser.hubs.some(({ calls, streams }) => calls.length + streams.length > 0);
    await browser.loop.drain();
    while (isOpen()) {
      for (const hub of browser.hubs) {
        for (const { answer } of take(hub.calls)) answer();
        for (const { end } of take(hub.streams)) end();
      }
      await browser.loop.drain();
    }
  }

  /** Every page goes, in one way or another; then nothing may be left of them. */
  async leave(random: Seeded): Promise<void> {
    for (const page of this.pages) {
      if (random.chance(0.5)) this.kill(page);
      else
        await page.run(() => {
          for (const connection of page.connections) {
            connection.cancelStreams();
            connection.stop();
          }
        });
    }
    await this.advance(600_000);
  }
}

export function take(work: OpenWork[]): OpenWork[] {
  return work.splice(0);
}
