/** `fetch` with the worker's token: the request goes to the worker as data, and its answer comes back as a `Response`. */
import { transfer } from 'comlink';
import { errorFromWire, HubshareError, wireError } from '../contract/errors.js';
import { FORBIDDEN_FETCH_METHODS, type FetchAnswer, type FetchRequest } from '../contract/fetch.js';
import type { Reply } from '../contract/rpc.js';
import { secretParameter } from '../contract/secret-parameters.js';
import type { HubChannel } from '../tab/hub-channel.js';
import type { Stay, TabClient } from '../tab/tab-client.js';
import { invalid } from './options.js';

/** @param channel - The hub whose token is sent, for as long as the user is the one of now. */
export async function authorizedFetch(
  client: TabClient,
  { hub, signedIn }: Pick<HubChannel, 'hub' | 'signedIn'>,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Promise<Response> {
  const request = await readRequest(input, init);
  const { signal } = request;
  signal.throwIfAborted();
  const buffer = await request.arrayBuffer();
  signedIn.throwIfAborted();
  const body = buffer.byteLength === 0 ? null : buffer;
  const { url, method, cache, credentials, integrity, keepalive, referrerPolicy } = request;
  const message: FetchRequest = {
    hub,
    requestId: crypto.randomUUID(),
    url,
    method,
    headers: [...request.headers],
    body,
    cache,
    credentials,
    integrity,
    keepalive,
    mode: request.mode === 'same-origin' ? 'same-origin' : 'cors',
    referrerPolicy,
  };
  // A visit: the tab stays with the worker until the answer is here, also if the connection is stopped meanwhile.
  const answer = await client.visit((stay) => answerOf(stay, message, signal, signedIn));
  return responseOf(answer);
}

/** What can be seen to be wrong is refused here, before the platform throws an error that may quote a URL or a header. */
async function readRequest(input: RequestInfo | URL, init: RequestInit = {}): Promise<Request> {
  const given = input instanceof Request ? input.url : String(input);
  const base = globalThis.document?.baseURI;
  if (!URL.canParse(given, base)) throw invalid('input', 'give authorizedFetch() a URL or a Request.');
  const target = new URL(given, base);
  const { origin } = target;
  if (target.username !== '' || target.password !== '')
    throw refused(origin, 'the URL holds a user name or password. Use a header of another name for them.');
  const secret = secretParameter(target);
  if (secret !== null)
    throw refused(origin, `the query has "${secret}". URLs end up in logs; the worker sends the token in a header.`);
  if (FORBIDDEN_FETCH_METHODS.has(init.method?.toUpperCase() ?? ''))
    throw refused(origin, 'this method is not allowed.');
  let request: Request;
  try {
    // Not every browser takes a stream for a body, and the worker gets it whole in any case.
    const isStream = init.body instanceof ReadableStream;
    const body = isStream ? await new Response(init.body).arrayBuffer() : init.body;
    request = new Request(input, body === undefined ? init : { ...init, body });
  } catch {
    init.signal?.throwIfAborted();
    throw invalid('init', 'fetch() would not take this request. Look at its method, headers, body and mode.');
  }
  if (request.mode === 'no-cors') throw invalid('mode', "a request of mode 'no-cors' cannot carry a token.");
  if (request.headers.has('Authorization')) {
    throw refused(
      origin,
      'it has an Authorization header of its own. The worker sets that header; use fetch() for a token of your own.',
    );
  }
  return request;
}

function answerOf(stay: Stay, message: FetchRequest, signal: AbortSignal, signedIn: AbortSignal): Promise<FetchAnswer> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      settle(() => {
        stay.api.abortFetch(message.requestId).catch(() => undefined);
        reject(signal.reason);
      });
    const onSignedOut = (): void => settle(() => reject(signedIn.reason));
    const onOver = (): void => settle(() => reject(workerLost()));
    function settle(then: () => void): void {
      signal.removeEventListener('abort', onAbort);
      signedIn.removeEventListener('abort', onSignedOut);
      stay.over.removeEventListener('abort', onOver);
      then();
    }
    if (signal.aborted) return reject(signal.reason);
    if (signedIn.aborted) return reject(signedIn.reason);
    if (stay.over.aborted) return reject(workerLost());
    signal.addEventListener('abort', onAbort);
    signedIn.addEventListener('abort', onSignedOut);
    stay.over.addEventListener('abort', onOver);
    const { body } = message;
    const reply: Promise<Reply<FetchAnswer>> = stay.api.authorizedFetch(
      body === null ? message : transfer(message, [body]),
    );
    reply.then(
      async (answer) => {
        // A page that was frozen hears first whether its user is still the one who is signed in.
        await stay.events.reached(0);
        settle(() => (answer.ok ? resolve(answer.value) : reject(errorFromWire(answer.error))));
      },
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** Statuses of which no `Response` may have a body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function responseOf({ status, statusText, headers, body, url }: FetchAnswer): Response {
  const response = new Response(WITHOUT_BODY.has(status) ? null : body, {
    status,
    statusText,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
  // A Response that a page makes has no address of its own.
  return Object.defineProperty(response, 'url', { value: url });
}

function refused(origin: string, why: string): HubshareError<'fetch-refused'> {
  return new HubshareError(wireError('fetch-refused', `authorizedFetch() was refused: ${why}`, { origin }));
}

function workerLost(): HubshareError<'worker-lost'> {
  const message =
    'The shared worker has ended while the request was on its way. The server may or may not have done what it asked.';
  return new HubshareError(wireError('worker-lost', message, {}));
}
