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
import type { Stay } from './tab-client.js';

export type CallKind = 'invoke' | 'send';

interface PendingCall {
  readonly kind: CallKind;
  readonly call: HubCall;
  /** Who called; its calls end when it stops. */
  readonly owner: object;
  /** The stay in which it was given to the worker; `null` while no living worker has it. */
  issuedIn: Stay | null;
  accepted: boolean;
  /** The outcome is here and waits for its turn among the events. */
  answered: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  disarm: () => void;
}

export interface PendingCalls {
  start(
    owner: object,
    kind: CallKind,
    hub: string,
    method: string,
    args: readonly unknown[],
    stay: Stay | null,
  ): Promise<unknown>;
  accepted(callId: string): void;
  /** A late word of a worker that has died: it had given the call to the hub after all. */
  acceptedByDead(callId: string): void;
  /** The worker died. */
  workerLost(): void;
  /** The hub is connected again through a new worker: what was never accepted goes out now. */
  resend(stay: Stay): void;
  /** Ends the calls of one owner, or all. */
  rejectAll(error: WireError, owner?: object): void;
}

export function createPendingCalls(): PendingCalls {
  const pending = new Map<string, PendingCall>();

  function settle(entry: PendingCall, then: () => void): void {
    if (pending.get(entry.call.callId) !== entry) return;
    pending.delete(entry.call.callId);
    entry.disarm();
    then();
  }

  function issue(entry: PendingCall, stay: Stay): void {
    const { call, kind } = entry;
    entry.issuedIn = stay;
    entry.disarm = armAcceptLimit(entry);
    let outcome: Promise<CallOutcome>;
    try {
      outcome = kind === 'invoke' ? stay.api.invoke(call) : stay.api.send(call);
    } catch (error) {
      return settle(entry, () => entry.reject(asError(error)));
    }
    outcome.then(
      async ({ after, reply }) => {
        entry.answered = true;
        // The hub's events before this result go first: their handlers run before the caller continues.
        const turn = stay.events.reached(after);
        if (turn !== undefined) await turn;
        settle(entry, () => (reply.ok ? entry.resolve(reply.value) : entry.reject(errorFromWire(reply.error))));
      },
      (error: unknown) => settle(entry, () => entry.reject(asError(error))),
    );
  }

  function rejectUnknown(entry: PendingCall): void {
    const { method } = entry.call;
    const message = `The shared worker ended after it had given the call of ${method} to the hub. The hub may or may not have run it.`;
    settle(entry, () => entry.reject(new OutcomeUnknownError(wireError('outcome-unknown', message, { method }))));
  }

  /** A worker that is alive but does not take the call is hung; the lock cannot tell. A page that was frozen meanwhile gets a second turn. */
  function armAcceptLimit(entry: PendingCall): () => void {
    let timer = setTimeout(() => {
      timer = setTimeout(() => {
        if (entry.accepted) return;
        const { method } = entry.call;
        const afterMs = CALL_ACCEPT_MS;
        const message = `The shared worker did not take the call of ${method} in ${afterMs} ms.`;
        settle(entry, () =>
          entry.reject(new CallTimedOutError(wireError('call-timed-out', message, { method, afterMs }))),
        );
      }, CALL_ACCEPT_MS / 10);
    }, CALL_ACCEPT_MS);
    return () => clearTimeout(timer);
  }

  return {
    start(owner, kind, hub, method, args, stay) {
      return new Promise((resolve, reject) => {
        const call: HubCall = { hub, callId: crypto.randomUUID(), method, args };
        const entry: PendingCall = {
          kind,
          call,
          owner,
          issuedIn: null,
          accepted: false,
          answered: false,
          resolve,
          reject,
          disarm: () => undefined,
        };
        pending.set(call.callId, entry);
        if (stay !== null) issue(entry, stay);
      });
    },
    accepted(callId) {
      const entry = pending.get(callId);
      if (entry === undefined) return;
      entry.accepted = true;
      entry.disarm();
    },
    acceptedByDead(callId) {
      const entry = pending.get(callId);
      // Not if the next worker has it already: then this worker's word came too late, and the call is on its way again.
      if (entry?.issuedIn === null) rejectUnknown(entry);
    },
    workerLost() {
      for (const entry of [...pending.values()]) {
        entry.disarm();
        if (entry.answered) continue;
        if (entry.accepted) rejectUnknown(entry);
        else entry.issuedIn = null;
      }
    },
    resend(stay) {
      for (const entry of [...pending.values()]) {
        if (!entry.accepted && entry.issuedIn !== stay) issue(entry, stay);
      }
    },
    rejectAll(error, owner) {
      for (const entry of [...pending.values()]) {
        if (owner === undefined || entry.owner === owner) settle(entry, () => entry.reject(errorFromWire(error)));
      }
    },
  };
}

function asError(error: unknown): Error {
  if (error instanceof DOMException && error.name === 'DataCloneError') {
    return new HubshareError(
      wireError('option-invalid', `An argument cannot be sent: ${error.message}`, { option: 'args' }),
      { cause: error },
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}
