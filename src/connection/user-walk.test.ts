/**
 * Thousands of walks through a whole browser: pages on the real library, the real worker behind ports, locks and a clock of a model, and
 * hubs that know whom each of their connections is for. Sign-out, another user, dying, frozen and cached pages, a dying worker, lost
 * connections and late answers come in all orders, with any number of messages on their way in between.
 *
 * What must hold is in `worker/testing/walk/walk-rules.ts`: nothing of a user is given to a page after it was told that the user is
 * gone, and no token goes where another user's connection or request is.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { seeded, type Seeded } from '../../worker/testing/seeded.js';
import { WalkBrowser } from '../../worker/testing/walk/walk-browser.js';
import { KEYS } from './testing/walk-page.js';
import { take, USERS, WalkWorld } from './testing/walk-world.js';

const now = vi.hoisted(() => {
  // Comlink says that a proxy was collected, whenever that is: a seed could not repeat it.
  Object.assign(globalThis, {
    FinalizationRegistry: class {
      register(): void {}
      unregister(): void {}
    },
  });
  // Asked for when the library is loaded.
  Object.defineProperty(globalThis, 'navigator', { configurable: true, writable: true, value: { userAgentData: {} } });
  return { browser: null as WalkBrowser | null };
});

function browser(): WalkBrowser {
  if (now.browser === null) throw new Error('No walk is under way.');
  return now.browser;
}

vi.mock('../../worker/hub/signalr-socket.js', () => ({
  openSignalRSocket: (...args: Parameters<WalkBrowser['openSocket']>) => browser().openSocket(...args),
}));
vi.mock('../../worker/hub/open-hub.js', async (original) => {
  const { openHub } = await original<{
    readonly openHub: (...args: unknown[]) => Parameters<WalkBrowser['opened']>[0];
  }>();
  return { openHub: (...args: unknown[]) => browser().opened(openHub(...args)) };
});

/** `HUBSHARE_WALKS` walks, from seed `HUBSHARE_SEED` on. */
const WALKS = Number(process.env['HUBSHARE_WALKS'] ?? 1_000);
const FIRST = Number(process.env['HUBSHARE_SEED'] ?? 0);
const CHUNKS = 10;
const STEPS = 45;

type Step = (world: WalkWorld, random: Seeded) => unknown;

/** Those that matter most are listed more than once. */
const STEPS_TO_TAKE: readonly (readonly [name: string, weight: number, step: Step])[] = [
  ['news', 8, (world, random) => repeat(random, 3, () => world.hubOf(random).emit('news', 'news'))],
  ['a value', 4, (world, random) => repeat(random, 3, () => world.hubOf(random).emit('metric', random.pick(KEYS)))],
  ['the hub asks', 2, (world, random) => [...world.hubOf(random).open].forEach((socket) => socket.ask())],
  ['the hub answers', 3, (world, random) => take(world.hubOf(random).calls).forEach(({ answer }) => answer())],
  ['a call fails', 1, (world, random) => take(world.hubOf(random).calls).forEach(({ end }) => end())],
  [
    'items',
    3,
    (world, random) => repeat(random, 3, () => world.hubOf(random).streams.forEach(({ answer }) => answer())),
  ],
  ['streams are complete', 1, (world, random) => take(world.hubOf(random).streams).forEach(({ end }) => end())],
  ['a page starts', 8, (world, random) => world.does(random, (own) => own.isStopped && own.start())],
  ['a page stops', 2, (world, random) => world.does(random, (own) => own.stop())],
  ['a page calls', 3, (world, random) => world.does(random, (own) => own.invoke(random.pick(['Slow', 'Now'])))],
  ['a page wants a stream', 2, (world, random) => world.does(random, (own) => own.stream())],
  ['a page wants no stream', 1, (world, random) => world.does(random, (own) => own.cancelStreams())],
  ['a page turns to a topic', 4, (world, random) => world.does(random, (own) => own.toggleTopic(random.pick(KEYS)))],
  ['a page claims', 2, (world, random) => world.does(random, (own) => own.claim())],
  ['all pages claim', 1, (world) => all(world.awake, (page) => page.run(() => page.connections[0]?.claim()))],
  ['a page fetches', 2, (world, random) => world.does(random, (own) => own.request(random))],
  ['a page signs out', 3, signOut],
  [
    'a page signs out and in',
    2,
    async (world, random) => {
      await signOut(world, random);
      await signIn(world, random);
    },
  ],
  ['a page signs in', 2, signIn],
  ['somebody signs in elsewhere', 2, (world, random) => (world.browser.issuer.session = random.pick(USERS))],
  ['the session ends', 1, (world) => (world.browser.issuer.session = null)],
  ['a page is opened', 4, (world, random) => world.addPage(random)],
  ['a page dies', 2, (world, random) => world.pages.length > 0 && world.kill(random.pick(world.pages))],
  [
    'a page is loaded anew',
    2,
    async (world, random) => {
      const page = world.pageOf(random);
      if (page !== undefined) world.kill(page);
      await world.addPage(random);
    },
  ],
  ['a page freezes', 4, freeze],
  ['much is on its way as a page freezes', 2, (world, random) => onItsWay(world, random, freeze)],
  ['much is on its way as a page signs out', 3, (world, random) => onItsWay(world, random, signOut)],
  [
    'much is on its way as a page signs out and starts anew',
    4,
    (world, random) => onItsWay(world, random, signOutAndIn),
  ],
  [
    'much is on its way as a page freezes and another signs out',
    2,
    async (world, random) => {
      await onItsWay(world, random, freeze);
      await signOut(world, random);
    },
  ],
  [
    'a page is back',
    4,
    async (world, random) => {
      const frozen = world.pages.filter(({ state }) => state === 'frozen');
      if (frozen.length > 0) await random.pick(frozen).unpark(random.below(4));
    },
  ],
  ['a page is hidden', 2, (world, random) => world.pageOf(random)?.show('hidden')],
  ['a page is shown', 2, (world, random) => world.pageOf(random)?.show('visible')],
  ['a page hangs', 2, (world, random) => world.pageOf(random)?.hang()],
  ['pages go on', 2, (world) => world.pages.forEach((page) => page.goOn())],
  ['the worker dies', 1, (world) => world.browser.killWorker()],
  ['the connection is lost', 2, (world, random) => world.hubOf(random).cut(random.chance(0.5))],
  ['the hub is well', 2, (world) => world.browser.hubs.forEach((hub) => (hub.mode = 'good'))],
  ['the hub is not well', 1, (world, random) => (world.hubOf(random).mode = random.pick(['down', 'held', 'refusing']))],
  ['the hub goes on', 2, (world) => world.browser.hubs.forEach((hub) => hub.release())],
  ['the issuer is well', 2, (world) => (world.browser.issuer.mode = 'good')],
  ['the issuer is not well', 1, (world, random) => (world.browser.issuer.mode = random.pick(['down', 'held']))],
  ['the issuer goes on', 2, (world) => world.browser.issuer.release()],
  ['a moment passes', 3, (world, random) => world.advance(random.below(100))],
  ['seconds pass', 3, (world, random) => world.advance(random.below(4_000))],
  ['half a minute passes', 1, (world, random) => world.advance(random.below(40_000))],
  ['a token comes near its end', 1, (world) => world.advance(world.lifeSeconds * 800)],
];

const CHOICES = STEPS_TO_TAKE.flatMap((choice) => Array.from({ length: choice[1] }, () => choice));

function repeat(random: Seeded, most: number, run: () => void): void {
  for (let times = random.below(most) + 1; times > 0; times -= 1) run();
}

async function all<T>(list: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  for (const one of list) await run(one);
}

/** The server's session ends before or after, as the app has it. */
async function signOut(world: WalkWorld, random: Seeded): Promise<void> {
  if (random.chance(0.7)) world.browser.issuer.session = null;
  await world.does(random, (_connection, page) => page.signOut());
}

/** In one task of one page: what it had asked for, and what it is asked, is still on its way. */
async function signOutAndIn(world: WalkWorld, random: Seeded): Promise<void> {
  const user = random.pick([null, ...USERS]);
  await world.does(random, (_connection, page) => {
    page.signOut();
    if (!page.connections.every(({ isStopped }) => isStopped)) return;
    if (user !== null) world.browser.issuer.session = page.user = user;
    for (const connection of page.connections) connection.start();
  });
}

async function freeze(world: WalkWorld, random: Seeded): Promise<void> {
  const pages = world.pages.filter(({ state }) => state === 'runs' || state === 'busy');
  if (pages.length > 0) await random.pick(pages).park(random.pick(['frozen', 'cached']));
}

/** News, values, results, items, questions and wishes are anywhere between their hub and their page. */
async function onItsWay(world: WalkWorld, random: Seeded, then: typeof freeze): Promise<void> {
  for (const { connections, run } of world.awake)
    for (const own of connections) await run(() => own.doesSomething(random));
  for (let tasks = random.below(25); tasks > 0; tasks -= 1) await world.browser.loop.step();
  for (const hub of world.browser.hubs) {
    if (random.chance(0.5)) for (const socket of hub.open) socket.ask();
    hub.emit('news', 'news');
    for (const key of KEYS) hub.emit('metric', key);
    take(hub.calls).forEach(({ answer }) => answer());
    hub.streams.forEach(({ answer }) => answer());
  }
  for (let tasks = random.below(25); tasks > 0; tasks -= 1) await world.browser.loop.step();
  await then(world, random);
}

/** In a page that has let go of the user before, as the library's pages ask for. */
async function signIn(world: WalkWorld, random: Seeded): Promise<void> {
  const user = random.pick(USERS);
  await world.does(random, (_connection, page) => {
    if (!page.connections.every(({ isStopped }) => isStopped)) return;
    world.browser.issuer.session = page.user = user;
    for (const connection of page.connections) if (random.chance(0.8)) connection.start();
  });
}

/** What happens between two steps: nothing, some tasks, or everything that can. */
async function between({ browser: { loop } }: WalkWorld, random: Seeded): Promise<void> {
  if (random.chance(0.35)) return loop.drain();
  for (let tasks = random.below(12); tasks > 0; tasks -= 1) await loop.step();
}

function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`It must hold: ${what}`);
}

function holds({ browser: { rules, loop } }: WalkWorld): void {
  rules.look();
  const [violation] = rules.violations;
  if (violation !== undefined) throw new Error(violation);
  if (loop.thrown.length > 0) throw loop.thrown[0];
}

/** A generator of its own for each step: a step that is left out changes nothing in the others but what it has done. */
const randomOf = (seed: number, part: number): Seeded => seeded(seed * 1_009 + part);

async function walk(
  seed: number,
  steps: readonly number[],
  trace: ((line: string) => void) | null = null,
): Promise<WalkWorld> {
  const world = new WalkWorld(randomOf(seed, 0));
  const { loop, rules } = (now.browser = world.browser);
  rules.trace = trace;
  trace?.(`tokens: ${JSON.stringify(world.browser.tokens)}, ${world.lifeSeconds} s`);
  loop.random = randomOf(seed, 1);
  await world.addPage(loop.random);
  await world.addPage(loop.random);
  if (loop.random.chance(0.7)) await world.advance(3_000);
  for (const step of steps) {
    const random = randomOf(seed, 2 + step);
    loop.random = random;
    const [name, , take] = random.pick(CHOICES);
    trace?.(`- ${name} (step ${step})`);
    await take(world, random);
    await between(world, random);
    holds(world);
  }
  loop.random = randomOf(seed, 1_000);
  await comesToRest(world);
  await leavesNothing(world);
  return world;
}

async function comesToRest(world: WalkWorld): Promise<void> {
  const {
    browser: { hubs, rules, loop },
    pages,
  } = world;
  rules.trace?.('- all is well again');
  await world.heal(loop.random);
  holds(world);
  for (const { connections, signOuts, name } of pages) {
    must(signOuts === 0, `${name} has signed out`);
    for (const { waiting, name: own } of connections)
      must(waiting.size === 0, `${own} waits for ${[...waiting].join()}`);
  }
  for (const hub of hubs) hub.emit('news', 'the last news');
  await world.advance(1_000);
  for (const viewer of rules.viewers) rules.atRest(viewer);
  rules.membersAtRest();
  holds(world);
}

async function leavesNothing(world: WalkWorld): Promise<void> {
  const {
    browser: { hubs, rules, loop, locks },
  } = world;
  rules.trace?.('- all pages go');
  await world.leave(loop.random);
  holds(world);
  for (const { open, parts } of hubs) must(open.size === 0, `${parts.url} holds no connection`);
  must(loop.clock.pending === 0, `no timer is left, and not ${loop.clock.pending}`);
  must(locks.waiting.length === 0, `nobody waits for ${locks.waiting.join()}`);
}

/** The same walk with as few steps as fail. */
async function shrink(seed: number): Promise<readonly number[]> {
  const fails = (steps: readonly number[]): Promise<boolean> =>
    walk(seed, steps).then(
      () => false,
      () => true,
    );
  let steps = Array.from({ length: STEPS }, (_, step) => step);
  for (let size = STEPS >> 1; size >= 1; size >>= 1) {
    for (let from = 0; from < steps.length;) {
      const fewer = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (await fails(fewer)) steps = fewer;
      else from += size;
    }
  }
  return steps;
}

const ALL_STEPS = Array.from({ length: STEPS }, (_, step) => step);

describe('whatever happens, in whatever order (T5-4, SEC-7, US8-3)', () => {
  const seen: Record<string, number> = {};
  const { now: realNow } = Date;

  beforeAll(() => {
    for (const [name, value] of Object.entries(WalkBrowser.globals(browser))) vi.stubGlobal(name, value);
    Date.now = () => browser().loop.clock.now();
  });
  afterAll(() => {
    Date.now = realNow;
    vi.unstubAllGlobals();
  });

  it.each(Array.from({ length: CHUNKS }, (_, chunk) => FIRST + Math.ceil((chunk * WALKS) / CHUNKS)))(
    'nothing of a user is delivered after, no token goes astray, all ends: walks from %d on',
    async (first) => {
      for (let seed = first; seed < first + Math.ceil(WALKS / CHUNKS); seed += 1) {
        try {
          const {
            browser: { rules },
          } = await walk(seed, ALL_STEPS);
          for (const [what, times] of Object.entries(rules.seen)) seen[what] = (seen[what] ?? 0) + times;
        } catch (cause) {
          const lines: string[] = [];
          const steps = await shrink(seed);
          const again: unknown = await walk(seed, steps, (line) => lines.length < 200 && lines.push(line)).catch(
            (error: unknown) => error,
          );
          throw new Error(`Seed ${seed}: ${String(again)}\n${lines.join('\n')}`, { cause });
        }
      }
    },
    300_000,
  );

  it.skipIf(WALKS < 500)('the walks went where they should go', () => {
    if (process.env['HUBSHARE_SEEN'] !== undefined) process.stdout.write(`${JSON.stringify(seen, null, 1)}\n`);
    for (const what of ['told signed-out', 'told identity-changed', 'news', 'gap', 'claim won', 'answer', 'item'])
      expect(seen[what] ?? 0, what).toBeGreaterThan(WALKS / 100);
  });
});
