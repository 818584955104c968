/** A connection that is typed by two interfaces refuses what the hub or the client does not have. */
import type { HubConnection, IStreamResult, Subject } from '@microsoft/signalr';
import { expectTypeOf, test } from 'vitest';
import { SharedHubConnectionBuilder } from './builder.js';
import type { SharedHubConnection } from './shared-hub-connection.js';
import type { UploadStream } from './typed-hub.js';

interface Metric {
  readonly name: string;
  readonly value: number;
}

/** As an app writes it: an interface, without an index signature. */
interface OpsHub {
  Add(a: number, b: number): number;
  Acknowledge(id: string, note?: string): Promise<void>;
  Find(...names: string[]): Promise<Metric | null>;
  Anything(value: Any): Any;
  Counter(count: number, delayMs: number): IStreamResult<number>;
  Watch(name: string): AsyncIterable<Metric>;
  Later(): Promise<AsyncIterable<string>>;
  Sum(numbers: IStreamResult<number>): number;
  Mix(a: AsyncIterable<number>, label: string, b: UploadStream<boolean>): string;
  Double(numbers: Subject<number>): IStreamResult<number>;
  optional?(on: boolean): string;
  readonly version: number;
}

interface OpsClient {
  metric(name: string, value: number): void;
  askName(): string;
  confirm(question: string): Promise<boolean>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a hub of any kind may have
type Any = any;

declare const ops: SharedHubConnection<OpsHub, OpsClient>;
declare const numbers: Subject<number>;
declare const flags: Subject<boolean>;

test('invoke knows the methods, their arguments and their results', () => {
  expectTypeOf(ops.invoke('Add', 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(ops.invoke('Acknowledge', 'id')).toEqualTypeOf<Promise<void>>();
  expectTypeOf(ops.invoke('Acknowledge', 'id', 'note')).toEqualTypeOf<Promise<void>>();
  expectTypeOf(ops.invoke('Find', 'a', 'b', 'c')).toEqualTypeOf<Promise<Metric | null>>();
  expectTypeOf(ops.invoke('Anything', 1)).toEqualTypeOf<Promise<Any>>();
  expectTypeOf(ops.invoke('optional', true)).toEqualTypeOf<Promise<string>>();
});

test('invoke refuses what the hub does not have', () => {
  // @ts-expect-error there is no such method
  void ops.invoke('Ad', 1, 2);
  // @ts-expect-error a number is wanted
  void ops.invoke('Add', 1, '2');
  // @ts-expect-error one argument is missing
  void ops.invoke('Add', 1);
  // @ts-expect-error one argument too many
  void ops.invoke('Add', 1, 2, 3);
  // @ts-expect-error the result is not what the hub gives
  void (ops.invoke('Add', 1, 2) satisfies Promise<string>);
  // @ts-expect-error a stream is for stream()
  void ops.invoke('Counter', 1, 2);
  // @ts-expect-error no method at all
  void ops.invoke('version');
  // @ts-expect-error the result is known from the interface
  void ops.invoke<string>('Add', 1, 2);
});

test('send knows the same methods', () => {
  expectTypeOf(ops.send('Add', 1, 2)).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error there is no such method
  void ops.send('Ad', 1, 2);
  // @ts-expect-error a number is wanted
  void ops.send('Add', 1, '2');
});

test('stream knows the methods that give streams, and their items', () => {
  expectTypeOf(ops.stream('Counter', 5, 100)).toEqualTypeOf<IStreamResult<number>>();
  expectTypeOf(ops.stream('Watch', 'cpu')).toEqualTypeOf<IStreamResult<Metric>>();
  expectTypeOf(ops.stream('Later')).toEqualTypeOf<IStreamResult<string>>();
  expectTypeOf(ops.stream('Anything', 5)).toEqualTypeOf<IStreamResult<Any>>();
  // @ts-expect-error this method gives no stream
  void ops.stream('Add', 1, 2);
  // @ts-expect-error a number is wanted
  void ops.stream('Counter', '5', 100);
  // @ts-expect-error there is no such method
  void ops.stream('Count', 5);
});

test('arguments that are streams are given as what has a subscribe', () => {
  expectTypeOf(ops.invoke('Sum', numbers)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(ops.invoke('Mix', numbers, 'label', flags)).toEqualTypeOf<Promise<string>>();
  expectTypeOf(ops.stream('Double', numbers)).toEqualTypeOf<IStreamResult<number>>();
  // The stream that another method gives can go up again.
  void ops.invoke('Sum', ops.stream('Counter', 1, 2));
  // @ts-expect-error a list is no stream
  void ops.invoke('Sum', [1, 2]);
  // @ts-expect-error a stream of other items
  void ops.invoke('Sum', flags);
});

test('on and off know the client’s methods', () => {
  ops.on('metric', (name, value) => {
    expectTypeOf(name).toEqualTypeOf<string>();
    expectTypeOf(value).toEqualTypeOf<number>();
  });
  // Less than all arguments, and a result that nobody wants, are fine.
  ops.on('metric', (name) => name.length);
  ops.on('metric', async () => {
    await Promise.resolve();
  });
  ops.off('metric', (name: string) => name);
  ops.off('metric');
  // @ts-expect-error there is no such event
  ops.on('metrics', () => undefined);
  // @ts-expect-error the name is a text
  ops.on('metric', (name: number) => name);
  // @ts-expect-error there is no such event
  ops.off('metrics');
});

test('a handler gives the result that the hub asks for', () => {
  ops.on('askName', () => 'Ada');
  ops.on('askName', async () => 'Ada');
  ops.on('confirm', (question) => question === 'sure?');
  ops.on('confirm', async () => true);
  // @ts-expect-error a text is wanted
  ops.on('askName', () => 5);
  // @ts-expect-error a boolean is wanted
  ops.on('confirm', async () => 'yes');
  // @ts-expect-error something is wanted
  ops.on('askName', () => undefined);
});

test('the builder gives a typed connection', () => {
  const builder = new SharedHubConnectionBuilder().withUrl('/hubs/ops');
  expectTypeOf(builder.build<OpsHub, OpsClient>()).toEqualTypeOf<SharedHubConnection<OpsHub, OpsClient>>();
  const half = builder.build<OpsHub>();
  expectTypeOf(half.invoke('Add', 1, 2)).toEqualTypeOf<Promise<number>>();
  half.on('whatever', (value: string) => value);
});

test('without interfaces it is used as HubConnection is', () => {
  const untyped = new SharedHubConnectionBuilder().withUrl('/hubs/ops').build();
  const dropIn: Pick<HubConnection, keyof HubConnection> = untyped;
  expectTypeOf(dropIn.invoke).toEqualTypeOf<HubConnection['invoke']>();
  expectTypeOf(untyped.invoke<number>('Add', 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(untyped.invoke('Add')).toEqualTypeOf<Promise<Any>>();
  const name: string = 'Add' + String(1);
  expectTypeOf(untyped.invoke(name)).toEqualTypeOf<Promise<Any>>();
  // A typed connection goes where an untyped one is asked for.
  const widened: SharedHubConnection = ops;
  expectTypeOf(widened).toEqualTypeOf<SharedHubConnection>();
});
