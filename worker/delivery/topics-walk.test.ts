/** Tabs that come, go, want and let go in any order, on a connection that comes and goes, in front of a hub that answers when it likes. */
import { expect, it } from 'vitest';
import { PartTab } from '../testing/fake-tab.js';
import type { HubInvocation } from '../testing/fake-hub.js';
import { setUpTopics, TOPIC_LINGER } from '../testing/topic-hub.js';

const TABS = 4;
const KEYS = ['cpu', 'disk', 'net'];
const STEPS = 120;

/** A small generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function walk(seed: number) {
  const parts = setUpTopics();
  const { clock, hub, link, audience, join } = parts;
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  /** What each tab believes that it holds. */
  let tabs: { part: PartTab; holds: Map<string, object>; refusalsRead: number }[] = [];
  let tabsMade = 0;
  let unsettled = 0;
  let refused = 0;
  /** What the hub thinks of the present connection. */
  let joined = new Set<string>();
  let seen = 0;

  const isUp = (): boolean => link.state.kind === 'live';
  const wanted = (): string[] => KEYS.filter((key) => tabs.some(({ holds }) => holds.has(key))).sort();
  const keyOf = (call: HubInvocation): string => String(call.args[0]);
  const addTab = (): void => {
    tabs.push({ part: new PartTab(`tab-${(tabsMade += 1)}`), holds: new Map(), refusalsRead: 0 });
  };

  /** What the tabs were told of refusals, and what the hub was asked for meanwhile. */
  function look(): void {
    for (const tab of tabs) {
      const refusals = tab.part.refusals();
      for (const { key } of refusals.slice(tab.refusalsRead)) tab.holds.delete(key);
      tab.refusalsRead = refusals.length;
    }
    for (const call of hub.invocations.slice(seen)) {
      const others = hub.invocations.filter(
        (other) => other !== call && other.open && other.socket === call.socket && keyOf(other) === keyOf(call),
      );
      expect(others, 'two operations of one key are on their way').toEqual([]);
      expect(call.method, 'what is joined is left, and what is not is joined').toBe(
        joined.has(keyOf(call)) ? 'LeaveMetric' : 'JoinMetric',
      );
    }
    seen = hub.invocations.length;
  }

  function want(): void {
    const tab = pick(tabs);
    const key = pick(KEYS);
    if (tab.holds.has(key)) return;
    const hold = {};
    tab.holds.set(key, hold);
    unsettled += 1;
    void join(tab.part, key).outcome.then(({ reply }) => {
      unsettled -= 1;
      if (reply.ok) return;
      if (reply.error.code === 'topic-refused') refused += 1;
      if (tab.holds.get(key) === hold) tab.holds.delete(key);
    });
  }

  async function answer(refuses: boolean): Promise<void> {
    const open = hub.invocations.filter((call) => call.open);
    if (open.length === 0) return;
    const call = pick(open);
    if (call.method === 'LeaveMetric') joined.delete(keyOf(call));
    else if (!refuses) joined.add(keyOf(call));
    await (refuses ? call.fail('no') : call.answer());
  }

  async function goUp(): Promise<void> {
    const before = hub.invocations.length;
    link.open();
    await clock.advanceBy(1_000);
    joined = new Set();
    await hub.accept();
    const asked = hub.invocations.slice(before);
    expect(asked.map(keyOf).sort(), 'a new connection is asked for each wanted key once').toEqual(wanted());
    expect(asked.every(({ method }) => method === 'JoinMetric')).toBe(true);
  }

  async function step(): Promise<void> {
    const dice = random();
    if (dice < 0.3) want();
    else if (dice < 0.5) {
      const tab = pick(tabs);
      const key = pick(KEYS);
      tab.holds.delete(key);
      audience.leaveTopic(tab.part.tab, 'metric', key);
    } else if (dice < 0.55) {
      const gone = pick(tabs);
      tabs = tabs.filter((tab) => tab !== gone);
      audience.drop(gone.part.tab);
      addTab();
    } else if (dice < 0.8) await answer(random() < 0.15);
    else if (dice < 0.92) await clock.advanceBy(random() * TOPIC_LINGER * (isUp() ? 1.5 : 0.1));
    else if (isUp()) await hub.cut();
    else await goUp();
    await clock.settle();
    look();
  }

  /** Until nothing is on its way and nothing is due. */
  async function rest(): Promise<void> {
    if (!isUp()) await goUp();
    look();
    for (let round = 0; round < 4; round += 1) {
      while (hub.invocations.some((call) => call.open)) {
        await answer(false);
        look();
      }
      await clock.advanceBy(TOPIC_LINGER);
      look();
    }
  }

  for (let count = 0; count < TABS; count += 1) addTab();
  for (let count = 0; count < STEPS; count += 1) await step();
  await rest();

  expect([...joined].sort(), 'what the hub has joined is what the tabs want').toEqual(wanted());
  expect(unsettled).toBe(0);
  const report = audience.topics().map(({ key, tabs: count, isJoined }) => ({ key, count, isJoined }));
  expect(report.sort((a, b) => a.key.localeCompare(b.key))).toEqual(
    wanted().map((key) => ({ key, count: tabs.filter(({ holds }) => holds.has(key)).length, isJoined: true })),
  );
  for (const key of KEYS) {
    const before = tabs.map(({ part }) => part.events().length);
    await hub.emit('metric', { name: key });
    await clock.settle();
    expect(tabs.map(({ part }, place) => part.events().length - before[place]!)).toEqual(
      tabs.map(({ holds }) => (holds.has(key) ? 1 : 0)),
    );
  }
  for (const { part } of tabs) audience.drop(part.tab);
  await rest();
  expect([...joined]).toEqual([]);
  expect(audience.topics()).toEqual([]);
  expect([...hub.socket.listened]).toEqual([]);
  expect(clock.pending).toBe(0);
  return { calls: hub.invocations.length, sockets: hub.sockets.length, refused };
}

it('the hub has joined what the tabs want, whatever happens in which order', async () => {
  const sums = { calls: 0, sockets: 0, refused: 0 };
  for (let seed = 1; seed <= 60; seed += 1) {
    const walked = await walk(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
    sums.calls += walked.calls;
    sums.sockets += walked.sockets;
    sums.refused += walked.refused;
  }
  // The walks went where they should go.
  expect(sums.calls).toBeGreaterThan(1_000);
  expect(sums.sockets).toBeGreaterThan(120);
  expect(sums.refused).toBeGreaterThan(50);
});
