/** Recognises negotiate requests and reads their answers, so that no token stays with SignalR and `POST {hub}/refresh` can be made. */

/** What a negotiate that did not redirect said. */
export interface Negotiated {
  /** The connection's secret key; `null` with negotiate version 0. */
  readonly connectionToken: string | null;
  /** Set by a hub that takes a new token at `POST {hub}/refresh` (ASP.NET Core 11). */
  readonly tokenLifetimeSeconds: number | null;
  /** The connection is held by another service than the hub itself. */
  readonly redirected: boolean;
  /** The hub keeps the connection for a while when its transport is cut. */
  readonly statefulReconnect: boolean;
}

export interface NegotiateAnswer {
  readonly connectionToken: string | null;
  readonly connectionId: string | null;
  readonly tokenLifetimeSeconds: number | null;
  /** Where to negotiate next. */
  readonly redirectUrl: string | null;
  readonly accessToken: string | null;
  readonly statefulReconnect: boolean;
  /** The answer for SignalR: without the token. */
  readonly content: string;
}

/** @returns The URL that is negotiated for, without query and closing slash; `null` if this is another request. */
export function negotiatedUrl(method: string | undefined, url: string | undefined): string | null {
  if (method !== 'POST' || url === undefined || !URL.canParse(url)) return null;
  const { origin, pathname, searchParams } = new URL(url);
  // A hub may itself be called "negotiate": only SignalR's negotiate has the version.
  return pathname.endsWith('/negotiate') && searchParams.has('negotiateVersion')
    ? origin + pathname.slice(0, -'/negotiate'.length)
    : null;
}

/** A hub's URL in the form of `negotiatedUrl`. */
export function plainUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/, '');
}

/** @returns `null` for an answer that is no JSON object: SignalR has its own words for that. */
export function readNegotiateAnswer(content: string): NegotiateAnswer | null {
  let answer: unknown;
  try {
    answer = JSON.parse(content);
  } catch {
    return null;
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return null;
  const { accessToken, ...rest } = answer as Record<string, unknown>;
  const lifetime = rest['tokenLifetimeSeconds'];
  return {
    connectionToken: text(rest['connectionToken']),
    connectionId: text(rest['connectionId']),
    tokenLifetimeSeconds: typeof lifetime === 'number' && Number.isFinite(lifetime) ? lifetime : null,
    redirectUrl: text(rest['url']),
    accessToken: text(accessToken),
    statefulReconnect: rest['useStatefulReconnect'] === true,
    content: accessToken === undefined ? content : JSON.stringify(rest),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
