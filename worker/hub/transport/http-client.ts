/** SignalR's HTTP client with the token of the moment in each request's header, so that SignalR itself never holds one. */
import { AbortError, HttpClient, HttpError, HttpResponse, type HttpRequest } from '@microsoft/signalr';
import { HubshareError, isHubshareError, TokenRejectedError, wireError } from '../../../src/contract/errors.js';
import type { Sanitizer } from '../../auth/sanitizer.js';
import type { RedirectableBearer } from './bearer.js';
import { linkAbort, type LinkedAbort } from './linked-abort.js';
import { isNegotiate, readNegotiateAnswer, type Negotiated } from './negotiate.js';

export interface BearerHttpClientDeps {
  /** One for each client, which serves one start. */
  readonly bearer: RedirectableBearer;
  readonly sanitizer: Sanitizer;
  /** What sends the requests. */
  readonly inner: HttpClient;
  /** The broker's token may be sent there, if a negotiate redirects and hands over none of its own. Default: anywhere, as SignalR does. */
  readonly tokenMayGoTo?: (url: string) => boolean;
  readonly onNegotiated?: (negotiated: Negotiated) => void;
  /**
   * A request failed. SignalR turns the failure of a negotiate into text; this keeps what it was. `error` is set when
   * the reason is the token: `token-rejected` after a refresh that did not help, or why there was none.
   */
  readonly onFailure?: (failure: HttpFailure) => void;
  /** Aborting it ends every request of a connection that was given up, also those that SignalR would leave behind. */
  readonly signal?: AbortSignal;
}

export interface HttpFailure {
  readonly step: 'negotiate' | 'request';
  readonly httpStatus: number | null;
  readonly error: HubshareError | null;
}

/** Text of an answer that may stand in an error: an error page is longer and helps nobody. */
const MAX_ERROR_TEXT = 300;

export class BearerHttpClient extends HttpClient {
  readonly #deps: BearerHttpClientDeps;
  readonly #inner: HttpClient;
  #announcedSeconds: number | null = null;

  constructor(deps: BearerHttpClientDeps) {
    super();
    this.#deps = deps;
    this.#inner = deps.inner;
  }

  override async send(request: HttpRequest): Promise<HttpResponse> {
    const negotiates = isNegotiate(request.method, request.url);
    const abort = linkAbort(request.abortSignal, this.#deps.signal);
    try {
      const response = await this.#sendWithToken(request, abort);
      return negotiates ? this.#readNegotiate(response) : response;
    } catch (error) {
      throw this.#explain(error, negotiates ? 'negotiate' : 'request', abort);
    } finally {
      abort.unlink();
    }
  }

  override getCookieString(url: string): string {
    return this.#inner.getCookieString(url);
  }

  async #sendWithToken(request: HttpRequest, abort: LinkedAbort): Promise<HttpResponse> {
    const { bearer } = this.#deps;
    // The app set the header by hand (`withUrl(url, { headers })`): it knows what it does.
    if (Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === 'authorization'))
      return this.#once(request, null, abort);

    const token = await bearer.get(abort.signal);
    try {
      return await this.#once(request, token, abort);
    } catch (error) {
      if (!isUnauthorized(error) || token === null) throw error;
      const next = await this.#nextToken(token, error, abort);
      try {
        return await this.#once(request, next, abort);
      } catch (second) {
        if (!isUnauthorized(second)) throw second;
        bearer.refuse(next);
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- carries two errors to #explain, which throws the one for SignalR
        throw new RefusedTwice(second);
      }
    }
  }

  /** A token to try after a 401; throws if there is none. */
  async #nextToken(token: string, refusal: HttpError, abort: LinkedAbort): Promise<string> {
    let next: string | null;
    try {
      next = await this.#deps.bearer.replace(token, abort.signal);
    } catch (error) {
      // Rejected: the hub's 401 stands. Anything else may be over soon: a hub that is asked again then gets a new token.
      throw error instanceof TokenRejectedError ? new RefusedTwice(refusal, error) : error;
    }
    if (next !== null) return next;
    if (!this.#deps.bearer.isRedirected) throw refusal;
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as in #sendWithToken
    throw new RefusedTwice(refusal, handedOverRefused());
  }

  #once(request: HttpRequest, token: string | null, abort: LinkedAbort): Promise<HttpResponse> {
    // A copy for each try: the inner client writes into what it is given.
    const headers = { ...request.headers, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) };
    return this.#inner.send({ ...request, headers, abortSignal: abort.forSignalR });
  }

  #readNegotiate(response: HttpResponse): HttpResponse {
    const answer = typeof response.content === 'string' ? readNegotiateAnswer(response.content) : null;
    if (answer === null) return response;
    const { bearer, sanitizer, onNegotiated } = this.#deps;
    if (answer.accessToken !== null) {
      sanitizer.watch(answer.accessToken);
      bearer.redirect(answer.accessToken);
    }
    if (answer.redirectUrl !== null && !bearer.isRedirected && this.#deps.tokenMayGoTo?.(answer.redirectUrl) === false)
      throw redirectNotAllowed(answer.redirectUrl);
    this.#announcedSeconds = answer.tokenLifetimeSeconds ?? this.#announcedSeconds;
    if (answer.redirectUrl === null) {
      // Without negotiate version 1 both are the same public id, which may be shown.
      if (answer.connectionToken !== null && answer.connectionToken !== answer.connectionId)
        sanitizer.watch(answer.connectionToken);
      onNegotiated?.({
        connectionToken: answer.connectionToken,
        tokenLifetimeSeconds: this.#announcedSeconds,
        statefulReconnect: answer.statefulReconnect,
      });
    }
    return new HttpResponse(response.statusCode, response.statusText ?? '', answer.content);
  }

  /** What SignalR gets to see: the same kind of error, without tokens and without URLs that have a query. */
  #explain(thrown: unknown, step: HttpFailure['step'], abort: LinkedAbort): unknown {
    const { sanitizer, onFailure } = this.#deps;
    if (abort.aborted) return new AbortError();
    const refusedTwice = thrown instanceof RefusedTwice ? thrown : null;
    const error = refusedTwice?.refusal ?? thrown;
    onFailure?.({
      step,
      httpStatus: error instanceof HttpError ? error.statusCode : null,
      error: refusedTwice?.reason ?? (isHubshareError(error) ? error : null),
    });
    if (error instanceof HttpError) {
      // The class adds the status to the text itself.
      const text = sanitizer.redact(error.message.replace(/: Status code '\d+'$/, ''));
      return new HttpError(text.length > MAX_ERROR_TEXT ? `${text.slice(0, MAX_ERROR_TEXT)}…` : text, error.statusCode);
    }
    if (!(error instanceof Error)) return new Error(sanitizer.redact(String(error)));
    const message = sanitizer.redact(error.message);
    if (message === error.message) return error;
    return Object.assign(new Error(message), { name: error.name });
  }
}

/** A token was refused and there is no other to try. Never leaves this file. */
class RefusedTwice {
  constructor(
    readonly refusal: HttpError,
    readonly reason: HubshareError = new TokenRejectedError(
      wireError(
        'token-rejected',
        'The hub refused the access token, also after a refresh. The user has to sign in again.',
        { httpStatus: 401 },
      ),
    ),
  ) {}
}

/** Whoever can put a file at some path of the app's own origin could else have a page fetch the token by naming that path as a hub. */
function redirectNotAllowed(url: string): HubshareError<'hub-not-allowed'> {
  const origin = URL.canParse(url) ? new URL(url).origin : 'null';
  return new HubshareError(
    wireError(
      'hub-not-allowed',
      `The hub points to ${origin} in negotiate and hands over no token for it, and the worker's own may not go there. Name that hub in serveHubs({ hubs }), or its origin in fetchOrigins.`,
      { origin },
    ),
  );
}

/** Worth another start: its negotiate brings a new token. The user's own was not refused. */
function handedOverRefused(): HubshareError<'hub-refused'> {
  return new HubshareError(
    wireError(
      'hub-refused',
      'The service that the hub pointed to in negotiate refused the token that the hub had handed over for it.',
      { httpStatus: 401 },
    ),
  );
}

function isUnauthorized(error: unknown): error is HttpError {
  return error instanceof HttpError && error.statusCode === 401;
}
