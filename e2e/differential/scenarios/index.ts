/** All scenarios, by group; a group is one browser test for each cell of the matrix. */
import type { Scenario, ScenarioGroup } from '../scenario.js';
import { badInput } from './bad-input.js';
import { calls } from './calls.js';
import { clientResults } from './client-results.js';
import { handlers } from './handlers.js';
import { lifecycle } from './lifecycle.js';
import { streams } from './streams.js';
import { uploads } from './uploads.js';

export const groups = {
  calls,
  lifecycle,
  handlers,
  streams,
  uploads,
  'client results': clientResults,
  'bad input': badInput,
} as const satisfies Readonly<Record<string, ScenarioGroup>>;

export const scenarios: readonly Scenario[] = Object.values(groups).flat();
