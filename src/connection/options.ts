/** Checks what an app gives to the builder, in the tab, before anything is sent; refuses what cannot cross to a worker. */
import type { IHttpConnectionOptions, ILogger, IRetryPolicy } from '@microsoft/signalr';
import { HubshareError, wireError } from '../contract/errors.js';
import type { HubProtocolName, HubSettings } from '../contract/rpc.js';
import { secretParameter } from '../contract/secret-parameters.js';
import type { TopicDeclaration } from '../contract/topics.js';
import type { TokenFactory } from '../tab/channel-user.js';

/** What the builder has gathered. `null` means: not said, so the worker's default holds. */
export interface ConnectionOptions {
  /** Absolute http(s) URL without fragment. */
  readonly hub: string;
  /** As `HubConnection.baseUrl` shows it. */
  readonly baseUrl: string;
  readonly settings: HubSettings;
  readonly tokenFactory: TokenFactory | null;
  readonly retryPolicy: IRetryPolicy | null;
  readonly logger: ILogger | null;
  /** `false`: as with SignalR, the connection closes when it is lost. */
  readonly reconnects: boolean;
  /** By name. */
  readonly topics: Readonly<Record<string, TopicDeclaration>>;
  /** Milliseconds for which the page must be hidden before it may park itself; `null`: never. */
  readonly hiddenParkMs: number | null;
  /** The user whom the page shows; `null`: the app does not say. @throws {HubshareError} `option-invalid` */
  readonly identity: () => string | null;
}

export function invalid(option: string, message: string): HubshareError<'option-invalid'> {
  return refused(option, `${option}: ${message}`);
}

/** For what SignalR refuses too: the message is SignalR's. */
export function refused(option: string, message: string): HubshareError<'option-invalid'> {
  return new HubshareError(wireError('option-invalid', message, { option }));
}

/** SignalR's check of an argument that must be there. @throws {HubshareError} `option-invalid` */
export function checkRequired(option: string, value: unknown, name: string): void {
  if (value === null || value === undefined) throw refused(option, `The '${name}' argument is required.`);
}

export function unsupported(option: string, message: string): HubshareError<'option-unsupported'> {
  return new HubshareError(wireError('option-unsupported', `${option}: ${message}`, { option }));
}

/**
 * @param base - What a relative URL is relative to: the page.
 * @throws {HubshareError} `option-invalid`
 */
export function checkHubUrl(url: unknown, base: string): string {
  checkRequired('withUrl', url, 'url');
  if (typeof url !== 'string') throw invalid('withUrl', 'the URL must be a text.');
  if (url.trim() === '') throw refused('withUrl', "The 'url' argument should not be empty.");
  let parsed: URL;
  try {
    parsed = new URL(url, base);
  } catch {
    throw invalid('withUrl', 'this is not a URL. Give a path such as /hubs/ops or an absolute http(s) URL.');
  }
  if (parsed.protocol === 'ws:' || parsed.protocol === 'wss:') {
    throw invalid('withUrl', 'give the http(s) URL of the hub; SignalR finds the WebSocket address itself.');
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    throw invalid('withUrl', 'the URL must be http or https.');
  if (parsed.username !== '' || parsed.password !== '')
    throw invalid('withUrl', 'the URL must not hold a user name or password.');
  const secret = secretParameter(parsed);
  if (secret !== null) {
    throw invalid(
      'withUrl',
      `the query has "${secret}". A token must not be in a URL: give accessTokenFactory, or a token source to serveHubs().`,
    );
  }
  parsed.hash = '';
  return parsed.href;
}

const HTTP_OPTIONS = new Set([
  'headers',
  'httpClient',
  'transport',
  'logger',
  'accessTokenFactory',
  'logMessageContent',
  'skipNegotiation',
  'withCredentials',
  'timeout',
  'WebSocket',
  'EventSource',
]);

/** SignalR's `HttpTransportType.None`. */
const HTTP_TRANSPORT_NONE = 0;
/** SignalR's `HttpTransportType.WebSockets`. */
const WEB_SOCKETS = 1;
/** All bits of SignalR's `HttpTransportType`. */
const ALL_TRANSPORTS = 7;

/** Checks the options of `withUrl`. @throws {HubshareError} `option-invalid`, `option-unsupported` */
export function checkHttpOptions(options: IHttpConnectionOptions | number | null | undefined): {
  readonly settings: Pick<
    HubSettings,
    'transport' | 'skipNegotiation' | 'withCredentials' | 'headers' | 'requestTimeoutMs'
  >;
  readonly logging: Logging | null;
  readonly tokenFactory: TokenFactory | null;
} {
  const given: unknown = typeof options === 'number' ? { transport: options } : (options ?? {});
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('withUrl', 'the second argument must be an HttpTransportType or an object of options.');
  }
  const http = given as IHttpConnectionOptions & { readonly WebSocket?: unknown; readonly EventSource?: unknown };
  for (const name of Object.keys(http)) {
    if (!HTTP_OPTIONS.has(name))
      throw invalid(name, 'there is no such option. See IHttpConnectionOptions of @microsoft/signalr.');
  }
  refuseObject('httpClient', http.httpClient, 'Use headers, or a token source of serveHubs(), instead.');
  for (const name of ['WebSocket', 'EventSource'] as const)
    refuseObject(name, http[name], 'It has transports of its own, which keep the token out of URLs.');
  if (typeof http.transport === 'object') refuseObject('transport', http.transport, 'Give bits of HttpTransportType.');
  // `HttpTransportType.None` says nothing, as with SignalR.
  const transport = http.transport === HTTP_TRANSPORT_NONE ? null : ((http.transport ?? null) as number | null);
  if (transport !== null && (!Number.isInteger(transport) || transport < 1 || transport > ALL_TRANSPORTS)) {
    throw invalid('transport', 'must be one or more bits of HttpTransportType.');
  }
  const skipNegotiation = flag('skipNegotiation', http.skipNegotiation, false);
  if (skipNegotiation && transport !== WEB_SOCKETS) {
    throw invalid('skipNegotiation', 'negotiation can only be skipped with transport: HttpTransportType.WebSockets.');
  }
  if (http.accessTokenFactory !== undefined && typeof http.accessTokenFactory !== 'function') {
    throw invalid('accessTokenFactory', 'must be a function that gives a token or a promise of it.');
  }
  return {
    settings: {
      transport,
      skipNegotiation,
      withCredentials: flag('withCredentials', http.withCredentials, true),
      headers: checkHeaders(http.headers),
      requestTimeoutMs: http.timeout === undefined ? null : checkMs('timeout', http.timeout),
    },
    // `null` asks SignalR for no log.
    logging: http.logger === undefined || http.logger === null ? null : checkLogging(http.logger),
    tokenFactory: http.accessTokenFactory === undefined ? null : () => (http.accessTokenFactory as TokenFactory)(),
  };
}

function refuseObject(option: string, value: unknown, advice: string): void {
  if (value !== undefined && value !== null)
    throw unsupported(option, `an object with methods cannot cross to the worker. ${advice}`);
}

function flag(option: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw invalid(option, 'must be true or false.');
  return value;
}

function checkHeaders(headers: unknown): Readonly<Record<string, string>> {
  if (headers === undefined) return {};
  if (typeof headers !== 'object' || headers === null) throw invalid('headers', 'must be an object of texts.');
  const entries = Object.entries(headers as Record<string, unknown>);
  for (const [name, value] of entries) {
    if (typeof value !== 'string') throw invalid('headers', `the header "${name}" must be a text.`);
    if (name.toLowerCase() === 'authorization') {
      throw invalid(
        'headers',
        'Authorization is added by hubshare. Give accessTokenFactory, or a token source to serveHubs().',
      );
    }
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/** A positive number of milliseconds. */
export function checkMs(option: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    throw invalid(option, 'must be a positive number of milliseconds.');
  return value;
}

/** The longest that a browser's timer can wait: 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @returns Milliseconds, or `null` for never. @throws {HubshareError} `option-invalid` */
export function checkHiddenParking(value: unknown): number | null {
  if (value === false) return null;
  if (typeof value !== 'number' || !(value > 0 && value <= LONGEST_TIMER_MS)) {
    throw invalid('withHiddenParking', 'must be false, or milliseconds above 0 and up to 24 days.');
  }
  return value;
}

/** Characters of what names a user. */
const MAX_IDENTITY = 200;

/** @returns Gives the user of now, checked. @throws {HubshareError} `option-invalid` */
export function checkIdentity(given: unknown): () => string | null {
  if (typeof given !== 'function') {
    const user = checkUser(given);
    return () => user;
  }
  return () => {
    const user: unknown = (given as () => unknown)();
    return user === null ? null : checkUser(user);
  };
}

function checkUser(user: unknown): string {
  if (typeof user === 'string' && user !== '' && user.length <= MAX_IDENTITY) return user;
  throw invalid(
    'withIdentity',
    `must be the user's name of 1 to ${MAX_IDENTITY} characters as tokens have it (their "sub"), or a function that gives it, or null while nobody is signed in.`,
  );
}

/** @throws {HubshareError} `option-invalid` */
export function checkText(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw invalid(option, 'must be a text that is not empty, such as a method name.');
  return value;
}

/** @throws {HubshareError} `option-invalid` */
export function checkFunction<F>(option: string, value: F): F {
  if (typeof value !== 'function') throw invalid(option, 'must be a function, such as (value) => show(value).');
  return value;
}

/** A positive number of bytes. */
export function checkBytes(option: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw invalid(option, 'must be a positive number of bytes.');
  }
  return value;
}

/** @throws {HubshareError} `option-invalid`, `option-unsupported` */
export function checkProtocol(protocol: unknown): HubProtocolName {
  checkRequired('withHubProtocol', protocol, 'protocol');
  const name = (protocol as { readonly name?: unknown }).name;
  if (name === 'json' || name === 'messagepack') return name;
  if (typeof name !== 'string') throw invalid('withHubProtocol', 'must be an IHubProtocol.');
  throw unsupported(
    'withHubProtocol',
    `the protocol "${name}" cannot cross to the worker, which speaks "json" and "messagepack".`,
  );
}

/**
 * What `withAutomaticReconnect` was given. `retryDelaysMs: null`: the policy decides, or else the worker's own delays hold.
 *
 * @throws {HubshareError} `option-invalid`
 */
export function checkRetries(given: readonly number[] | IRetryPolicy | null | undefined): {
  readonly retryDelaysMs: readonly number[] | null;
  readonly retryPolicy: IRetryPolicy | null;
} {
  if (given === undefined || given === null) return { retryDelaysMs: null, retryPolicy: null };
  if (!Array.isArray(given)) {
    const policy = given as IRetryPolicy;
    if (typeof policy === 'object' && typeof policy.nextRetryDelayInMilliseconds === 'function')
      return { retryDelaysMs: null, retryPolicy: policy };
    throw invalid('withAutomaticReconnect', 'give nothing, a list of delays in milliseconds, or an IRetryPolicy.');
  }
  for (const delay of given as unknown[]) {
    if (typeof delay !== 'number' || !Number.isFinite(delay) || delay < 0)
      throw invalid('withAutomaticReconnect', 'each delay must be a number of milliseconds from 0.');
  }
  return { retryDelaysMs: [...(given as number[])], retryPolicy: null };
}

const LEVELS: Readonly<Record<string, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  information: 2,
  warn: 3,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};

/** What `configureLogging` was given: the app's own logger, or a level for the console. */
export type Logging = { readonly logger: ILogger } | { readonly logLevel: number };

/** @throws {HubshareError} `option-invalid` */
export function checkLogging(logging: unknown): Logging {
  checkRequired('configureLogging', logging, 'logging');
  if (typeof logging === 'string') {
    const name = logging.toLowerCase();
    const logLevel = Object.hasOwn(LEVELS, name) ? LEVELS[name] : undefined;
    if (logLevel === undefined) throw refused('configureLogging', `Unknown log level: ${logging}`);
    return { logLevel };
  }
  if (typeof logging === 'number') {
    if (!Number.isInteger(logging) || logging < 0 || logging > 6)
      throw invalid('configureLogging', 'must be a LogLevel.');
    return { logLevel: logging };
  }
  if (typeof (logging as Partial<ILogger>).log === 'function') return { logger: logging as ILogger };
  throw invalid('configureLogging', 'must be a LogLevel, its name, or an ILogger.');
}
