/** The methods of the hub `/hubs/ops`. */
import { pause } from '../admin/controls.js';
import type { Tokens } from '../auth/tokens.js';
import type { Counters } from '../counters.js';
import { Refusal } from '../refusal.js';
import { anything, call, HubException, number, stream, text, type HubMethod } from './hub-method.js';
import type { Incidents } from './incidents.js';
import type { Metrics } from './metrics.js';

export interface OpsHubDeps {
  readonly incidents: Incidents;
  readonly metrics: Metrics;
  readonly tokens: Tokens;
  readonly counters: Counters;
}

const MAX_SLOW_MS = 10 * 60_000;
const SEND_ME_MAX_ARGS = 3;

export function opsHubMethods({ incidents, metrics, tokens, counters }: OpsHubDeps): readonly HubMethod[] {
  return [
    call('ListIncidents', [], () => incidents.list()),
    call('CreateIncident', [text, text], ({ connection }, title, severity) =>
      incidents.create(title, severity, connection.principal.userId),
    ),
    call('AcknowledgeIncident', [text], ({ connection }, id) => incidents.acknowledge(id, connection.principal.userId)),
    call('CloseIncident', [text], ({ connection }, id) => incidents.close(id, connection.principal.userId)),
    call('GetHistory', [], () => metrics.history()),

    call('Echo', [anything], (_, value) => value),
    call('Add', [number, number], (_, a, b) => a + b),
    call('Fail', [text], (_, message) => {
      throw new HubException(message);
    }),
    call('Crash', [], () => {
      throw new Error('The hub method crashed on purpose.');
    }),
    call('WhoAmI', [], ({ connection }) => ({
      userId: connection.principal.userId,
      name: connection.principal.name,
      connectionId: connection.id,
    })),
    call('Slow', [number], async ({ signal }, ms) => {
      await pause(Math.min(MAX_SLOW_MS, Math.max(0, ms)), [signal]);
      return 'done';
    }),
    {
      kind: 'call',
      name: 'SendMe',
      bind([event, ...args]) {
        if (typeof event !== 'string' || args.length > SEND_ME_MAX_ARGS) return null;
        return ({ connection }) => connection.send({ type: 1, target: event, arguments: args });
      },
    },
    stream('Counter', [number, number], async function* ({ signal }, count, delayMs) {
      for (let index = 0; index < count && !signal.aborted; index += 1) {
        // Also without a delay the loop must let others run and notice a cancellation.
        await pause(Math.max(0, delayMs), [signal]);
        if (!signal.aborted) yield index;
      }
    }),

    call('connection.reauth', [text], async ({ connection }, token) => {
      const principal = await tokens.verify(token).catch((error: unknown) => {
        counters.authFailures += 1;
        throw error instanceof Refusal ? new HubException(`${error.code}: ${error.message}`) : error;
      });
      if (principal.userId !== connection.principal.userId) {
        counters.authFailures += 1;
        throw new HubException('AUTH_FAILED: The token belongs to another user.');
      }
      connection.adopt(principal);
      counters.reauths += 1;
      return { expiresAt: principal.expiresAtMs };
    }),
  ];
}
