/** Calls of tabs on their way to the hub and back: with a result, or written and forgotten. */
import type { CallOutcome, HubCall } from '../../src/contract/rpc.js';
import type { Tab } from '../tabs/tab.js';
import type { CallRuns } from './call-runs.js';
import type { HubLink } from './hub-link.js';

export interface Calls {
  invoke(tab: Tab, call: HubCall): Promise<CallOutcome>;
  /** Settles when the call was written to the transport; streams that go with it go on. */
  send(tab: Tab, call: HubCall): Promise<CallOutcome>;
}

export function createCalls(deps: { readonly link: HubLink; readonly runs: CallRuns }): Calls {
  const { link, runs } = deps;
  return {
    invoke: (tab, call) => runs.run(tab, call, (uploads) => link.invoke(call.method, call.args, uploads)),
    send: (tab, call) =>
      runs.run(
        tab,
        call,
        (uploads) => link.send(call.method, call.args, uploads),
        () => true,
      ),
  };
}
