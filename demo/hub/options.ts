/** How a demo hub is started: every option with its default and unit, in one place. */
import type { SessionStore } from './auth/sessions.js';
import type { SecurityEvent } from './security/security-log.js';

/** When the hub raises an incident by itself. */
export interface AlarmLimits {
  /** Milliseconds of event-loop delay, 99th percentile of one metric interval. Default 50. */
  readonly loopDelayMs: number;
  /** Share of the host's memory in use, 0 to 1. Default 0.8. */
  readonly memoryShare: number;
}

/** When an address is turned away. */
export interface FailedAttemptsLimit {
  /** Refused tokens. Default 5. */
  readonly limit?: number;
  /** Milliseconds in which they came. Default 900 000, 15 minutes. */
  readonly windowMs?: number;
}

export interface HubOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** If `port` is busy, try the ones after it instead of failing. Default false. */
  readonly tryNextPort?: boolean;
  /** Folder with the built demo page. Without it the hub serves no files. */
  readonly staticDir?: string;
  /**
   * Origins whose pages may ask this server, such as `https://app.example.com`: whole ones, no path, no wildcard. Default: none but its own.
   */
  readonly allowedOrigins?: readonly string[];
  /** Other origins that pages of `staticDir` and their workers may connect to: in `connect-src` of their policy, also as WebSockets. Default: none. */
  readonly connectOrigins?: readonly string[];
  /** The access log is appended to this file. Without it the newest lines are kept in memory. */
  readonly accessLogFile?: string;
  /** Life of an access token in seconds, may be fractional. Default 300. */
  readonly tokenLifeSeconds?: number;
  /** Where a redirecting negotiate points to, such as `https://service.example.com`. Default: the origin that it was asked at. */
  readonly serviceOrigin?: string;
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
  /** Close a connection whose token has expired. Default true. Without it such a connection still gets events, and its calls are refused. */
  readonly closeOnExpiry?: boolean;
  /**
   * For legacy clients: a WebSocket or an event stream may bring its token as `?access_token=`, which then goes before the header.
   * Each use is a warning in the security log. Default false: a request with a token in its URL is refused.
   */
  readonly allowQueryToken?: boolean;
  /** Take tokens out of the URLs in the access log. Default: as `allowQueryToken`. */
  readonly redactAccessLog?: boolean;
  /** Calls that one user may make in any one second, over all devices: a whole number, 1 or more; US-008 asks for 10. Default: no limit. */
  readonly messagesPerSecond?: number;
  /** Turns an address away from which so many tokens were refused, and closes a connection that offers so many bad ones. Default: never. */
  readonly failedAttempts?: FailedAttemptsLimit;
  /** `redis://[:password@]host[:port]`: hubs with the same Redis send to each other's users. Default: the hub is alone. */
  readonly redisUrl?: string;
  /** A further list of blocked users, asked for each request and each call. If it throws, the request or the call is refused. */
  readonly isBlocked?: (userId: string) => boolean;
  /** Is told each note of the security log. No note holds a token. */
  readonly onSecurityEvent?: (event: SecurityEvent) => void;
  /** Milliseconds since the epoch, for the limits on calls and on failed attempts. Default `Date.now`. */
  readonly now?: () => number;
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

/**
 * What a hub for people has on and a hub for tests has off. The limits are wider than US-008's 10 calls a second and 5 failed attempts in
 * 15 minutes: a console joins a topic for each core of the machine as it starts, and after a restart of the hub each tab of a developer
 * shows a token that is no longer good.
 */
export const PROTECTED = {
  messagesPerSecond: 200,
  failedAttempts: { limit: 30, windowMs: 60_000 },
  redactAccessLog: true,
} as const satisfies HubOptions;

/** @throws {RangeError} The limit is none. */
export function failedAttemptsOf({ failedAttempts }: HubOptions): Required<FailedAttemptsLimit> | null {
  if (failedAttempts === undefined) return null;
  const { limit = 5, windowMs = 15 * 60_000 } = failedAttempts;
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError('failedAttempts.limit must be a whole number, 1 or more');
  if (!(windowMs > 0)) throw new RangeError('failedAttempts.windowMs must be more than 0');
  return { limit, windowMs };
}

/** @throws {RangeError} The limit is none. */
export function messagesPerSecondOf({ messagesPerSecond }: HubOptions): number | null {
  if (messagesPerSecond === undefined) return null;
  if (!Number.isInteger(messagesPerSecond) || messagesPerSecond < 1) {
    throw new RangeError('messagesPerSecond must be a whole number, 1 or more');
  }
  return messagesPerSecond;
}

/** @throws {RangeError} One of them is no origin. */
export function originsOf(
  name: 'allowedOrigins' | 'connectOrigins' | 'serviceOrigin',
  options: HubOptions,
): ReadonlySet<string> {
  const origins = [options[name] ?? []].flat();
  for (const origin of origins) {
    const isOrigin = /^https?:/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
    if (!isOrigin || origin.includes('*')) {
      throw new RangeError(
        `${name}: '${origin}' is no origin such as https://app.example.com, with no path and no wildcard`,
      );
    }
  }
  return new Set(origins);
}
