/** What the console needs of a connection to the hub, whichever of the two it is: hubshare's or SignalR's own. */
import type { Fault } from './faults.js';
import type { Mode } from './preferences.js';
import type { ResyncNote } from './resync-note.js';

/** The members that `SharedHubConnection` and SignalR's `HubConnection` have in common, as far as the views use them. */
export interface OpsConnection {
  on(methodName: string, handler: (...args: unknown[]) => void): void;
  off(methodName: string): void;
  invoke<T = unknown>(methodName: string, ...args: unknown[]): Promise<T>;
}

export type LinkStatus =
  | {
      readonly kind: 'connecting';
      readonly attempt: number;
      readonly retryAtMs: number | null;
      readonly why: Fault | null;
    }
  | { readonly kind: 'connected'; readonly transport: string | null }
  | {
      readonly kind: 'reconnecting';
      readonly attempt: number;
      readonly retryAtMs: number | null;
      readonly why: Fault | null;
    }
  /** All attempts are used up, or trying again cannot help: a person has to decide. */
  | { readonly kind: 'resting'; readonly why: Fault | null }
  /** The token was refused and so was a fresh one. */
  | { readonly kind: 'refused'; readonly why: Fault }
  /** This browser has no SharedWorker. */
  | { readonly kind: 'unsupported'; readonly why: Fault }
  | { readonly kind: 'signed-out' };

export interface LinkEvents {
  status(status: LinkStatus): void;
  /** Connected: what this page does not know must be fetched. */
  refetch(): void;
  /** Events may have been missed, for the reason in `note`, or it is known that none were. */
  resynced(note: ResyncNote): void;
  /** How many tabs of this browser use the console. */
  tabs(count: number): void;
}

export interface Link {
  readonly mode: Mode;
  readonly connection: OpsConnection;
  /** From now on `handler` is given each value of this metric, also over reconnects. One handler for each name. */
  followMetric(name: string, handler: (value: unknown) => void): void;
  /** Whether this tab is the one that does what must be done once among all tabs, like a sound. */
  claim(id: string): Promise<boolean>;
  /** Starts, or starts again. Does not reject: a failure is a status. */
  start(): Promise<void>;
  /** Ends this tab's use. No event is told after it. */
  stop(): Promise<void>;
  /** Ends the use of every tab, as far as this kind of link can. */
  signOut(): Promise<void>;
}

/** A failure that ended the attempts, as the status that has the right face for it. */
export function statusOfFailure(why: Fault): LinkStatus {
  switch (why.code) {
    case 'signed-out':
      return { kind: 'signed-out' };
    case 'token-rejected':
    case 'token-unavailable':
      return { kind: 'refused', why };
    case 'worker-unsupported':
      return { kind: 'unsupported', why };
    default:
      return { kind: 'resting', why };
  }
}
