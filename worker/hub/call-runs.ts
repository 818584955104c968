/** One call of a tab, from its acceptance to its outcome: the same call twice is one call, and the outcome goes to the caller only. */
import { HubshareError, isHubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type { CallOutcome, HubCall, Reply } from '../../src/contract/rpc.js';
import type { Tab } from '../tabs/tab.js';
import { messageOf } from './failure.js';
import type { HubLink } from './hub-link.js';
import type { UploadSource } from './hub-socket.js';
import type { Uploads } from './uploads.js';

/**
 * Hands the call to the hub.
 *
 * @param uploads - The streams that go with it; `undefined`: none.
 * @param ended - Called when the call ends in the middle of a task, so that its place is before what comes later in that task.
 */
export type Perform = (uploads: readonly UploadSource[] | undefined, ended: () => void) => Promise<unknown>;

export interface CallRuns {
  /** @param uploadsGoOn - Whether the streams that go with the call outlive its success: nothing but their own end ends them. */
  run(tab: Tab, call: HubCall, perform: Perform, uploadsGoOn?: () => boolean): Promise<CallOutcome>;
  /** Every call, or every one of a tab, ends now with this error: what the hub may still say to it is for nobody. */
  endAll(error: WireError, owner?: Tab): void;
}

export function createCallRuns(deps: {
  readonly link: HubLink;
  readonly uploads: Uploads;
  readonly counters: { calls: number; callsFailed: number };
  readonly onChange: () => void;
}): CallRuns {
  const { link, uploads, counters } = deps;
  const underWay = new WeakMap<Tab, Map<string, Promise<CallOutcome>>>();
  const ends = new Map<(error: HubshareError) => void, Tab>();

  /** What the call comes to, unless it is ended before. */
  function orEnded(tab: Tab, result: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      ends.set(reject, tab);
      result.then(resolve, reject).finally(() => ends.delete(reject));
    });
  }

  async function start(tab: Tab, call: HubCall, perform: Perform, uploadsGoOn: () => boolean): Promise<CallOutcome> {
    counters.calls += 1;
    const { state } = link;
    const sources = uploads.open(tab, call);
    let after: number | null = null;
    const ended = (): void => {
      after ??= tab.outbox.takePlace();
    };
    // Said before the hub can have seen the call: a tab that never hears it may safely send the call again.
    if (state.kind === 'live') tab.accept(call.callId);
    let reply: Reply<unknown>;
    try {
      reply = { ok: true, value: await orEnded(tab, perform(sources, ended)) };
    } catch (error) {
      counters.callsFailed += 1;
      const sameRun = state.kind === 'live' && link.state.kind === 'live' && link.state.run === state.run;
      reply = { ok: false, error: callError(error, call.method, sameRun) };
    }
    if (reply.ok && uploadsGoOn()) uploads.outlive(tab, call.callId);
    else uploads.forget(tab, call.callId);
    deps.onChange();
    return { after: after ?? tab.outbox.takePlace(), reply };
  }

  return {
    run(tab, call, perform, uploadsGoOn = () => false) {
      const ofTab = underWay.get(tab) ?? new Map<string, Promise<CallOutcome>>();
      underWay.set(tab, ofTab);
      const known = ofTab.get(call.callId);
      if (known !== undefined) return known;
      const outcome = start(tab, call, perform, uploadsGoOn).finally(() => ofTab.delete(call.callId));
      ofTab.set(call.callId, outcome);
      return outcome;
    },
    endAll(error, owner) {
      for (const [end, tab] of [...ends]) {
        if (owner !== undefined && tab !== owner) continue;
        ends.delete(end);
        end(new HubshareError(error));
      }
    },
  };
}

/** The message stays SignalR's own. A call that failed while the connection is still the same was failed by the hub. */
export function callError(error: unknown, method: string, connectionIsUp: boolean): WireError {
  if (isHubshareError(error)) return error.wire;
  // What the hub said is a plain Error; a request that failed on its way (server-sent events, long polling) has a class of its own.
  if (connectionIsUp && !(error instanceof Error && error.constructor === Error)) {
    return wireError('call-failed', messageOf(error), { method });
  }
  return connectionIsUp
    ? wireError('hub-error', messageOf(error), { method })
    : wireError('connection-lost', messageOf(error), {});
}
