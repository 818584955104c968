/** One request to a token source: ends at its limit or when it is aborted, even if the source itself never answers. */
import { errorFromWire, HubshareError, isHubshareError, wireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';
import type { Sanitizer } from './sanitizer.js';
import type { FetchedToken, TokenSource } from './token-source.js';

export interface TokenFlight {
  /** Rejects with a `HubshareError`, whatever the source threw. */
  readonly fetched: Promise<FetchedToken>;
  abort(reason: HubshareError): void;
}

export function startTokenFlight(
  source: TokenSource,
  clock: Clock,
  sanitizer: Sanitizer,
  limitMs: number,
): TokenFlight {
  const controller = new AbortController();
  const { signal } = controller;

  const fetched = new Promise<FetchedToken>((resolve, reject) => {
    const disarm = clock.setTimeout(() => {
      controller.abort(
        new HubshareError(
          wireError('token-timed-out', `No token arrived in ${limitMs} ms (asked: ${source.kind}).`, {
            afterMs: limitMs,
          }),
        ),
      );
    }, limitMs);
    signal.addEventListener(
      'abort',
      () => {
        disarm();
        reject(signal.reason);
      },
      { once: true },
    );
    // An async function, so that a source that throws at once is no different from one that rejects.
    (async () => source.fetch(signal))().then(
      (answer) => {
        disarm();
        // Also when nobody wants it any more: it is a secret all the same.
        if (typeof answer?.token === 'string') sanitizer.watch(answer.token);
        resolve(answer);
      },
      (error: unknown) => {
        disarm();
        reject(cleanError(error, sanitizer));
      },
    );
  });

  return { fetched, abort: (reason) => controller.abort(reason) };
}

/** What a source throws may come from the app's own code: it gets a code, and its text is redacted. */
export function cleanError(error: unknown, sanitizer: Sanitizer): HubshareError {
  if (isHubshareError(error)) {
    const message = sanitizer.redact(error.message);
    return message === error.message ? error : errorFromWire({ ...error.wire, message });
  }
  const text = sanitizer.redact(error instanceof Error ? error.message : String(error));
  return new HubshareError(wireError('token-unavailable', `No access token could be had: ${text}`, {}));
}
