/** What a scenario of the differential suite is: written once, run with SignalR's own client and with ours on the same hub. */
import type {
  HttpTransportType,
  HubConnection,
  IHttpConnectionOptions,
  IHubProtocol,
  ILogger,
  IRetryPolicy,
  IStreamResult,
  LogLevel,
} from '@microsoft/signalr';

/** All that an app can see of a connection, whichever client made it. */
export type Connection = Pick<HubConnection, keyof HubConnection>;

export type ClientName = 'plain' | 'shared';

export type TransportName = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

/** One cell of the matrix. */
export interface Combination {
  readonly server: 'node' | 'aspnet';
  readonly transport: TransportName;
  readonly protocol: 'json' | 'messagepack';
}

/** The methods of both builders. */
export interface Builder {
  withUrl(url: string, transportTypeOrOptions?: HttpTransportType | IHttpConnectionOptions): Builder;
  withAutomaticReconnect(retryDelaysOrPolicy?: number[] | IRetryPolicy): Builder;
  withServerTimeout(milliseconds: number): Builder;
  withKeepAliveInterval(milliseconds: number): Builder;
  withStatefulReconnect(options?: { bufferSize: number }): Builder;
  withHubProtocol(protocol: IHubProtocol): Builder;
  configureLogging(logging: LogLevel | string | ILogger): Builder;
  build(): Connection;
}

/** How the connection of a scenario is built; what is not said is left to the client. */
export interface Wish {
  /** Default `/hubs/ops`. */
  readonly url?: string;
  /** Not given: no automatic reconnect. */
  readonly reconnect?: readonly number[] | IRetryPolicy | 'default';
  readonly stateful?: boolean;
  readonly serverTimeoutMs?: number;
  readonly keepAliveMs?: number;
}

/** What the hub can be told to hold: `polls` of long polling, `posts` with messages of long polling and of event streams. */
export type Held = 'negotiate' | 'calls' | 'upgrade' | 'polls' | 'posts';

/** What the test can do to the hub from outside. */
export interface HubActions {
  cut(how: 'abort' | 'close' | 'close-reconnect', connectionId?: string | null, error?: string): Promise<void>;
  emit(event: string, args: readonly unknown[]): Promise<void>;
  /** Another delay, also 0, lets go at once whatever waits under the old one. */
  delay(what: Held, ms: number): Promise<void>;
  refuseTokens(on: boolean): Promise<void>;
  /** The host of the hub goes down; whoever connects finds nobody. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Running totals and the four counts of what is open. */
  counts(): Promise<Readonly<Record<string, unknown>>>;
}

/** One line of a transcript: what happened, what came of it, and the state that the connection showed at that moment. */
export interface Note {
  readonly what: string;
  readonly state: string;
  readonly value?: unknown;
}

export interface Toolbox {
  readonly on: Combination;
  readonly hub: HubActions;
  /** Built as the scenario wishes, not started. */
  readonly connection: Connection;
  /** Another connection of the same client, with the state of `connection` in its notes. It is stopped after the scenario. */
  another(wish?: Wish): Connection;
  /** A builder as the app would get it, with nothing said yet. */
  builder(): Builder;
  note(what: string, value?: unknown): void;
  /** Notes how it ended: the result, the error, or that it threw before it gave a promise. Never rejects. */
  attempt(what: string, act: () => unknown): Promise<unknown>;
  /** Notes each item and the end. */
  watch(what: string, stream: IStreamResult<unknown>): { dispose(): void };
  /** Notes `onclose`, `onreconnecting` and `onreconnected` of the connection. */
  watchLife(): void;
  /** Starts `connection`; a failure ends the scenario. */
  started(): Promise<Connection>;
  /** The hub holds every request or call of this kind from now until `release`, or until `act` is over. */
  whileHeld(what: Held, act: (release: () => Promise<void>) => Promise<void>): Promise<void>;
  /** Waits until the hub holds so many; the default is 1. */
  held(times?: number): Promise<void>;
  /** Waits until there are so many notes of this name. */
  noted(what: string, times?: number): Promise<void>;
  /** Waits for a condition; after 30 seconds the scenario fails with this name. */
  until(what: string, condition: () => unknown): Promise<void>;
  /** A round trip to the hub, so that whatever it had sent before has been noted. */
  settled(): Promise<void>;
  /** A name for a connection id that is the same in both transcripts: `id 1`, `id 2`, … in the order of their appearance. */
  id(connectionId: unknown): string | null;
}

export interface Scenario {
  /** A sentence; unique in the whole suite. */
  readonly name: string;
  readonly wish?: Wish;
  /** Not given: everywhere. */
  readonly where?: (on: Combination) => boolean;
  run(tools: Toolbox): Promise<void>;
}

export type ScenarioGroup = readonly Scenario[];

/** What one client made of one scenario. */
export interface Transcript {
  readonly notes: readonly Note[];
  /** Errors that nobody caught. */
  readonly uncaught: readonly string[];
  /** Why the scenario could not be run to its end; `null`: it was. */
  readonly failure: string | null;
}
