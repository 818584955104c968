/** The demo hub: an ASP.NET Core SignalR hub's behaviour on Node, for the demo and the tests. */
export { createSessionStore, type SessionStore } from './auth/sessions.js';
export type { AlarmLimits, HubOptions } from './options.js';
export { startHub, type DemoHub } from './server.js';
