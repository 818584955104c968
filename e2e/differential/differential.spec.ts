/** The same scenarios with SignalR's own client and with ours, on the same hub: the transcripts must be equal. */
import type { BrowserContext, Page } from 'playwright/test';
import type { HubKind, TestHub } from '../fixtures/hub.js';
import { often } from '../fixtures/tab.js';
import { expect, test } from '../fixtures/test.js';
import { differences } from './differences.js';
import type { ClientName, Combination, HubActions, Scenario, Transcript } from './scenario.js';
import { groups } from './scenarios/index.js';

const cells: readonly Omit<Combination, 'server'>[] = [
  { transport: 'WebSockets', protocol: 'json' },
  { transport: 'ServerSentEvents', protocol: 'json' },
  { transport: 'LongPolling', protocol: 'json' },
  { transport: 'WebSockets', protocol: 'messagepack' },
  { transport: 'LongPolling', protocol: 'messagepack' },
];

const TOKEN_LIFE_SECONDS = 3_600;

/** Shorter than the 15 s after which a hub forgets by itself what a client has left behind, so that it is seen. */
const CLEAN_WITHIN_MS = 10_000;

/** What the hub must have none of after each scenario, with either client. */
const nothingOpen = {
  connections: 0,
  streamsOpen: 0,
  uploadsOpen: 0,
  clientResultsPending: 0,
  invocationsPending: 0,
  held: 0,
};

for (const cell of cells) {
  test.describe(`${cell.transport} with ${cell.protocol}`, () => {
    test.skip(
      ({ browserName }) => browserName !== 'chromium' && (cell.transport !== 'WebSockets' || cell.protocol !== 'json'),
      'the other transports and protocols are compared in Chromium',
    );
    for (const [group, scenarios] of Object.entries(groups)) {
      test(`the shared connection does what a HubConnection does: ${group}`, async ({ hub, context }, testInfo) => {
        // Dozens of connections, one after the other, also on a machine that is slow.
        test.setTimeout(1_800_000);
        const on: Combination = { server: serverOf(testInfo.project.metadata), ...cell };
        test.skip(
          on.protocol === 'messagepack' && on.server === 'aspnet',
          'the MessagePack package of ASP.NET Core cannot be had here',
        );
        // SignalR's client gets one token, which has to last.
        await hub.admin.tokenLife(TOKEN_LIFE_SECONDS);
        const page = await context.newPage();
        const actions = actionsOn(hub, context);
        await page.exposeFunction('hubAction', (action: keyof HubActions, args: never) =>
          (actions[action] as (...given: unknown[]) => Promise<unknown>)(...(args as readonly unknown[])),
        );
        await page.goto('/harness/differential.html');
        await expect.poll(() => page.evaluate(() => 'runDifferential' in window), often).toBe(true);

        for (const scenario of scenarios) {
          if (scenario.where?.(on) === false) continue;
          await test.step(scenario.name, async () => {
            const plain = await transcriptOf(page, hub, on, 'plain', scenario);
            const shared = await transcriptOf(page, hub, on, 'shared', scenario);
            compare(scenario, on, plain, shared);
          });
        }
      });
    }
  });
}

test('every difference that is listed belongs to a scenario', () => {
  const names = Object.values(groups).flatMap((group) => group.map(({ name }) => name));
  expect(new Set(names).size, 'names of scenarios are unique').toBe(names.length);
  for (const { scenarios } of differences) for (const name of scenarios) expect(names).toContain(name);
});

async function transcriptOf(
  page: Page,
  hub: TestHub,
  on: Combination,
  client: ClientName,
  { name }: Scenario,
): Promise<Transcript> {
  const transcript = await page.evaluate(
    ([combination, clientName, scenarioName]) => window.runDifferential(combination, clientName, scenarioName),
    [on, client, name] as const,
  );
  expect.soft(transcript.failure, `${name}: the scenario should run to its end with the ${client} client`).toBeNull();
  await expect
    .soft(async () => {
      expect(await hub.counts()).toMatchObject(nothingOpen);
    }, `${name}: after the ${client} client nothing should be left open on the hub`)
    .toPass({ ...often, timeout: CLEAN_WITHIN_MS });
  return transcript;
}

function compare(scenario: Scenario, on: Combination, plain: Transcript, shared: Transcript): void {
  const listed = differences.find(({ scenarios, where }) => scenarios.includes(scenario.name) && where?.(on) !== false);
  const expected = listed ? listed.ours(plain.notes) : plain.notes;
  expect.soft(shared.notes, `${scenario.name}: ours should be as SignalR's`).toEqual(expected);
  // Over HTTP SignalR's client leaves requests of uploads behind that fail at some time later, also in the next scenario.
  if (on.transport === 'WebSockets') {
    expect.soft(shared.uncaught, `${scenario.name}: errors that nobody caught`).toEqual(plain.uncaught);
  }
  if (!listed) return;
  expect
    .soft(shared.notes, `${scenario.name}: the listed difference should still exist: ${listed.what}`)
    .not.toEqual(plain.notes);
}

function actionsOn(hub: TestHub, context: BrowserContext): HubActions {
  return {
    async cut(how, connectionId, error) {
      const chosen = { ...(connectionId ? { connectionId } : {}), ...(error === undefined ? {} : { error }) };
      await hub.admin.cut(how, chosen);
    },
    async emit(event, args) {
      await hub.admin.emit(event, args);
    },
    delay: (what, ms) => hub.admin.delay(what, ms),
    refuseTokens: (on) => hub.admin.refuseTokens(on),
    down: () => hub.stop(),
    // Ours gets its tokens through a session. It must be there before a retry can find the hub without it.
    up: () =>
      hub.resume(async (origin) => {
        const response = await context.request.post(`${origin}/auth/sign-in`, { data: { user: 'ann' } });
        expect(response.status(), 'sign-in').toBe(200);
      }),
    counts: async () => ({ ...(await hub.counts()) }),
  };
}

function serverOf(metadata: unknown): HubKind {
  return (metadata as { readonly server?: HubKind }).server ?? 'node';
}
