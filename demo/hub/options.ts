/** How a demo hub is started: every option with its default and unit, in one place. */
import type { SessionStore } from './auth/sessions.js';

/** When the hub raises an incident by itself. */
export interface AlarmLimits {
  /** Milliseconds of event-loop delay, 99th percentile of one metric interval. Default 50. */
  readonly loopDelayMs: number;
  /** Share of the host's memory in use, 0 to 1. Default 0.8. */
  readonly memoryShare: number;
}

export interface HubOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** If `port` is busy, try the ones after it instead of failing. Default false. */
  readonly tryNextPort?: boolean;
  /** Folder with the built demo page. Without it the hub serves no files. */
  readonly staticDir?: string;
  /** The access log is appended to this file. Without it the newest lines are kept in memory. */
  readonly accessLogFile?: string;
  /** Life of an access token in seconds, may be fractional. Default 300. */
  readonly tokenLifeSeconds?: number;
  /** Life of a token that a redirecting negotiate hands over, in seconds, may be fractional. Default 60. */
  readonly serviceTokenLifeSeconds?: number;
  /** How long after its expiry a token is still accepted. Default 10. */
  readonly clockToleranceSeconds?: number;
  /** Secret of the access tokens, at least 32 bytes. Random by default. Give it again to restart a hub that knows its old tokens. */
  readonly signingKey?: Uint8Array;
  /** Refresh sessions. New by default. Give them again to restart a hub that knows its old cookies. */
  readonly sessions?: SessionStore;
  /** Milliseconds between two pushes of the metrics. Default 1000. */
  readonly metricIntervalMs?: number;
  /** Close a connection whose token has expired. Default true. */
  readonly closeOnExpiry?: boolean;
  /** Tell clients the message of an unexpected error, as ASP.NET's `EnableDetailedErrors`. Default false. */
  readonly detailedErrors?: boolean;
  /** When the hub raises incidents by itself; `false` for never. */
  readonly alarms?: Partial<AlarmLimits> | false;
  /** Silence after which the hub sends a ping, milliseconds. Default 15 000. */
  readonly keepAliveMs?: number;
  /** Silence of a client after which it is given up, milliseconds. Default 30 000. */
  readonly clientTimeoutMs?: number;
  /** How long a long poll is held open, milliseconds. Default 90 000. */
  readonly pollTimeoutMs?: number;
  /** Milliseconds that a connection may be without a transport, or a long-polling one without a poll. Default 15 000. */
  readonly disconnectTimeoutMs?: number;
  /** Bytes that may wait for a slow client before it is cut off. Default 16 MiB. */
  readonly maxBufferedBytes?: number;
  /** Bytes of the largest message accepted from a client. Default 1 MiB. */
  readonly maxMessageBytes?: number;
}

/** Time and size limits of one connection. */
export interface Limits {
  readonly handshakeTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly clientTimeoutMs: number;
  readonly pollTimeoutMs: number;
  readonly disconnectTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly maxBufferedBytes: number;
  readonly maxMessageBytes: number;
  readonly maxCallsInFlight: number;
}

/** The values that ASP.NET Core has, except where the comment says otherwise. */
export function limitsOf(options: HubOptions): Limits {
  return {
    handshakeTimeoutMs: 15_000,
    keepAliveMs: options.keepAliveMs ?? 15_000,
    clientTimeoutMs: options.clientTimeoutMs ?? 30_000,
    pollTimeoutMs: options.pollTimeoutMs ?? 90_000,
    disconnectTimeoutMs: options.disconnectTimeoutMs ?? 15_000,
    closeTimeoutMs: 5_000,
    // ASP.NET pauses the sender; a broadcast has no one to pause, so the slow client goes.
    maxBufferedBytes: options.maxBufferedBytes ?? 16 * 1024 * 1024,
    // ASP.NET allows 32 KiB; the demo and its tests send larger payloads on purpose.
    maxMessageBytes: options.maxMessageBytes ?? 1024 * 1024,
    // ASP.NET runs one call at a time per client; here many tabs share a client, so a slow call must not hold up the rest.
    maxCallsInFlight: 10_000,
  };
}
