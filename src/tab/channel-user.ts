/** A `SharedHubConnection`, as the channel of its hub sees it. */
import type { IRetryPolicy } from '@microsoft/signalr';
import type { WireError } from '../contract/errors.js';
import type { HubStatus } from '../contract/frames.js';
import type { HubSettings, SettingDifference } from '../contract/rpc.js';
import type { TopicDeclaration } from '../contract/topics.js';
import type { AskedUser } from './client-result.js';
import type { TopicListener } from './topics.js';

export type TokenFactory = () => string | Promise<string>;

/** What a page that was parked has missed of a hub. */
export interface Restored {
  /** Events that were dropped; `null`: the worker did not say. */
  readonly dropped: number | null;
  /** Milliseconds for which the page was parked. */
  readonly lastedMs: number;
}

export interface ChannelUser extends AskedUser {
  readonly settings: HubSettings;
  /** By name. */
  readonly declaredTopics: Readonly<Record<string, TopicDeclaration>>;
  readonly tokenFactory: TokenFactory | null;
  /** It wants to be connected again when the connection was lost. */
  readonly reconnects: boolean;
  readonly retryPolicy: IRetryPolicy | null;
  /** The user whom the page shows, now; `null`: the app does not say. */
  readonly identity: string | null;
  /** It waits for its start to come to an end. */
  readonly isStarting: boolean;
  /** It wants SignalR's log. */
  readonly wantsLog: boolean;
  /** Milliseconds for which the page must be hidden before it may park itself; `null`: never. */
  readonly hiddenParkMs: number | null;
  /** Client methods that it has handlers for, lower-cased. */
  methods(): Iterable<string>;
  /** Its subscriptions to members of topics. */
  topicListeners(): Iterable<TopicListener>;
  onEvent(method: string, args: unknown[]): void;
  onStatus(status: HubStatus): void;
  onGap(dropped: number): void;
  /** The page was parked and is back; what waited for it follows. */
  onRestored(restored: Restored): void;
  onLog(level: number, text: string): void;
  /** The hub is connected in another way than this user has asked for. */
  onDifferences(differences: readonly SettingDifference[]): void;
  /** The worker died; the channel is on its way to the next one. */
  onWorkerLost(error: WireError): void;
  /** The channel could not get to a new worker and gave up, or the user is signed in no more. */
  onAbandoned(error: WireError): void;
}
