/** SignalR's requests by `fetch`, as SignalR's own client makes them; that one shows nobody the headers of a refusal. */
import {
  AbortError,
  HttpClient,
  HttpError,
  HttpResponse,
  LogLevel,
  TimeoutError,
  type HttpRequest,
  type ILogger,
} from '@microsoft/signalr';
import type { Clock } from '../../clock.js';
import type { Answer } from './retry-after.js';

export interface FetchClientDeps {
  readonly logger: ILogger;
  readonly clock: Clock;
  /** The server has answered, before the answer is read. */
  readonly onAnswer?: (answer: Answer) => void;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

export class FetchClient extends HttpClient {
  readonly #deps: FetchClientDeps;

  constructor(deps: FetchClientDeps) {
    super();
    this.#deps = deps;
  }

  override async send(request: HttpRequest): Promise<HttpResponse> {
    const { abortSignal } = request;
    if (abortSignal?.aborted === true) throw new AbortError();
    const abort = new AbortController();
    if (abortSignal !== undefined) abortSignal.onabort = () => abort.abort(new AbortError());
    try {
      const response = await this.#fetch(request, abort);
      this.#deps.onAnswer?.(response);
      const { ok, status, statusText } = response;
      if (!ok) throw new HttpError((await response.text()) || statusText, status);
      return request.responseType === 'arraybuffer'
        ? new HttpResponse(status, statusText, await response.arrayBuffer())
        : new HttpResponse(status, statusText, await response.text());
    } finally {
      if (abortSignal !== undefined) abortSignal.onabort = null;
    }
  }

  /** Resolves with the head of the answer: for that alone a request's time limit holds, as in SignalR's own client. */
  async #fetch({ method, url, content, headers, timeout, ...more }: HttpRequest, abort: AbortController) {
    const { logger, clock, fetch: send = (...request) => globalThis.fetch(...request) } = this.#deps;
    if (method === undefined || url === undefined) throw new Error('A request has a method and a URL.');
    const disarm =
      timeout === undefined || timeout === 0
        ? null
        : clock.setTimeout(() => {
            logger.log(LogLevel.Warning, 'Timeout from HTTP request.');
            abort.abort(new TimeoutError());
          }, timeout);
    try {
      return await send(url, {
        method,
        headers: { 'X-Requested-With': 'XMLHttpRequest', ...headers, ...typeOf(content) },
        cache: 'no-cache',
        credentials: more.withCredentials === true ? 'include' : 'same-origin',
        mode: 'cors',
        redirect: 'follow',
        signal: abort.signal,
        ...(content === undefined || content === '' ? {} : { body: content }),
      });
    } catch (error) {
      // Whatever the engine makes of the reason, SignalR knows its own two classes.
      if (abort.signal.aborted) throw abort.signal.reason;
      logger.log(LogLevel.Warning, `Error from HTTP request. ${String(error)}.`);
      throw error;
    } finally {
      disarm?.();
    }
  }
}

function typeOf(content: HttpRequest['content']): Record<string, string> {
  if (content === undefined || content === '') return {};
  return {
    'Content-Type': typeof content === 'string' ? 'text/plain;charset=UTF-8' : 'application/octet-stream',
  };
}
