/** The page of the differential suite: runs the scenario that the test names, with the client that it names. */
import { createPlainClient } from './plain-client.js';
import type { ClientName, Combination, HubActions, Transcript } from './scenario.js';
import { scenarios } from './scenarios/index.js';
import { createSharedClient } from './shared-client.js';
import { runScenario, type Client } from './toolbox.js';

declare global {
  interface Window {
    /** The test's side: it can do things to the hub that no page may. */
    readonly hubAction: (action: keyof HubActions, args: readonly unknown[]) => Promise<unknown>;
    readonly runDifferential: (on: Combination, client: ClientName, scenario: string) => Promise<Transcript>;
  }
}

const act =
  <K extends keyof HubActions>(action: K) =>
  (...args: Parameters<HubActions[K]>) =>
    window.hubAction(action, args) as ReturnType<HubActions[K]>;

const hub: HubActions = {
  cut: act('cut'),
  emit: act('emit'),
  delay: act('delay'),
  refuseTokens: act('refuseTokens'),
  down: act('down'),
  up: act('up'),
  counts: act('counts'),
};

let token: Promise<string> | null = null;

async function fetchToken(): Promise<string> {
  const response = await fetch('/auth/refresh', { method: 'POST' });
  if (!response.ok) throw new Error(`the refresh endpoint answered ${response.status}`);
  return ((await response.json()) as { readonly accessToken: string }).accessToken;
}

async function clientFor(name: ClientName, on: Combination): Promise<Client> {
  if (name === 'shared') return createSharedClient(on);
  token ??= fetchToken();
  return createPlainClient(on, await token);
}

const run: Window['runDifferential'] = async (on, client, name) => {
  const scenario = scenarios.find((each) => each.name === name);
  if (!scenario) throw new Error(`there is no scenario "${name}"`);
  return runScenario(scenario, await clientFor(client, on), on, hub);
};

Object.defineProperty(window, 'runDifferential', { value: run });
