/**
 * Thousands of walks through refresh, expiry, refusal, sign-out, another user, dying tabs and reconnects, in all orders, with turns of
 * the microtask queue in between. What must hold is checked at every step by the model around the real parts (`worker/testing/model-*`).
 */
import { beforeAll, describe, it, vi } from 'vitest';
import { createModelWorld, type ModelWorld } from '../testing/model-world.js';
import { seeded, type Seeded } from '../testing/seeded.js';

const WALKS = 10_000;
const CHUNKS = 10;
const STEPS = 12;

type Step = (world: ModelWorld, random: Seeded) => unknown;

/** Those that matter most are listed more than once. */
const STEPS_TO_TAKE: readonly (readonly [name: string, step: Step])[] = [
  ['a second passes', (world, random) => world.advance(random.below(1_000))],
  ['seconds pass', (world, random) => world.advance(random.below(15_000))],
  ['a life passes', (world, random) => world.advance(random.below(world.issuer.lifeSeconds * 1_000))],
  ['a token comes near its end', (world) => world.advance(world.issuer.lifeSeconds * 790)],
  ['the machine slept', (world, random) => world.clock.jumpBy(random.below(400_000))],
  ['something arrives', (world) => world.broker.catchUp()],
  ['the hub is wanted', (world) => world.link.open()],
  ['the hub is wanted again', (world) => world.link.open()],
  ['the hub is not wanted', (world) => world.link.close()],
  ['the network is back', (world) => world.link.retryNow()],
  ['a person reconnects', (world) => world.link.reconnect()],
  ['somebody asks for a token', (world) => world.get()],
  ['a start asks for a token', (world) => world.connectionToken()],
  ['somebody wants a new token', (world) => world.refresh()],
  ['somebody wants a new token at the hub', (world) => world.refreshAndHandOver()],
  ['somebody signs out', (world) => world.signOut()],
  [
    'somebody signs out and in again',
    async (world, random) => {
      void world.signOut();
      world.issuer.user = random.pick(['ann', 'bob']);
      world.link.open();
    },
  ],
  ['somebody signs in', (world, random) => (world.issuer.user = random.pick(['ann', 'bob', 'cem']))],
  ['the session becomes another user’s', (world, random) => (world.issuer.user &&= random.pick(['ann', 'bob']))],
  ['the session ends at the issuer', (world) => (world.issuer.user = null)],
  ['the issuer is well', (world) => (world.issuer.mode = 'good')],
  ['the issuer is down', (world) => (world.issuer.mode = 'down')],
  ['the issuer hesitates', (world) => (world.issuer.mode = 'held')],
  ['the issuer answers', (world) => world.issuer.release()],
  ['the hub is well', (world) => (world.hub.mode = 'good')],
  ['the hub refuses everybody', (world) => (world.hub.mode = 'refusing')],
  ['the hub is down', (world) => (world.hub.mode = 'down')],
  ['the hub hesitates', (world) => (world.hub.mode = 'held')],
  ['the hub answers', (world) => world.hub.release()],
  ['the hub warns', (world) => world.warn()],
  ['the hub revokes the token', (world) => world.hub.revoked.add(world.broker.peek()?.token ?? '')],
  ['the connection is lost', (world) => [...world.hub.open.keys()].forEach((socket) => world.hub.end(socket))],
  ['a tab dies', (world) => world.killTab()],
  ['a tab freezes', (world) => world.stickTab()],
  ['a tab joins', (world) => world.addTab()],
];

/** What happens between two steps: nothing, some turns of the microtask queue, or everything that can. */
async function between(world: ModelWorld, random: Seeded): Promise<void> {
  if (random.chance(0.4)) return world.clock.settle();
  for (let turns = random.below(8); turns > 0; turns -= 1) await Promise.resolve();
}

/** Looked at after each of hundreds of thousands of steps: too often for `expect`. */
function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`It must hold: ${what}.`);
}

function holds({ violations, hub }: ModelWorld): void {
  must(violations.length === 0, `not: ${violations.join(', ')}`);
  must(hub.open.size <= 1, 'one connection at a time');
}

async function walk(seed: number): Promise<void> {
  const random = seeded(seed);
  const world = createModelWorld(random);
  const taken: string[] = [];
  try {
    for (let n = 0; n < STEPS; n += 1) {
      const [name, step] = random.pick(STEPS_TO_TAKE);
      taken.push(name);
      // A step that takes time is not waited for when it might wait for another one.
      const done = step(world, random);
      if (name.includes('pass') || name.includes('near')) await done;
      await between(world, random);
      holds(world);
    }
    await comesToRest(world);
    await livesOn(world);
    await leavesNothing(world);
  } catch (error) {
    throw new Error(`Seed ${seed}, after: ${taken.join('; ')}`, { cause: error });
  } finally {
    world.dispose();
  }
}

/** Everything around is well again: whoever waits is answered, and who wants the hub has it. */
async function comesToRest(world: ModelWorld): Promise<void> {
  const { issuer, hub, link } = world;
  issuer.mode = 'good';
  hub.mode = 'good';
  issuer.release();
  hub.release();
  world.healTabs();
  issuer.user ??= 'ann';
  // Longer than any fetch may take.
  await world.advance(130_000);
  must(world.callersWaiting === 0, 'every caller is answered');
  // The next token may be another user's, and then the fence closes what the one before had opened.
  for (let starts = 0; starts < 2 && link.state.kind !== 'live'; starts += 1) {
    link.open();
    await world.advance(15_000);
  }
  must(link.state.kind === 'live', `live, and not ${link.state.kind}`);
  must(hub.open.size === 1, 'a connection at the hub');
  holds(world);
}

/** Three lives: each token is refreshed once, and the connection stays where the hub takes new ones. */
async function livesOn(world: ModelWorld): Promise<void> {
  const { issuer, hub } = world;
  // After this the machine knows how far its clock is off, and a session that had become another user's is noticed.
  await world.advance(issuer.lifeSeconds * 2_000);
  world.link.open();
  await world.advance(15_000);
  const before = { fetches: world.fetches, lost: hub.lost };
  await world.advance(issuer.lifeSeconds * 3_000);
  const fetches = world.fetches - before.fetches;
  must(fetches === 3 || fetches === 4, `one refresh for each life, and not ${fetches} for three`);
  if (hub.way !== 'none') {
    must(hub.lost === before.lost, 'no connection is lost by a refresh');
    for (const { token } of hub.open.values()) must(hub.isGood(token), 'the hub has the new token');
  }
  holds(world);
}

async function leavesNothing(world: ModelWorld): Promise<void> {
  const { clock, hub } = world;
  world.dispose();
  await clock.settle();
  must(hub.open.size === 0, 'the hub holds nothing');
  must(clock.pending === 0, `no timer is left, and not ${clock.pending}`);
  const { fetches } = world;
  await clock.advanceBy(3_600_000);
  must(world.fetches === fetches, 'no fetch after the close');
  holds(world);
}

describe('whatever happens, in whatever order (T5-4, SEC-2, SEC-7, SR-3)', () => {
  beforeAll(() => {
    // Fingerprints are made in threads, which would come back in no order that a seed could repeat.
    vi.stubGlobal('crypto', {});
    return () => vi.unstubAllGlobals();
  });

  it.each(Array.from({ length: CHUNKS }, (_, chunk) => chunk * (WALKS / CHUNKS)))(
    `no old token, no double refresh, no deadlock, no timer left: walks from %d on`,
    async (first) => {
      for (let seed = first; seed < first + WALKS / CHUNKS; seed += 1) await walk(seed);
    },
    60_000,
  );
});
