import { describe, expect, it } from 'vitest';
import type { HubshareError } from '../../src/contract/errors.js';
import { createJournal } from '../observe/journal.js';
import type { Tab } from '../tabs/tab.js';
import { FakeClock } from '../testing/fake-clock.js';
import { PartTab, wishFor } from '../testing/fake-tab.js';
import { createClaims } from './claims.js';
import { signedOutError } from './fence-errors.js';
import { createMembership } from './membership.js';

const HUB = 'https://h.test/hubs/ops';
const WAIT_MS = 200;
const CONFIRM_MS = 2_000;
const ID = 'alarm-1';

function setUp(names = 'abc', maxSettled?: number, maxOpenOfTab?: number, startsAfterMs = WAIT_MS) {
  const clock = new FakeClock();
  const journal = createJournal({ now: () => 0, redact: (text) => text, maxEntries: 10, onChange: () => undefined });
  const members = createMembership(journal);
  const claims = createClaims({
    clock,
    waitMs: WAIT_MS,
    confirmMs: CONFIRM_MS,
    rank: () => members.ranked(() => true),
    ...(maxSettled === undefined ? {} : { maxSettled }),
    ...(maxOpenOfTab === undefined ? {} : { maxOpenOfTab }),
  });
  clock.jumpBy(startsAfterMs);
  const join = (id: string): Tab => {
    const { tab } = new PartTab(id);
    members.put(tab, wishFor(HUB));
    members.elect();
    claims.review();
    return tab;
  };
  const tabs = Array.from(names, join);
  const change = (alter: () => void): void => {
    alter();
    members.elect();
    claims.review();
  };
  const leave = (tab: Tab): void => {
    members.remove(tab);
    members.elect();
    claims.drop(tab);
  };
  const world = {
    clock,
    claims,
    join,
    leave,
    die: (tab: Tab): void => {
      tab.end();
      leave(tab);
    },
    park: (tab: Tab, how: 'cached' | 'frozen' | 'hidden' = 'frozen'): void => change(() => tab.setParking(how)),
    unpark: (tab: Tab): void => change(() => tab.setParking(null)),
    show: (tab: Tab, visible = true): void => change(() => (tab.visibility = visible ? 'visible' : 'hidden')),
    /** Claims, and keeps what comes of it. */
    claim(tab: Tab, id = ID) {
      const told: { answer: string | null } = { answer: null };
      claims.claim(tab, id).then(
        (answer) => (told.answer = answer),
        (error: unknown) => (told.answer = (error as HubshareError).code),
      );
      return told;
    },
  };
  return { ...world, a: tabs[0]!, b: tabs[1]!, c: tabs[2]!, tabs };
}

describe('a claim in the first moments of a worker', () => {
  it('waits for the tab that knows it to be settled', async () => {
    const { clock, claims, claim, a } = setUp('abc', undefined, undefined, 0);
    const told = claim(a);
    await clock.advanceBy(WAIT_MS - 1);
    expect(told.answer).toBeNull();
    claims.learn([ID]);
    await clock.settle();
    expect(told.answer).toBe('lost');
    expect(clock.pending).toBe(0);
  });

  it('is offered after the wait when nobody knows of it', async () => {
    const { clock, claim, a } = setUp('abc', undefined, undefined, 0);
    const told = claim(a);
    await clock.advanceBy(WAIT_MS);
    expect(told.answer).toBe('offered');
  });
});

describe('a claim', () => {
  it('of the best tab is offered at once', async () => {
    const { clock, claims, claim, a } = setUp();
    const told = claim(a);
    await clock.settle();
    expect(told.answer).toBe('offered');
    expect(claims.confirm(a, ID)).toBe(true);
    expect(clock.pending).toBe(0);
    expect(claims.open).toBe(0);
  });

  it('of another tab waits for the best one, and goes to it when it comes in time', async () => {
    const { clock, claims, claim, a, b } = setUp();
    const ofB = claim(b);
    await clock.advanceBy(WAIT_MS - 1);
    expect(ofB.answer).toBeNull();
    const ofA = claim(a);
    await clock.settle();
    expect([ofA.answer, ofB.answer]).toEqual(['offered', null]);
    claims.confirm(a, ID);
    await clock.settle();
    expect(ofB.answer).toBe('lost');
    expect(clock.pending).toBe(0);
  });

  it('is offered after the wait to the best of those who have claimed', async () => {
    const { clock, claim, show, a, b, c } = setUp();
    show(a, false);
    show(b, false);
    show(c, false);
    const ofB = claim(b);
    show(c);
    show(a);
    const ofC = claim(c);
    await clock.advanceBy(WAIT_MS);
    expect([ofB.answer, ofC.answer]).toEqual([null, 'offered']);
  });

  it('does not wait for a better tab that goes, parks or is hidden meanwhile', async () => {
    for (const end of ['die', 'leave', 'park', 'hide'] as const) {
      const { clock, claim, die, leave, park, show, a, b } = setUp('ab');
      const ofB = claim(b);
      if (end === 'die') die(a);
      else if (end === 'leave') leave(a);
      else if (end === 'park') park(a);
      else show(a, false);
      await clock.settle();
      expect(ofB.answer, end).toBe('offered');
    }
  });

  it('of a second id is another claim', async () => {
    const { clock, claims, claim, a, b } = setUp();
    claim(a);
    claims.confirm(a, ID);
    const other = claim(a, 'alarm-2');
    const late = claim(b);
    await clock.settle();
    expect([other.answer, late.answer]).toEqual(['offered', 'lost']);
  });
});

describe('a settled claim', () => {
  it('is lost for whoever claims it later, also for the tab that has it', async () => {
    const { clock, claims, claim, join, a, b } = setUp();
    claim(a);
    claims.confirm(a, ID);
    const told = [claim(b), claim(join('d')), claim(a)];
    await clock.settle();
    expect(told.map(({ answer }) => answer)).toEqual(['lost', 'lost', 'lost']);
    expect(claims.confirm(a, ID)).toBe(false);
    expect(claims.confirm(b, ID)).toBe(false);
  });

  it('stays settled when the tab that confirmed it goes', async () => {
    const { clock, claims, claim, die, a, b } = setUp();
    claim(a);
    claims.confirm(a, ID);
    die(a);
    const late = claim(b);
    await clock.settle();
    expect(late.answer).toBe('lost');
  });

  it('is forgotten when so many newer ones are settled, the oldest first', async () => {
    const { clock, claims, claim, a, b } = setUp('ab', 2);
    for (const id of ['one', 'two', 'three']) {
      claim(a, id);
      claims.confirm(a, id);
    }
    const told = ['three', 'two', 'one'].map((id) => claim(b, id));
    await clock.advanceBy(WAIT_MS);
    expect(told.map(({ answer }) => answer)).toEqual(['lost', 'lost', 'offered']);
  });

  it('that a tab knows from a worker that has died is settled here too', async () => {
    const { clock, claims, claim, a, b, c } = setUp();
    const offered = claim(a);
    const waiting = claim(b);
    claims.learn(['before', ID]);
    const late = [claim(c), claim(c, 'before')];
    await clock.settle();
    expect([offered, waiting, ...late].map(({ answer }) => answer)).toEqual(['offered', 'lost', 'lost', 'lost']);
    expect(claims.confirm(a, ID)).toBe(false);
    expect(clock.pending).toBe(0);
  });
});

describe('an offer goes on to the next', () => {
  it.each(['die', 'leave', 'park'] as const)('when the tab that has it does this: %s', async (end) => {
    const world = setUp();
    const { clock, claims, claim, a, b, c } = world;
    claim(a);
    const [ofC, ofB] = [claim(c), claim(b)];
    world[end](a);
    await clock.settle();
    // Now the primary, so better than the one that claimed before it.
    expect([ofB.answer, ofC.answer]).toEqual(['offered', null]);
    expect(claims.confirm(a, ID)).toBe(false);
    expect(claims.confirm(b, ID)).toBe(true);
    await clock.settle();
    expect(ofC.answer).toBe('lost');
    expect(clock.pending).toBe(0);
  });

  it('when it is not confirmed in time, and not before; the late confirmation is too late', async () => {
    const { clock, claims, claim, a, b } = setUp();
    claim(a);
    const ofB = claim(b);
    await clock.advanceBy(CONFIRM_MS - 1);
    expect(ofB.answer).toBeNull();
    await clock.advanceBy(1);
    expect(ofB.answer).toBe('offered');
    expect(claims.confirm(a, ID)).toBe(false);
    expect(claims.confirm(b, ID)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('and on, until one confirms', async () => {
    const { clock, claims, claim, die, a, b, c } = setUp();
    claim(a);
    const [ofB, ofC] = [claim(b), claim(c)];
    await clock.advanceBy(CONFIRM_MS);
    die(b);
    await clock.settle();
    expect([ofB.answer, ofC.answer]).toEqual(['offered', 'offered']);
    expect(claims.confirm(c, ID)).toBe(true);
    expect(claims.confirm(a, ID)).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('that claims after it was late, at once', async () => {
    const { clock, claims, claim, a, c } = setUp();
    claim(a);
    await clock.advanceBy(CONFIRM_MS);
    const ofC = claim(c);
    await clock.settle();
    expect(ofC.answer).toBe('offered');
    expect(claims.confirm(a, ID)).toBe(false);
    expect(claims.confirm(c, ID)).toBe(true);
  });

  it('that is back, when all that waited were parked', async () => {
    const { clock, claim, die, park, unpark, a, b } = setUp('ab');
    claim(a);
    const ofB = claim(b);
    park(b);
    die(a);
    await clock.settle();
    expect(ofB.answer).toBeNull();
    expect(clock.pending).toBe(0);
    unpark(b);
    await clock.settle();
    expect(ofB.answer).toBe('offered');
  });
});

describe('nobody else waits', () => {
  it('so a late tab may still confirm', async () => {
    const { clock, claims, claim, a } = setUp();
    claim(a);
    await clock.advanceBy(CONFIRM_MS);
    expect(clock.pending).toBe(0);
    expect(claims.confirm(a, ID)).toBe(true);
  });

  it('so a tab that was frozen with the offer may still confirm when it is back', async () => {
    const { claims, claim, park, unpark, a } = setUp();
    claim(a);
    park(a);
    unpark(a);
    expect(claims.confirm(a, ID)).toBe(true);
    expect(claims.open).toBe(0);
  });

  it('so a late tab may confirm after the one that was offered it next has died', async () => {
    const { clock, claims, claim, die, a, b } = setUp();
    claim(a);
    claim(b);
    await clock.advanceBy(CONFIRM_MS);
    expect(claims.confirm(a, ID)).toBe(false);
    die(b);
    expect(claims.confirm(a, ID)).toBe(true);
  });

  it('and nothing is left when the tab has died: the next claim is the first', async () => {
    const { clock, claims, claim, die, a, b } = setUp('ab');
    claim(a);
    die(a);
    expect(claims.open).toBe(0);
    expect(clock.pending).toBe(0);
    const ofB = claim(b);
    await clock.settle();
    expect(ofB.answer).toBe('offered');
  });

  it('and a late one that dies leaves nothing', async () => {
    const { clock, claims, claim, die, a } = setUp();
    claim(a);
    await clock.advanceBy(CONFIRM_MS);
    die(a);
    expect(claims.open).toBe(0);
  });
});

describe('a tab', () => {
  it('that was never offered the claim cannot confirm it', () => {
    const { claims, claim, a, b } = setUp();
    expect(claims.confirm(a, 'unheard of')).toBe(false);
    claim(b);
    expect(claims.confirm(b, ID)).toBe(false);
    claim(a);
    expect(claims.confirm(b, ID)).toBe(false);
    expect(claims.confirm(a, ID)).toBe(true);
  });

  it('that claims twice is offered it once, and has lost the second', async () => {
    const { clock, claims, claim, a } = setUp();
    const told = [claim(a), claim(a)];
    await clock.settle();
    expect(told.map(({ answer }) => answer)).toEqual(['offered', null]);
    expect([claims.confirm(a, ID), claims.confirm(a, ID)]).toEqual([true, false]);
    await clock.settle();
    expect(told[1]!.answer).toBe('lost');
  });

  it.each(['leave', 'die'] as const)('is told that it claims no more when it does this: %s', async (end) => {
    const world = setUp('ab');
    const { clock, claims, claim, a, b } = world;
    const [first, second] = [claim(b), claim(b, 'alarm-2')];
    world[end](b);
    await clock.settle();
    expect([first.answer, second.answer]).toEqual(['stopped', 'stopped']);
    expect(claims.open).toBe(0);
    expect(clock.pending).toBe(0);
    claim(a);
    expect(claims.confirm(a, ID)).toBe(true);
  });

  it('that is hidden and parked, but runs, is offered what nobody else wants', async () => {
    const { clock, claims, claim, park, a, b } = setUp('ab');
    park(b, 'hidden');
    const ofB = claim(b);
    await clock.advanceBy(WAIT_MS - 1);
    expect(ofB.answer).toBeNull();
    await clock.advanceBy(1);
    expect(ofB.answer).toBe('offered');
    expect(claims.confirm(a, ID)).toBe(false);
  });

  it.each(['frozen', 'cached'] as const)('that is %s is offered nothing', async (how) => {
    const { clock, claim, park, b } = setUp('ab');
    const ofB = claim(b);
    park(b, how);
    await clock.advanceBy(10 * CONFIRM_MS);
    expect(ofB.answer).toBeNull();
    expect(clock.pending).toBe(0);
  });
});

it('forgets all when the user signs out', async () => {
  const { clock, claims, claim, a, b } = setUp('ab');
  claim(a, 'done');
  claims.confirm(a, 'done');
  claim(a);
  const waiting = claim(b);
  const gathering = claim(b, 'alarm-2');
  claims.clear(signedOutError());
  await clock.settle();
  expect([waiting.answer, gathering.answer]).toEqual(['signed-out', 'signed-out']);
  expect(claims.confirm(a, ID)).toBe(false);
  expect(claims.open).toBe(0);
  expect(clock.pending).toBe(0);
  const anew = claim(a, 'done');
  await clock.settle();
  expect(anew.answer).toBe('offered');
});

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('tabs that claim, confirm, die, park and wait in any order', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'have one winner per id, never two (seed %i)',
    async (seed) => {
      const world = setUp('');
      const { clock, claims } = world;
      const random = randomOf(seed);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
      const ids = ['one', 'two', 'three'];
      const won = new Map<string, Tab>();
      const told = new Map<Tab, Map<string, { answer: string | null }>>();
      const live = (): Tab[] => [...told.keys()].filter(({ gone }) => !gone.aborted);
      const confirm = (tab: Tab, id: string): void => {
        if (tab.away.aborted || told.get(tab)?.get(id)?.answer !== 'offered') return;
        told.get(tab)!.get(id)!.answer = 'confirmed';
        if (!claims.confirm(tab, id)) return;
        expect(won.has(id), id).toBe(false);
        won.set(id, tab);
      };
      const claim = (tab: Tab, id: string): void => {
        if (!tab.away.aborted && !told.get(tab)!.has(id)) told.get(tab)!.set(id, world.claim(tab, id));
      };
      const enter = (name: string): void => {
        told.set(world.join(name), new Map());
      };
      for (let step = 0; step < 120; step += 1) {
        const tab = live().length === 0 ? undefined : pick(live());
        const dice = random();
        if (tab === undefined || dice < 0.06) enter(`t${step}`);
        else if (dice < 0.4) claim(tab, pick(ids));
        else if (dice < 0.55) confirm(tab, pick(ids));
        else if (dice < 0.6) world.die(tab);
        else if (dice < 0.7) world.park(tab, pick(['frozen', 'cached', 'hidden']));
        else if (dice < 0.8) world.unpark(tab);
        else if (dice < 0.87) world.show(tab, random() < 0.5);
        else await clock.advanceBy(Math.floor(random() * 3_000));
        await clock.settle();
      }
      // From here on everybody runs, claims what it has not, and confirms what it is offered.
      enter('last');
      for (const tab of live()) world.unpark(tab);
      for (let round = 0; round < 20; round += 1) {
        for (const tab of live()) for (const id of ids) claim(tab, id);
        await clock.advanceBy(WAIT_MS);
        for (const tab of live()) for (const id of ids) confirm(tab, id);
      }
      expect([...won.keys()].sort()).toEqual([...ids].sort());
      for (const tab of live())
        for (const [id, { answer }] of told.get(tab)!) expect(['lost', 'confirmed'], id).toContain(answer);
      expect(claims.open).toBe(0);
      expect(clock.pending).toBe(0);
    },
  );
});

describe('a tab that claims without end', () => {
  it('is refused over the limit, whether it waits, is offered the claim or was, and the others are not', async () => {
    const { clock, claims, tabs } = setUp('ab', undefined, 3);
    const [a, b] = tabs as [Tab, Tab];
    // Offered and never confirmed: after its time the first holds no offer any more, and still may confirm.
    await expect(claims.claim(a, 'x1')).resolves.toBe('offered');
    await clock.advanceBy(CONFIRM_MS);
    await expect(claims.claim(a, 'x2')).resolves.toBe('offered');
    void claims.claim(a, 'x2').catch(() => undefined);
    await expect(claims.claim(a, 'x3')).resolves.toBe('offered');
    await expect(claims.claim(a, 'x4')).rejects.toMatchObject({ code: 'limit-reached', wire: { most: 3 } });
    expect(claims.open).toBe(3);
    const other = claims.claim(b, 'y1');
    await clock.advanceBy(WAIT_MS);
    await expect(other).resolves.toBe('offered');
    expect(claims.confirm(a, 'x3')).toBe(true);
    await expect(claims.claim(a, 'x4')).resolves.toBe('offered');
    claims.drop(a);
    claims.drop(b);
    expect(claims.open).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
