/** Joins SignalR's own kind of abort signal and the platform's into one that both can listen to. */
import { type AbortSignal as SignalRAbortSignal } from '@microsoft/signalr';

export interface LinkedAbort {
  readonly aborted: boolean;
  /** For `fetch` and everything of ours. */
  readonly signal: AbortSignal;
  /** For SignalR's clients: they take one listener, by property. */
  readonly forSignalR: SignalRAbortSignal;
  /** Lets go of both, once the request is over. */
  unlink(): void;
}

export function linkAbort(theirs: SignalRAbortSignal | undefined, ours: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const forSignalR: SignalRAbortSignal & { onabort: (() => void) | null } = {
    get aborted() {
      return controller.signal.aborted;
    },
    onabort: null,
  };
  const abort = (): void => {
    if (controller.signal.aborted) return;
    controller.abort();
    forSignalR.onabort?.();
  };
  if (theirs !== undefined) theirs.onabort = abort;
  ours?.addEventListener('abort', abort);
  if (theirs?.aborted === true || ours?.aborted === true) abort();
  return {
    get aborted() {
      return controller.signal.aborted;
    },
    signal: controller.signal,
    forSignalR,
    unlink() {
      if (theirs !== undefined) theirs.onabort = null;
      ours?.removeEventListener('abort', abort);
    },
  };
}
