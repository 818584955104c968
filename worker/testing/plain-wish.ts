/** What a tab says that it wants of a hub, where its app has asked for nothing in particular. */
import type { HubSettings, HubWish } from '../../src/contract/rpc.js';

/** What a builder sends when nothing was said. */
export const PLAIN_SETTINGS: HubSettings = {
  protocol: 'json',
  transport: null,
  skipNegotiation: false,
  withCredentials: true,
  headers: {},
  requestTimeoutMs: null,
  serverTimeoutMs: null,
  keepAliveIntervalMs: null,
  statefulReconnectBufferSize: null,
  retryDelaysMs: null,
  logLevel: null,
};

/** As if each wish followed a `stop()`. */
let attachments = 0;
let openings = 0;

export function wishFor(hub: string, more: Partial<HubWish> = {}): HubWish {
  return {
    hub,
    settings: PLAIN_SETTINGS,
    methods: [],
    opens: true,
    hasTokenFactory: false,
    hasRetryPolicy: false,
    wantsLog: false,
    topics: {},
    settledClaims: [],
    identity: null,
    attachment: (attachments += 1),
    opening: (openings += 1),
    ...more,
  };
}
