/** Calls of tabs on their way to the hub and back: the same call twice is one call, and the outcome goes to the caller only. */
import { isHubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type { CallOutcome, HubCall, Reply } from '../../src/contract/rpc.js';
import type { Tab } from '../tabs/tab.js';
import { messageOf } from './failure.js';
import type { HubLink } from './hub-link.js';

export interface Calls {
  invoke(tab: Tab, call: HubCall): Promise<CallOutcome>;
  /** Settles when the call was written to the transport. */
  send(tab: Tab, call: HubCall): Promise<CallOutcome>;
}

export function createCalls(deps: {
  readonly link: HubLink;
  readonly counters: { calls: number; callsFailed: number };
  readonly onChange: () => void;
}): Calls {
  const { link, counters } = deps;
  const underWay = new WeakMap<Tab, Map<string, Promise<CallOutcome>>>();

  function once(tab: Tab, call: HubCall, run: () => Promise<unknown>): Promise<CallOutcome> {
    const ofTab = underWay.get(tab) ?? new Map<string, Promise<CallOutcome>>();
    underWay.set(tab, ofTab);
    const known = ofTab.get(call.callId);
    if (known !== undefined) return known;
    const outcome = perform(tab, call, run).finally(() => ofTab.delete(call.callId));
    ofTab.set(call.callId, outcome);
    return outcome;
  }

  async function perform(tab: Tab, call: HubCall, run: () => Promise<unknown>): Promise<CallOutcome> {
    counters.calls += 1;
    const { state } = link;
    // Said before the hub can have seen the call: a tab that never hears it may safely send the call again.
    if (state.kind === 'live') tab.accept(call.callId);
    let reply: Reply<unknown>;
    try {
      reply = { ok: true, value: await run() };
    } catch (error) {
      counters.callsFailed += 1;
      const sameRun = state.kind === 'live' && link.state.kind === 'live' && link.state.run === state.run;
      reply = { ok: false, error: callError(error, call.method, sameRun) };
    }
    deps.onChange();
    return { after: tab.outbox.lastNumber, reply };
  }

  return {
    invoke: (tab, call) => once(tab, call, () => link.invoke(call.method, call.args)),
    send: (tab, call) => once(tab, call, () => link.send(call.method, call.args)),
  };
}

/** The message stays SignalR's own. A call that failed while the connection is still the same was failed by the hub. */
function callError(error: unknown, method: string, connectionIsUp: boolean): WireError {
  if (isHubshareError(error)) return error.wire;
  // What the hub said is a plain Error; a request that failed on its way (server-sent events, long polling) has a class of its own.
  if (connectionIsUp && !(error instanceof Error && error.constructor === Error)) {
    return wireError('call-failed', messageOf(error), { method });
  }
  return connectionIsUp
    ? wireError('hub-error', messageOf(error), { method })
    : wireError('connection-lost', messageOf(error), {});
}
