/** hubshare: one SignalR connection for all tabs of a web app. */
export type { AuthenticationRequired } from './connection/authentication-required.js';
export { SharedHubConnectionBuilder } from './connection/builder.js';
export type { Resync } from './connection/lifecycle.js';
export { SharedHubConnection } from './connection/shared-hub-connection.js';
export type { TopicDeclarations, TopicOptions } from './connection/topic-options.js';
export type { SubscribeOptions, Topic, TopicHandler, TopicSubscription, TopicValue } from './connection/topics.js';
export type { UploadStream } from './connection/typed-hub.js';
export { ConnectionStatus, type SignalRAuthenticator, type SignalRConnection } from './contract/connection.js';
export {
  CallTimedOutError,
  HubCallError,
  HubshareError,
  OutcomeUnknownError,
  TokenRejectedError,
  type ErrorCode,
} from './contract/errors.js';
export type { Missed, Reconnect } from './contract/frames.js';
export type {
  Alert,
  AlertKind,
  AuthenticationFailure,
  AuthenticationMetrics,
  ConnectionMetrics,
  Histogram,
  HubMetrics,
  TokenMetrics,
} from './contract/metrics.js';
export type { Retain, TopicKey } from './contract/topics.js';
export type { WorkerFactory } from './tab/worker-factory.js';
