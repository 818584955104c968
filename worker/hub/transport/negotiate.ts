/** Recognises negotiate requests and reads their answers, so that no token stays with SignalR and `POST {hub}/refresh` can be made. */
import { takeToken } from './bearer.js';

/** What a negotiate that did not redirect said. */
export interface Negotiated {
  /** The connection's secret key; `null` with negotiate version 0. */
  readonly connectionToken: string | null;
  /** Set by a hub that takes a new token at `POST {hub}/refresh` (ASP.NET Core 11). */
  readonly tokenLifetimeSeconds: number | null;
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

/** A hub may itself be called "negotiate": only SignalR's negotiate has the version. */
export function isNegotiate(method: string | undefined, url: string | undefined): boolean {
  if (method !== 'POST' || url === undefined || !URL.canParse(url)) return false;
  const { pathname, searchParams } = new URL(url);
  return pathname.endsWith('/negotiate') && searchParams.has('negotiateVersion');
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
  const redirect = redirection(rest['url']);
  if (redirect.token !== null) rest['url'] = redirect.url;
  const lifetime = rest['tokenLifetimeSeconds'];
  return {
    connectionToken: text(rest['connectionToken']),
    connectionId: text(rest['connectionId']),
    tokenLifetimeSeconds: typeof lifetime === 'number' && Number.isFinite(lifetime) ? lifetime : null,
    redirectUrl: redirect.url,
    accessToken: text(accessToken) ?? redirect.token,
    statefulReconnect: rest['useStatefulReconnect'] === true,
    content: accessToken === undefined && redirect.token === null ? content : JSON.stringify(rest),
  };
}

/** A service that wants its token in the query gets it in the header all the same: it goes into no URL of ours. */
function redirection(value: unknown): { readonly url: string | null; readonly token: string | null } {
  const url = text(value);
  if (url === null || !URL.canParse(url)) return { url, token: null };
  const target = new URL(url);
  const token = takeToken(target);
  return token === null ? { url, token } : { url: target.href, token };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
