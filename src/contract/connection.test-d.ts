/** The connection's types are exactly those of the specification (T5-1): its declarations are copied here, and compared in both directions. */
import { expectTypeOf, test } from 'vitest';
import { type ConnectionStatus, type SignalRAuthenticator, type SignalRConnection } from './connection.js';

// eslint-disable-next-line @typescript-eslint/no-namespace -- lets the copied declarations keep their names
namespace Specified {
  export interface SignalRConnection {
    // Core connection configuration
    connectionId: string;
    activeHubs: string[];
    lastConnected: number;
    reconnectAttempts: number;

    // Connection state
    status: ConnectionStatus;
    error?: string;

    // Tab management
    primaryTabId: string;
    subscribedTabs: string[];
  }

  export enum ConnectionStatus {
    CONNECTING = 'connecting',
    CONNECTED = 'connected',
    RECONNECTING = 'reconnecting',
    DISCONNECTED = 'disconnected',
  }

  export interface SignalRAuthenticator {
    // Get valid token for connection
    getConnectionToken(): Promise<string>;

    // Handle token refresh during connection
    handleTokenRefresh(): Promise<void>;

    // Manage connection state
    updateConnectionState(status: ConnectionStatus): Promise<void>;

    // Handle connection errors
    handleAuthenticationError(error: Error): Promise<void>;
  }
}

/** Two enums are never the same type, however equal they are: their members are compared, and elsewhere the name stands for both. */
type OurStatus = typeof ConnectionStatus;
type SpecifiedStatus = typeof Specified.ConnectionStatus;
type WithOurStatus<T> = { [K in keyof T]: T[K] extends Specified.ConnectionStatus ? ConnectionStatus : T[K] };
/** True only for types that are the same in optionality and readonly too; assignability would not tell. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- each T stands for every type: that is what compares A and B
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = { [K in keyof T]: T[K] };

test('ConnectionStatus has exactly the specified members', () => {
  expectTypeOf<keyof OurStatus>().toEqualTypeOf<keyof SpecifiedStatus>();
});

test('ConnectionStatus has exactly the specified values', () => {
  type ValuesOf<E extends Record<string, string>> = { [K in keyof E]: `${E[K]}` };
  expectTypeOf<ValuesOf<OurStatus>>().toEqualTypeOf<ValuesOf<SpecifiedStatus>>();
  expectTypeOf<ValuesOf<OurStatus>>().toEqualTypeOf<{
    readonly CONNECTING: 'connecting';
    readonly CONNECTED: 'connected';
    readonly RECONNECTING: 'reconnecting';
    readonly DISCONNECTED: 'disconnected';
  }>();
});

test('SignalRConnection is exactly as specified, including what is optional and what can be written', () => {
  expectTypeOf<Same<Flat<SignalRConnection>, Flat<WithOurStatus<Specified.SignalRConnection>>>>().toEqualTypeOf<true>();
  expectTypeOf<keyof SignalRConnection>().toEqualTypeOf<keyof Specified.SignalRConnection>();
  expectTypeOf<SignalRConnection['status']>().toEqualTypeOf<ConnectionStatus>();
});

test('the comparison would notice a difference', () => {
  type Changed<T> = Same<Flat<SignalRConnection>, Flat<T>>;
  expectTypeOf<Changed<Readonly<SignalRConnection>>>().toEqualTypeOf<false>();
  expectTypeOf<Changed<Required<SignalRConnection>>>().toEqualTypeOf<false>();
  expectTypeOf<Changed<SignalRConnection & { more: string }>>().toEqualTypeOf<false>();
  expectTypeOf<Changed<Omit<SignalRConnection, 'lastConnected'>>>().toEqualTypeOf<false>();
});

test('SignalRAuthenticator has exactly the specified methods', () => {
  expectTypeOf<keyof SignalRAuthenticator>().toEqualTypeOf<keyof Specified.SignalRAuthenticator>();
  type Others = Exclude<keyof SignalRAuthenticator, 'updateConnectionState'>;
  expectTypeOf<
    Same<Flat<Pick<SignalRAuthenticator, Others>>, Flat<Pick<Specified.SignalRAuthenticator, Others>>>
  >().toEqualTypeOf<true>();
  expectTypeOf<SignalRAuthenticator['updateConnectionState']>().toEqualTypeOf<
    (status: ConnectionStatus) => Promise<void>
  >();
});

test('a class can implement SignalRAuthenticator', () => {
  class Authenticator implements SignalRAuthenticator {
    getConnectionToken = (): Promise<string> => Promise.resolve('');
    handleTokenRefresh = (): Promise<void> => Promise.resolve();
    updateConnectionState = (_status: ConnectionStatus): Promise<void> => Promise.resolve();
    handleAuthenticationError = (_error: Error): Promise<void> => Promise.resolve();
  }
  expectTypeOf<Authenticator>().toExtend<SignalRAuthenticator>();
});
