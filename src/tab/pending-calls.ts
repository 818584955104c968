/** Calls on their way. What the worker never accepted is sent again to the next one; what it had accepted is of unknown outcome. */
import {
  CallTimedOutError,
  errorFromWire,
  HubshareError,
  OutcomeUnknownError,
  wireError,
  type WireError,
} from '../contract/errors.js';
import type { CallOutcome, HubCall } from '../contract/rpc.js';
import { CALL_ACCEPT_MS } from '../contract/timing.js';
import { deferred } from './deferred.js';
import { limitPageTime } from './page-time.js';
import type { Stay } from './tab-client.js';
import { startUploads, type StreamSource, type Uploads } from './uploads.js';

export type CallKind = 'invoke' | 'send' | 'stream';

/** What a connection of this tab wants to call. */
export interface OutgoingCall {
  readonly kind: CallKind;
  readonly method: string;
  /** In the form in which the hub gets them, without those that are streams. */
  readonly args: readonly unknown[];
  /** The arguments that are streams. */
  readonly streams: readonly StreamSource[];
  /** Brings an item of such a stream into the form in which the hub gets it. */
  readonly form: (item: unknown) => unknown;
  /** For `stream`: told each item. */
  readonly onItem?: (item: unknown) => void;
  /** For `stream`, in place of `outcome`: told the end in the midst of the events, where it belongs. Never before `start` returns. */
  readonly onEnd?: (error: Error | null) => void;
}

export interface OngoingCall {
  /** Of a `stream`: never settles. */
  readonly outcome: Promise<unknown>;
  /** The caller wants no more of it: the hub is told, and `outcome` never settles. */
  cancel(): void;
}

interface PendingCall {
  readonly wanted: OutgoingCall;
  readonly call: HubCall;
  /** Who called; its calls end when it stops. */
  readonly owner: object;
  /** The stay in which it was given to the worker; `null` while no living worker has it. */
  issuedIn: Stay | null;
  accepted: boolean;
  /** The worker cannot say whether it has taken the call, because the page had said that it stops running. */
  isUnheard: boolean;
  /** The outcome is here and waits for its turn among the events. */
  answered: boolean;
  /** Its connection is being stopped: what the worker says of it counts no more. */
  withdrawn: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  disarm: () => void;
}

export interface PendingCalls {
  /** No call is open, and no stream either way. */
  readonly isIdle: boolean;
  start(owner: object, hub: string, wanted: OutgoingCall, stay: Stay | null): OngoingCall;
  /** An item of a stream has come. */
  item(callId: string, item: unknown): void;
  /** A stream has ended. */
  ended(callId: string, error: WireError | null): void;
  accepted(callId: string): void;
  /** A late word of a worker that has died: it had given the call to the hub after all. */
  acceptedByDead(callId: string): void;
  /** The worker died. */
  workerLost(): void;
  /** The hub is connected again through a new worker: what was never accepted goes out now. */
  resend(stay: Stay): void;
  /**
   * The owner lets the hub go: its streams both ways end on the hub, which may stay connected for others.
   *
   * @returns Ends, for the owner, what has not come to its end by then: outcomes that are on their way still count.
   */
  withdraw(owner: object): (error: WireError) => void;
  /** Ends all calls. */
  rejectAll(error: WireError): void;
}

export function createPendingCalls(): PendingCalls {
  const pending = new Map<string, PendingCall>();
  /** By call. Those of a `send` go on when the call has left. */
  const uploads = new Map<string, { readonly owner: object; readonly streams: Uploads }>();

  function settle(entry: PendingCall, then: () => void): void {
    const { callId } = entry.call;
    if (pending.get(callId) !== entry) return;
    pending.delete(callId);
    entry.disarm();
    if (entry.wanted.kind !== 'send') uploads.get(callId)?.streams.end();
    then();
  }

  function fail(entry: PendingCall, error: Error): void {
    settle(entry, () => {
      uploads.get(entry.call.callId)?.streams.end();
      entry.reject(error);
    });
  }

  function accept(entry: PendingCall): void {
    entry.accepted = true;
    entry.disarm();
    if (entry.issuedIn !== null) uploads.get(entry.call.callId)?.streams.begin(entry.issuedIn);
  }

  function issue(entry: PendingCall, stay: Stay): void {
    const { call, wanted } = entry;
    entry.issuedIn = stay;
    entry.isUnheard = stay.isAway();
    entry.disarm = armAcceptLimit(entry);
    let outcome: Promise<CallOutcome>;
    try {
      outcome = stay.api[wanted.kind](call);
    } catch (error) {
      return fail(entry, asError(error));
    }
    outcome.then(
      async ({ after, reply }) => {
        // A late answer of a worker that died: the items that belong to it can no longer come.
        if (wanted.kind === 'stream' && (entry.issuedIn !== stay || entry.withdrawn)) return;
        entry.answered = true;
        // The hub's events before this result go first: their handlers run before the caller continues.
        const turn = stay.events.reached(after);
        if (turn !== undefined && !(await turn)) return rejectUnknown(entry);
        if (!reply.ok) {
          // The stop itself ends it, with a code of its own.
          if (entry.withdrawn && reply.error.message === WITHDRAWN) return;
          return fail(entry, errorFromWire(reply.error));
        }
        // The news that it was accepted comes on another port, and perhaps later.
        if (wanted.kind === 'send') accept(entry);
        settle(entry, () => entry.resolve(reply.value));
      },
      (error: unknown) => fail(entry, asError(error)),
    );
  }

  function rejectUnknown(entry: PendingCall): void {
    const { method } = entry.call;
    const message = `The shared worker ended after it had given the call of ${method} to the hub. The hub may or may not have run it.`;
    fail(entry, new OutcomeUnknownError(wireError('outcome-unknown', message, { method })));
  }

  /** A worker that is alive but does not take the call is hung; the lock cannot tell. */
  function armAcceptLimit(entry: PendingCall): () => void {
    return limitPageTime(() => {
      if (entry.accepted) return;
      const { method } = entry.call;
      const afterMs = CALL_ACCEPT_MS;
      const message = `The shared worker did not take the call of ${method} in ${afterMs} ms.`;
      // What the worker may have taken by now must not go on without anybody who listens.
      cancelAtWorker(entry);
      uploads.get(entry.call.callId)?.streams.end(message, entry.issuedIn);
      fail(entry, new CallTimedOutError(wireError('call-timed-out', message, { method, afterMs })));
    }, CALL_ACCEPT_MS);
  }

  function cancelAtWorker({ wanted, call, issuedIn }: PendingCall): void {
    if (wanted.kind !== 'stream' || issuedIn === null) return;
    // It needs no answer: a worker that does not take it is dead or hung, and then nothing comes of the stream either.
    issuedIn.api.cancelStream(call.hub, call.callId).catch(() => undefined);
  }

  return {
    get isIdle() {
      return pending.size === 0 && uploads.size === 0;
    },
    start(owner, hub, wanted, stay) {
      const { method, args, streams, form } = wanted;
      const call: HubCall = { hub, callId: crypto.randomUUID(), method, args, uploads: streams.length };
      const { promise, resolve, reject } = deferred<unknown>();
      let isStarted = false;
      const end = (error: Error | null): void => {
        if (isStarted) wanted.onEnd?.(error);
        else queueMicrotask(() => wanted.onEnd?.(error));
      };
      const isStream = wanted.kind === 'stream';
      const entry: PendingCall = {
        wanted,
        call,
        owner,
        issuedIn: null,
        accepted: false,
        isUnheard: false,
        answered: false,
        withdrawn: false,
        resolve: isStream ? () => end(null) : resolve,
        reject: isStream ? end : reject,
        disarm: () => undefined,
      };
      pending.set(call.callId, entry);
      if (stay !== null) issue(entry, stay);
      if (streams.length > 0 && pending.has(call.callId)) {
        const over = (): void => void uploads.delete(call.callId);
        uploads.set(call.callId, { owner, streams: startUploads(call, streams, form, over) });
      }
      isStarted = true;
      return {
        outcome: promise,
        cancel() {
          if (pending.get(call.callId) !== entry) return;
          pending.delete(call.callId);
          entry.disarm();
          // Its uploads go on, as with SignalR: a method that does not look at the cancel ends when they end.
          if (!entry.accepted) uploads.get(call.callId)?.streams.end(WITHDRAWN, entry.issuedIn);
          cancelAtWorker(entry);
        },
      };
    },
    item(callId, item) {
      const entry = pending.get(callId);
      if (entry?.withdrawn === false) entry.wanted.onItem?.(item);
    },
    ended(callId, error) {
      const entry = pending.get(callId);
      if (entry === undefined || entry.withdrawn) return;
      if (error === null) settle(entry, () => entry.resolve(undefined));
      else fail(entry, errorFromWire(error));
    },
    accepted(callId) {
      const entry = pending.get(callId);
      if (entry !== undefined) accept(entry);
    },
    acceptedByDead(callId) {
      const entry = pending.get(callId);
      // Not if the next worker has it already: then this worker's word came too late, and the call is on its way again.
      if (entry?.issuedIn === null) rejectUnknown(entry);
    },
    workerLost() {
      for (const { streams } of [...uploads.values()]) if (streams.hasBegun) streams.end();
      for (const entry of [...pending.values()]) {
        entry.disarm();
        // A result that is here is given. A stream whose last items were still on their way would seem complete without them.
        if (entry.answered && entry.wanted.kind !== 'stream') continue;
        if (entry.accepted || entry.answered || entry.isUnheard) rejectUnknown(entry);
        else entry.issuedIn = null;
      }
    },
    resend(stay) {
      for (const entry of [...pending.values()]) {
        if (!entry.accepted && entry.issuedIn !== stay) issue(entry, stay);
      }
    },
    withdraw(owner) {
      for (const [callId, upload] of [...uploads]) {
        if (upload.owner === owner) upload.streams.end(WITHDRAWN, pending.get(callId)?.issuedIn);
      }
      const own = [...pending.values()].filter((entry) => entry.owner === owner);
      for (const entry of own) {
        entry.withdrawn = true;
        cancelAtWorker(entry);
      }
      return (error) => {
        for (const entry of own) fail(entry, errorFromWire(error));
      };
    },
    rejectAll(error) {
      for (const upload of [...uploads.values()]) upload.streams.end(error.message);
      for (const entry of [...pending.values()]) {
        cancelAtWorker(entry);
        fail(entry, errorFromWire(error));
      }
    },
  };
}

/** What the hub is told of an upload whose connection was stopped in this tab. */
const WITHDRAWN = 'Invocation canceled due to the underlying connection being closed.';

function asError(error: unknown): Error {
  if (error instanceof DOMException && error.name === 'DataCloneError') {
    return new HubshareError(
      wireError('option-invalid', `An argument cannot be sent: ${error.message}`, { option: 'args' }),
      { cause: error },
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}
