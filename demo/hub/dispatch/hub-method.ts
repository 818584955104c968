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
  /**
   * Asks the caller's own method and waits for the answer.
   *
   * @throws {HubException} The client answered with an error, whose text this is.
   * @throws {Error} The client has gone.
   */
  ask(method: string, ...args: readonly unknown[]): Promise<unknown>;
}

type Fits<T> = (value: unknown) => value is T;

/** A parameter that stands in the call itself. */
interface ValueParam<T> {
  readonly kind: 'value';
  readonly fits: Fits<T>;
}

/** A parameter that is a stream: its items come after the call. */
interface UploadParam<T> {
  readonly kind: 'upload';
  readonly fits: Fits<T>;
}

type Param = ValueParam<unknown> | UploadParam<unknown>;

export const anything: ValueParam<unknown> = value((given): given is unknown => given !== undefined);
export const text: ValueParam<string> = value((given) => typeof given === 'string');
/** What a text parameter of .NET takes. */
export const textOrNull: ValueParam<string | null> = value((given) => given === null || typeof given === 'string');
export const list: ValueParam<readonly unknown[]> = value((given) => Array.isArray(given));
export const number: ValueParam<number> = value((given) => typeof given === 'number');

function value<T>(fits: Fits<T>): ValueParam<T> {
  return { kind: 'value', fits };
}

/** A stream of such items. */
export function upload<T>({ fits }: ValueParam<T>): UploadParam<T> {
  return { kind: 'upload', fits };
}

type Uploads = readonly AsyncIterable<unknown>[];

/** A call whose arguments fit. @param uploads - As many as the method has upload parameters. */
export type Work<R> = (caller: Caller, uploads: Uploads) => R;

interface Declared<R> {
  readonly name: string;
  /** Says of each upload, in the order of the parameters, whether an item fits. */
  readonly uploads: readonly ((item: unknown) => boolean)[];
  /** `null`: the arguments do not fit. */
  bind(args: readonly unknown[]): Work<R> | null;
}

export type CallMethod = { readonly kind: 'call' } & Declared<unknown>;
export type StreamMethod = { readonly kind: 'stream' } & Declared<AsyncIterable<unknown>>;
export type HubMethod = CallMethod | StreamMethod;

type Args<P extends readonly Param[]> = {
  [K in keyof P]: P[K] extends UploadParam<infer T> ? AsyncIterable<T> : P[K] extends ValueParam<infer T> ? T : never;
};

function declare<P extends readonly Param[], R>(
  name: string,
  params: P,
  run: (caller: Caller, ...args: Args<P>) => R,
): Declared<R> {
  const values = params.filter((param) => param.kind === 'value');
  return {
    name,
    uploads: params.filter((param) => param.kind === 'upload').map(({ fits }) => fits),
    bind(args) {
      if (args.length !== values.length || !values.every(({ fits }, index) => fits(args[index]))) return null;
      return (caller, uploads) => {
        let nextValue = 0;
        let nextUpload = 0;
        const woven = params.map(({ kind }) => (kind === 'value' ? args[nextValue++] : uploads[nextUpload++]));
        return run(caller, ...(woven as Args<P>));
      };
    },
  };
}

/** A method that answers once. */
export function call<const P extends readonly Param[]>(
  name: string,
  params: P,
  run: (caller: Caller, ...args: Args<P>) => unknown,
): CallMethod {
  return { kind: 'call', ...declare(name, params, run) };
}

/** A method that answers with a stream of items. */
export function stream<const P extends readonly Param[]>(
  name: string,
  params: P,
  run: (caller: Caller, ...args: Args<P>) => AsyncIterable<unknown>,
): StreamMethod {
  return { kind: 'stream', ...declare(name, params, run) };
}
