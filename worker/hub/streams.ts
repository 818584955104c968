/** Streams that tabs have called for: items to the calling tab only, and an end on the hub when the tab wants or can take no more. */
import { HubshareError, wireError, type WireError } from '../../src/contract/errors.js';
import type { CallOutcome, HubCall } from '../../src/contract/rpc.js';
import { encodeEnd, type Encoder } from '../delivery/encode.js';
import type { Tab } from '../tabs/tab.js';
import { callError, type CallRuns } from './call-runs.js';
import type { HubLink } from './hub-link.js';

export interface Streams {
  /** Settles when the stream has ended, with its place after the last item. */
  stream(tab: Tab, call: HubCall): Promise<CallOutcome>;
  /** The tab wants no more items. One that has ended or was never called for is no error. */
  cancel(tab: Tab, callId: string): void;
  /**
   * The tab has let the hub go: all its streams are cancelled on the hub.
   *
   * @param why - What the tab is told. Default: SignalR's words for a stream whose connection was stopped, which is what has happened for this tab.
   */
  drop(tab: Tab, why?: WireError): void;
}

/** Ends one stream on the hub and for the tab; `reason` is what the tab is told, `null` that it was cancelled as it wished. */
type Cancel = (reason: HubshareError | null) => void;

export function createStreams(deps: {
  readonly link: HubLink;
  readonly runs: CallRuns;
  readonly encoder: Encoder;
  /** By which entries name the hub. */
  readonly hub: number;
  readonly url: string;
}): Streams {
  const { link, runs, encoder } = deps;
  const open = new Map<Tab, Map<string, Cancel>>();

  function forget(tab: Tab, callId: string): void {
    const ofTab = open.get(tab);
    if (ofTab?.delete(callId) === true && ofTab.size === 0) open.delete(tab);
  }

  function start(
    tab: Tab,
    call: HubCall,
    uploads: Parameters<HubLink['stream']>[3],
    ended: () => void,
    onCancelled: () => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      let tellHub: (() => void) | null = null;
      const over = (): boolean => {
        if (isOver) return true;
        isOver = true;
        forget(tab, call.callId);
        return false;
      };
      /** The end takes its place among the entries: after the last item, and before the status that says the connection is lost. */
      const end = (error: WireError | null): void => {
        if (over()) return;
        tab.deliver(encodeEnd(deps.hub, call.callId, error), deps.url);
        ended();
        if (error === null) resolve();
        else reject(new HubshareError(error));
      };
      const cancel: Cancel = (reason) => {
        if (isOver) return;
        if (reason !== null) end(reason.wire);
        else if (!over()) {
          onCancelled();
          resolve();
        }
        tellHub?.();
      };
      const ofTab = open.get(tab) ?? new Map<string, Cancel>();
      open.set(tab, ofTab.set(call.callId, cancel));
      const cancelOnHub = link.stream(
        call.method,
        call.args,
        {
          next: (item) => {
            if (isOver || tab.deliver(encoder.item(deps.hub, call.callId, item), deps.url)) return;
            cancel(new HubshareError(overrun(call.method)));
          },
          complete: () => end(null),
          error: (error) => end(callError(error, call.method, link.state.kind === 'live')),
        },
        uploads,
      );
      tellHub = cancelOnHub;
    });
  }

  return {
    stream(tab, call) {
      let isCancelled = false;
      const onCancelled = (): void => {
        isCancelled = true;
      };
      return runs.run(
        tab,
        call,
        (uploads, ended) => start(tab, call, uploads, ended, onCancelled),
        () => isCancelled,
      );
    },
    cancel: (tab, callId) => open.get(tab)?.get(callId)?.(null),
    drop(tab, why = STOPPED) {
      const reason = new HubshareError(why);
      for (const cancel of [...(open.get(tab)?.values() ?? [])]) cancel(reason);
    },
  };
}

const STOPPED = wireError('connection-lost', 'Invocation canceled due to the underlying connection being closed.', {});

function overrun(method: string): ReturnType<typeof wireError<'stream-overrun'>> {
  return wireError(
    'stream-overrun',
    `The stream of ${method} was cancelled on the hub: this tab is frozen or reads it too slowly, and more items waited for it than may wait. Call it again when the tab can read, let the hub send less, or raise delivery.maxStreamItems and delivery.maxStreamChars of serveHubs().`,
    { method },
  );
}
