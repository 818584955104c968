/** An app that used SignalR's `HubConnection` compiles with a `SharedHubConnection` in its place. */
import type {
  HubConnection,
  HubConnectionBuilder,
  HubConnectionState,
  IHttpConnectionOptions,
  IHubProtocol,
  IRetryPolicy,
  IStreamResult,
  LogLevel,
} from '@microsoft/signalr';
import { expectTypeOf, test } from 'vitest';
import type { SignalRConnection } from '../contract/connection.js';
import { SharedHubConnectionBuilder } from './builder.js';
import type { Resync } from './lifecycle.js';
import type { SharedHubConnection } from './shared-hub-connection.js';

declare const shared: SharedHubConnection;
declare const protocol: IHubProtocol;

test('it has every member of HubConnection, with a compatible type', () => {
  expectTypeOf<SharedHubConnection>().toExtend<Pick<HubConnection, keyof HubConnection>>();
  const dropIn: Pick<HubConnection, keyof HubConnection> = shared;
  expectTypeOf(dropIn).toHaveProperty('invoke');
});

test('each member has the type that it has there', () => {
  expectTypeOf<SharedHubConnection['state']>().toEqualTypeOf<HubConnectionState>();
  expectTypeOf<SharedHubConnection['connectionId']>().toEqualTypeOf<string | null>();
  expectTypeOf<SharedHubConnection['baseUrl']>().toEqualTypeOf<string>();
  expectTypeOf<SharedHubConnection['serverTimeoutInMilliseconds']>().toEqualTypeOf<number>();
  expectTypeOf<SharedHubConnection['keepAliveIntervalInMilliseconds']>().toEqualTypeOf<number>();
  expectTypeOf<SharedHubConnection['start']>().toEqualTypeOf<HubConnection['start']>();
  expectTypeOf<SharedHubConnection['stop']>().toEqualTypeOf<HubConnection['stop']>();
  expectTypeOf<SharedHubConnection['invoke']>().toEqualTypeOf<HubConnection['invoke']>();
  expectTypeOf<SharedHubConnection['send']>().toEqualTypeOf<HubConnection['send']>();
  expectTypeOf<SharedHubConnection['stream']>().toEqualTypeOf<HubConnection['stream']>();
  expectTypeOf<SharedHubConnection['on']>().toEqualTypeOf<HubConnection['on']>();
  expectTypeOf<SharedHubConnection['off']>().toEqualTypeOf<HubConnection['off']>();
  expectTypeOf<SharedHubConnection['onclose']>().toEqualTypeOf<HubConnection['onclose']>();
  expectTypeOf<SharedHubConnection['onreconnecting']>().toEqualTypeOf<HubConnection['onreconnecting']>();
  expectTypeOf<SharedHubConnection['onreconnected']>().toEqualTypeOf<HubConnection['onreconnected']>();
});

test('calls, handlers and streams are written as with HubConnection', () => {
  expectTypeOf(shared.invoke<number>('Add', 1, 2)).toEqualTypeOf<Promise<number>>();
  expectTypeOf(shared.stream<string>('Counter', 5)).toEqualTypeOf<IStreamResult<string>>();
  shared.on('metric', (name: string, value: number) => [name, value]);
  shared.off('metric');
  shared.off('metric', (name: string) => name);
  // @ts-expect-error a handler is a function
  shared.on('metric', 'handler');
});

test('it has these members beyond those of HubConnection', () => {
  type More = 'tabId' | 'snapshot' | 'isPrimary' | 'onstatus' | 'onprimary' | 'onresync' | 'onwarning' | 'signOut';
  expectTypeOf<More>().toExtend<Exclude<keyof SharedHubConnection, keyof HubConnection>>();
  expectTypeOf<SharedHubConnection['snapshot']>().toEqualTypeOf<SignalRConnection>();
  expectTypeOf<Parameters<Parameters<SharedHubConnection['onresync']>[0]>>().toEqualTypeOf<[resync: Resync]>();
});

test('the snapshot is read, not written', () => {
  // @ts-expect-error there is no setter
  shared.snapshot = shared.snapshot;
});

test('the builder takes what SignalR’s builder takes', () => {
  const options: IHttpConnectionOptions = { accessTokenFactory: () => Promise.resolve('') };
  const level: LogLevel = 3;
  const policy: IRetryPolicy = { nextRetryDelayInMilliseconds: ({ previousRetryCount }) => previousRetryCount };
  expectTypeOf(new SharedHubConnectionBuilder().withAutomaticReconnect(policy)).toExtend<SharedHubConnectionBuilder>();
  const built = new SharedHubConnectionBuilder()
    .withUrl('/hubs/ops', options)
    .withAutomaticReconnect([0, 1_000])
    .withServerTimeout(1)
    .withKeepAliveInterval(1)
    .withStatefulReconnect({ bufferSize: 1 })
    .withHubProtocol(protocol)
    .configureLogging({ log: (logLevel: LogLevel, message: string) => [logLevel, message] })
    .configureLogging(level)
    .build();
  expectTypeOf(built).toEqualTypeOf<SharedHubConnection>();
  // Each overload too: a call that compiles with SignalR's builder compiles with this one.
  expectTypeOf<SharedHubConnectionBuilder>().toHaveProperty('withStatefulReconnect');
  expectTypeOf<Exclude<keyof HubConnectionBuilder, keyof SharedHubConnectionBuilder>>().toEqualTypeOf<never>();
});
