/**
 * The messages of the SignalR hub protocol, whatever encodes them. The client package's own parsers cannot be used on a
 * server: they drop stream invocations and cancellations.
 *
 * @see {@link https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md}
 */
export const MessageType = {
  invocation: 1,
  streamItem: 2,
  completion: 3,
  streamInvocation: 4,
  cancelInvocation: 5,
  ping: 6,
  close: 7,
} as const;

export interface Invocation {
  readonly type: 1;
  /** `null`: the client wants no completion. */
  readonly invocationId: string | null;
  readonly target: string;
  readonly args: readonly unknown[];
  /** Names of the streams that the client will send, in the order of the method's parameters. */
  readonly streamIds: readonly string[];
}

export interface StreamInvocation {
  readonly type: 4;
  readonly invocationId: string;
  readonly target: string;
  readonly args: readonly unknown[];
  readonly streamIds: readonly string[];
}

/** An item of a stream that the client sends. */
export interface StreamItem {
  readonly type: 2;
  /** The stream's name. */
  readonly invocationId: string;
  readonly item: unknown;
}

export type Outcome =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'void' };

/** The client has ended a stream of its own, or answers a question of the hub. */
export interface Completion {
  readonly type: 3;
  readonly invocationId: string;
  readonly outcome: Outcome;
}

export interface CancelInvocation {
  readonly type: 5;
  readonly invocationId: string;
}

/** What a client may send. `other` is what this hub has no use for: sequence numbers, newer types. */
export type ClientMessage =
  | Invocation
  | StreamItem
  | Completion
  | StreamInvocation
  | CancelInvocation
  | { readonly type: 6 }
  | { readonly type: 7 }
  | { readonly type: 'other' };

export type ServerMessage =
  | {
      readonly type: 1;
      /** Present when the hub waits for the client's answer. */
      readonly invocationId?: string;
      readonly target: string;
      readonly arguments: readonly unknown[];
    }
  | { readonly type: 2; readonly invocationId: string; readonly item: unknown }
  /** Without a result: the end of a stream. */
  | { readonly type: 3; readonly invocationId: string; readonly result?: unknown }
  | { readonly type: 3; readonly invocationId: string; readonly error: string }
  | { readonly type: 6 }
  | { readonly type: 7; readonly error?: string; readonly allowReconnect?: boolean };
