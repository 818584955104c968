/** The demo hub: an ASP.NET Core SignalR hub's behaviour on Node, for the demo and the tests. */
export { createSessionStore, type SessionStore } from './auth/sessions.js';
export type { ConnectionStats } from './hubs/secure-hub.js';
export { PROTECTED, type AlarmLimits, type FailedAttemptsLimit, type HubOptions } from './options.js';
export type { SecurityEvent, SecurityEventType, SecurityLevel } from './security/security-log.js';
export { startHub, type DemoHub } from './server.js';
