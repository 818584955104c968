/**
 * How two interfaces, of the hub's methods and of the client's, type a connection. Without them (`any`) everything is as with
 * SignalR: any method, any arguments.
 */
import type { HubConnection, IStreamResult } from '@microsoft/signalr';

/** A stream that goes to the hub as an argument: SignalR's `Subject`, an `Observable` of RxJS, or anything with such a `subscribe`. */
export interface UploadStream<T> {
  subscribe(observer: { next(item: T): void; error(error: unknown): void; complete(): void }): unknown;
}

type IsAny<T> = 0 extends 1 & T ? true : false;

// The widest function type: each of the app's own extends it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Method = (...args: any) => unknown;

/** The method of that name; optional ones count as well. */
type MethodOf<Api, M extends PropertyKey> = M extends keyof Api ? Extract<NonNullable<Api[M]>, Method> : never;

/** What a stream method gives, item by item; `never` for other methods. */
type ItemOf<F> = F extends (...args: never) => infer R
  ? IsAny<R> extends true
    ? R
    : Awaited<R> extends IStreamResult<infer T> | AsyncIterable<infer T>
      ? T
      : never
  : never;

type NamesOf<Api, IsWanted extends 'call' | 'stream' | 'any'> = {
  [K in keyof Api & string]-?: [MethodOf<Api, K>] extends [never]
    ? never
    : IsWanted extends 'any'
      ? K
      : [ItemOf<MethodOf<Api, K>>] extends [never]
        ? IsWanted extends 'call'
          ? K
          : never
        : IsAny<ItemOf<MethodOf<Api, K>>> extends true
          ? K
          : IsWanted extends 'stream'
            ? K
            : never;
}[keyof Api & string];

/** An argument that the hub reads as a stream is given as one. */
type Argument<A> =
  IsAny<A> extends true
    ? A
    : A extends IStreamResult<infer T> | AsyncIterable<infer T> | UploadStream<infer T>
      ? UploadStream<T>
      : A;

type Arguments<P extends readonly unknown[]> = { [I in keyof P]: Argument<P[I]> };

type CallArguments<Server, M extends PropertyKey> = Arguments<Parameters<MethodOf<Server, M>>>;

export type InvokeMethod<Server> =
  IsAny<Server> extends true
    ? HubConnection['invoke']
    : <M extends NamesOf<Server, 'call'>>(
        methodName: M,
        ...args: CallArguments<Server, M>
      ) => Promise<Awaited<ReturnType<MethodOf<Server, M>>>>;

export type SendMethod<Server> =
  IsAny<Server> extends true
    ? HubConnection['send']
    : <M extends NamesOf<Server, 'call'>>(methodName: M, ...args: CallArguments<Server, M>) => Promise<void>;

export type StreamMethod<Server> =
  IsAny<Server> extends true
    ? HubConnection['stream']
    : <M extends NamesOf<Server, 'stream'>>(
        methodName: M,
        ...args: CallArguments<Server, M>
      ) => IStreamResult<ItemOf<MethodOf<Server, M>>>;

/** What a handler may return. Where the hub wants no result, whatever it returns is ignored. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- as interfaces write it
type Answer<R> = [R] extends [void] ? unknown : R | Promise<R>;

/** A handler of a client method. */
type EventHandler<Client, M extends PropertyKey> = (
  ...args: Parameters<MethodOf<Client, M>>
) => Answer<Awaited<ReturnType<MethodOf<Client, M>>>>;

export type OnMethod<Client> =
  IsAny<Client> extends true
    ? HubConnection['on']
    : <M extends NamesOf<Client, 'any'>>(methodName: M, newMethod: EventHandler<Client, M>) => void;

export type OffMethod<Client> =
  IsAny<Client> extends true
    ? HubConnection['off']
    : <M extends NamesOf<Client, 'any'>>(methodName: M, method?: EventHandler<Client, M>) => void;
