/** How a hub method is declared: its name, what each argument must be, and what it does. */
import type { Connection } from '../connections/connection.js';

/** The caller may be told this message, as with ASP.NET Core's exception of the same name. */
export class HubException extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HubException';
  }
}

export interface Caller {
  readonly connection: Connection;
  /** Aborted when the caller has gone or has cancelled its stream. */
  readonly signal: AbortSignal;
}

/** Arguments that fit are bound to the work to do; `null` means that they do not fit. */
export type HubMethod =
  | {
      readonly kind: 'call';
      readonly name: string;
      bind(args: readonly unknown[]): ((caller: Caller) => unknown) | null;
    }
  | {
      readonly kind: 'stream';
      readonly name: string;
      bind(args: readonly unknown[]): ((caller: Caller) => AsyncIterable<unknown>) | null;
    };

export type Param<T> = (value: unknown) => value is T;

export const anything: Param<unknown> = (value): value is unknown => value !== undefined;
export const text: Param<string> = (value) => typeof value === 'string';
export const number: Param<number> = (value) => typeof value === 'number';

type Params<P extends readonly unknown[]> = [...{ [K in keyof P]: Param<P[K]> }];

function fits<P extends readonly unknown[]>(params: Params<P>, args: readonly unknown[]): args is P {
  return args.length === params.length && params.every((param, index) => param(args[index]));
}

/** A method that answers once. */
export function call<P extends readonly unknown[]>(
  name: string,
  params: Params<P>,
  run: (caller: Caller, ...args: P) => unknown,
): HubMethod {
  return { kind: 'call', name, bind: (args) => (fits<P>(params, args) ? (caller) => run(caller, ...args) : null) };
}

/** A method that answers with a stream of items. */
export function stream<P extends readonly unknown[]>(
  name: string,
  params: Params<P>,
  run: (caller: Caller, ...args: P) => AsyncIterable<unknown>,
): HubMethod {
  return { kind: 'stream', name, bind: (args) => (fits<P>(params, args) ? (caller) => run(caller, ...args) : null) };
}
