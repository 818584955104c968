/** Everything that `serveHubs()` can be told, with its defaults and units (SEC-8). */
import { HubshareError, wireError } from '../src/contract/errors.js';
import { LINGER_MS, QUESTION_TAKE_MS, TOKEN_FROM_TAB_MS, TOPIC_LINGER_MS } from '../src/contract/timing.js';
import { DEFAULT_FETCH_LIMITS, type FetchLimits } from './auth/authorized-fetch.js';
import { DEFAULT_IDENTITY_CLAIM } from './auth/identity.js';
import { DEFAULT_REFRESH_POLICY, REFRESH_BOUNDS, type RefreshPolicy } from './auth/refresh-policy.js';
import type { TokenSource } from './auth/token-source.js';
import { DEFAULT_OUTBOX_LIMITS, type OutboxLimits } from './delivery/outbox.js';
import { DEFAULT_RETRY_DELAYS_MS } from './hub/retry-delays.js';
import { DEFAULT_JOURNAL_ENTRIES } from './observe/journal.js';
import { resolveHubs, type HubOptions, type WorkerTopics } from './topic-options.js';

export interface ServeHubsOptions {
  /** What is known of hubs beforehand, by their URL or path: a path is resolved against the address of the worker's script. */
  readonly hubs?: Readonly<Record<string, HubOptions>>;
  /**
   * Where access tokens come from, for example `refreshEndpoint('/auth/refresh')`. Without it the primary tab's
   * `accessTokenFactory` is asked; where no tab has one, the hub is anonymous.
   */
  readonly accessToken?: TokenSource;
  /**
   * The claim of a JWT that names the user: another user's token is noticed by it, and `withIdentity()` of the pages is compared with
   * it. Default `sub`.
   */
  readonly identityClaim?: string;
  /** When to refresh. Defaults: 2 hours ahead, at most a fifth of the token's life, up to a tenth of that earlier. */
  readonly refresh?: Partial<RefreshPolicy>;
  readonly reconnect?: {
    /** Milliseconds before each attempt. Default 0, 2 000, 10 000, 30 000, 60 000. */
    readonly delaysMs?: readonly number[];
    /** Share by which a delay may grow, at random. Default 0.2. */
    readonly jitter?: number;
    /**
     * Milliseconds by which a delay may grow beyond that, so that the browsers of a restarted hub do not come back in the same
     * instant even after a delay of 0. Default 500. Not for delays that a tab gave to `withAutomaticReconnect()`.
     */
    readonly spreadMs?: number;
  };
  /** Milliseconds that a start may take, from negotiate to handshake. Default 30 000. */
  readonly startTimeoutMs?: number;
  /** Milliseconds that the connection outlives the last tab, so that a reload does not end it. Default 5 000. */
  readonly lingerMs?: number;
  /** Milliseconds that a member of a topic stays joined on the hub after the last tab has let it go. Default 5 000. */
  readonly topicLingerMs?: number;
  /** Milliseconds that a tab may take to give a token before the next one is asked. Default 10 000. */
  readonly tokenFromTabMs?: number;
  /** Bounds of what waits for one tab. */
  readonly delivery?: Partial<OutboxLimits>;
  /**
   * The most milliseconds between two batches of events. At up to 250 events a second an event waits 4 ms at most, mostly not at all,
   * and with one tab or two never; at more, batches get further apart, up to this, for waking a tab costs more than the event. Outcomes of calls, items of streams
   * and statuses are not held back. Default 16, a frame of most screens; 0: each event leaves as soon as it can.
   */
  readonly maxSpacingMs?: number;
  /** Entries of the journal. Default 500. */
  readonly journalEntries?: number;
  /**
   * Origins to which the token of `accessToken` may go, such as `https://api.example.com`, beside the worker's own: by
   * `connection.authorizedFetch()`, and to hubs that `hubs` does not name. Default: none.
   */
  readonly fetchOrigins?: readonly string[];
  /** Bounds of `authorizedFetch()`. Defaults: requests of 10 MiB, answers of 50 MiB, 100 requests of one tab at the same time. */
  readonly fetchLimits?: Partial<FetchLimits>;
}

export interface ResolvedOptions {
  readonly accessToken: TokenSource | null;
  readonly identityClaim: string;
  readonly refresh: RefreshPolicy;
  readonly retryDelaysMs: readonly number[];
  readonly retryJitter: number;
  readonly retrySpreadMs: number;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly lingerMs: number;
  readonly topics: WorkerTopics;
  readonly topicLingerMs: number;
  readonly tokenFromTabMs: number;
  readonly questionTakeMs: number;
  readonly delivery: OutboxLimits;
  readonly maxSpacingMs: number;
  readonly journalEntries: number;
  /** The worker has an address: its own origin is one of those. */
  readonly hasOwnOrigin: boolean;
  /** With the worker's own. */
  readonly fetchOrigins: ReadonlySet<string>;
  readonly fetchLimits: FetchLimits;
}

/**
 * @param base - The worker's own address. Default: that of the running script, if there is one.
 * @throws {HubshareError} `option-invalid`
 */
export function resolveOptions(
  options: ServeHubsOptions,
  base = (globalThis as { readonly location?: { readonly href: string } }).location?.href,
): ResolvedOptions {
  checkGroup('options', options, KNOWN);
  const reconnect = checkGroup(
    'reconnect',
    options.reconnect ?? {},
    ['delaysMs', 'jitter', 'spreadMs'],
    options.reconnect,
  );
  const delaysMs = reconnect.delaysMs ?? DEFAULT_RETRY_DELAYS_MS;
  if (!Array.isArray(delaysMs)) throw invalid('reconnect.delaysMs', 'must be a list of milliseconds.');
  return {
    accessToken: checkSource(options.accessToken),
    identityClaim: checkClaim(options.identityClaim ?? DEFAULT_IDENTITY_CLAIM),
    refresh: checkNumbers('refresh', DEFAULT_REFRESH_POLICY, options.refresh, (name) => REFRESH_BOUNDS[name]),
    retryDelaysMs: delaysMs.map((delay) => checkNumber('reconnect.delaysMs', delay, 0)),
    retryJitter: checkNumber('reconnect.jitter', reconnect.jitter ?? 0.2, 0),
    retrySpreadMs: checkNumber('reconnect.spreadMs', reconnect.spreadMs ?? 500, 0),
    startTimeoutMs: checkNumber('startTimeoutMs', options.startTimeoutMs ?? 30_000, 1),
    stopTimeoutMs: 5_000,
    lingerMs: checkNumber('lingerMs', options.lingerMs ?? LINGER_MS, 0),
    topics: resolveHubs(options.hubs, base),
    topicLingerMs: checkNumber('topicLingerMs', options.topicLingerMs ?? TOPIC_LINGER_MS, 0),
    tokenFromTabMs: checkNumber('tokenFromTabMs', options.tokenFromTabMs ?? TOKEN_FROM_TAB_MS, 1),
    questionTakeMs: QUESTION_TAKE_MS,
    delivery: checkNumbers('delivery', DEFAULT_OUTBOX_LIMITS, options.delivery),
    maxSpacingMs: checkNumber('maxSpacingMs', options.maxSpacingMs ?? DEFAULT_MAX_SPACING_MS, 0),
    journalEntries: checkNumber('journalEntries', options.journalEntries ?? DEFAULT_JOURNAL_ENTRIES, 1),
    hasOwnOrigin: base !== undefined,
    fetchOrigins: checkOrigins(options.fetchOrigins ?? [], base),
    fetchLimits: checkNumbers('fetchLimits', DEFAULT_FETCH_LIMITS, options.fetchLimits),
  };
}

const DEFAULT_MAX_SPACING_MS = 16;

const KNOWN: readonly (keyof ServeHubsOptions)[] = [
  'hubs',
  'accessToken',
  'identityClaim',
  'refresh',
  'reconnect',
  'startTimeoutMs',
  'lingerMs',
  'topicLingerMs',
  'tokenFromTabMs',
  'delivery',
  'maxSpacingMs',
  'journalEntries',
  'fetchOrigins',
  'fetchLimits',
];

/** @param given - What the app wrote, where `group` stands in for `undefined`: `null` is refused. */
function checkGroup<T extends object>(
  option: string,
  group: T,
  known: readonly string[],
  given: T | undefined = group,
): T {
  if (given === null || typeof group !== 'object' || group === null || Array.isArray(group))
    throw invalid(option, 'must be an object.');
  for (const name of Object.keys(group)) {
    if (!known.includes(name))
      throw invalid(option === 'options' ? name : `${option}.${name}`, 'there is no such option of serveHubs().');
  }
  return group;
}

function checkSource(source: TokenSource | undefined): TokenSource | null {
  if (source === undefined) return null;
  if (typeof source === 'object' && source !== null && typeof source.fetch === 'function') {
    if (source.url === undefined || (typeof source.url === 'string' && URL.canParse(source.url))) return source;
    throw invalid('accessToken.url', 'must be an absolute URL.');
  }
  throw invalid('accessToken', "must be a token source, for example refreshEndpoint('/auth/refresh').");
}

function checkClaim(claim: unknown): string {
  if (typeof claim === 'string' && claim !== '') return claim;
  throw invalid('identityClaim', "must be the name of a claim, such as 'sub'.");
}

function checkOrigins(origins: unknown, base: string | undefined): ReadonlySet<string> {
  if (!Array.isArray(origins)) throw invalid('fetchOrigins', 'must be a list of origins.');
  const own = base === undefined ? [] : [new URL(base).origin];
  return new Set([...own, ...origins.map(checkOrigin)]);
}

function checkOrigin(value: unknown): string {
  const advice =
    "must name origins by scheme and host, such as 'https://api.example.com', with no path and no wildcard.";
  if (typeof value !== 'string' || !URL.canParse(value)) throw invalid('fetchOrigins', advice);
  const { protocol, origin } = new URL(value);
  // What is more than an origin would promise a narrower rule than there is.
  const isOrigin = value === origin || value === `${origin}/`;
  if (!isOrigin || value.includes('*') || (protocol !== 'https:' && protocol !== 'http:'))
    throw invalid('fetchOrigins', advice);
  return origin;
}

/** @param bounds - The least and the most of each; default: from 1. */
function checkNumbers<T extends object>(
  option: string,
  defaults: T,
  given: Partial<T> | undefined,
  bounds: (name: keyof T) => readonly [least: number, most?: number] = () => [1],
): T {
  const checked = checkGroup<Partial<T>>(option, given ?? {}, Object.keys(defaults), given);
  for (const [name, value] of Object.entries(checked))
    checkNumber(`${option}.${name}`, value, ...bounds(name as keyof T));
  return { ...defaults, ...checked };
}

function checkNumber(option: string, value: unknown, least: number, most = Infinity): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw invalid(option, `must be a number from ${least}${most === Infinity ? '' : ` to ${most}`}.`);
}

function invalid(option: string, message: string): HubshareError<'option-invalid'> {
  return new HubshareError(wireError('option-invalid', `serveHubs(): ${option} ${message}`, { option }));
}
