/** Joins the token broker and one hub link behind the specified `SignalRAuthenticator` (T5-1, T5-4). */
import { ConnectionStatus, type SignalRAuthenticator } from '../../src/contract/connection.js';
import { HubshareError, isHubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';
import type { Clock } from '../clock.js';
import type { AccessToken } from './access-token.js';
import type { Sanitizer } from './sanitizer.js';
import type { TokenBroker } from './token-broker.js';
import { cleanError } from './token-flight.js';

export interface HubAuthenticatorDeps {
  readonly broker: TokenBroker;
  readonly clock: Clock;
  readonly sanitizer: Sanitizer;
  /** Gives the live connection a new token, in whichever way the hub offers. Called once per token, unless it fails. */
  readonly reauthenticate: (token: AccessToken) => Promise<void>;
  /** The token that the connection was made with, if it is known: a newer one is handed over as soon as it is live. */
  readonly presentedToken?: () => string | null;
  /** The hub cannot be used with what we have: `token-rejected`, or why no new token could be had. */
  readonly onFailure: (error: HubshareError) => void;
  /** Handing a background refresh over to the live connection failed; the connection lives on until its token ends. */
  readonly onReauthenticateFailed?: (error: HubshareError) => void;
}

/** A second refusal within this time, in milliseconds, is no accident: the fresh token is not good either. */
const SAME_TROUBLE_MS = 5_000;

/** Milliseconds before a handover that did not reach the hub is tried again; doubles from there. */
const HANDOVER_AGAIN_MS = 10_000;

/** `exp` is in whole seconds, and a hub may round. */
const SAME_EXPIRY_MS = 1_000;

export class HubAuthenticator implements SignalRAuthenticator {
  readonly #deps: HubAuthenticatorDeps;
  readonly #stopListening: () => void;
  #status = ConnectionStatus.DISCONNECTED;
  #release: (() => void) | null = null;
  /** The last token that was handed to the live connection, and the outcome: one handover per token, however many ask. */
  #handover: { readonly token: string; readonly done: Promise<void> } | null = null;
  /** When the last refusal was answered with a new token; `null` once the hub has accepted one for long enough. */
  #refreshedAtMs: number | null = null;
  #acceptedSince = false;
  #handling: Promise<void> | null = null;
  /** Handovers in a row that did not reach the hub, and the timer of the next. */
  #unheard = 0;
  #cancelHandover: (() => void) | null = null;

  constructor(deps: HubAuthenticatorDeps) {
    this.#deps = deps;
    this.#stopListening = deps.broker.onToken((token) => this.#handOverInBackground(token));
  }

  /** @throws {HubshareError} `token-unavailable` also for an anonymous hub: there is nothing to give. */
  async getConnectionToken(): Promise<string> {
    const token = await this.#deps.broker.get();
    if (token === null) {
      const message = 'No access token: give withUrl() an accessTokenFactory, or serveHubs() an accessToken source.';
      throw new HubshareError(wireError('token-unavailable', message, {}));
    }
    return token.token;
  }

  /** Fetches the next token and gives it to the live connection. Resolves when the hub has it. */
  async handleTokenRefresh(): Promise<void> {
    const token = await this.#deps.broker.refreshNow();
    if (token !== null && this.#status === ConnectionStatus.CONNECTED) await this.#handOver(token);
  }

  /** While the hub is wanted its token is kept fresh; a hub at rest costs no refresh. */
  async updateConnectionState(status: ConnectionStatus): Promise<void> {
    if (status === this.#status) return;
    this.#status = status;
    this.#endUnheard();
    if (status === ConnectionStatus.DISCONNECTED) {
      this.#release?.();
      this.#release = null;
      this.#handover = null;
      return;
    }
    this.#release ??= this.#deps.broker.hold();
    if (status !== ConnectionStatus.CONNECTED) {
      // The next connection is another one: it may need a token that the last one already had.
      this.#handover = null;
      return;
    }
    this.#acceptedSince = true;
    const presented = this.#deps.presentedToken?.() ?? null;
    const token = this.#deps.broker.peek();
    // Refreshed in the middle of a start: the connection was made with the token before.
    if (presented !== null && token !== null && token.token !== presented) this.#handOverInBackground(token);
  }

  /**
   * The hub has refused the token: gets another one, once. Resolves when a start is worth another try, or when the
   * failure has been reported; never rejects. Calls during that time share it.
   */
  handleAuthenticationError(error: Error): Promise<void> {
    this.#handling ??= this.#handle(error).finally(() => {
      this.#handling = null;
    });
    return this.#handling;
  }

  /**
   * The hub said `token.expiring`: of the token in hand, which is then refreshed, or of an older one, and then the news is old.
   *
   * @param expiresAtMs - When that token ends, by the hub's clock; `null`: the hub did not say.
   */
  handleTokenExpiring(expiresAtMs: number | null): void {
    const token = this.#deps.broker.peek();
    if (token === null || this.#status === ConnectionStatus.DISCONNECTED) return;
    if (this.#isAbout(token, expiresAtMs)) this.#deps.broker.expiring(token.token);
    // The hub has not heard of the one in hand: a handover that failed is due again.
    else if (this.#handover === null) this.#handOverInBackground(token);
  }

  /** Final. */
  close(): void {
    this.#stopListening();
    this.#release?.();
    this.#release = null;
    this.#status = ConnectionStatus.DISCONNECTED;
    this.#endUnheard();
  }

  async #handle(error: Error): Promise<void> {
    const { broker, clock, onFailure } = this.#deps;
    // Already the outcome of a refresh: the transports try one themselves.
    if (isHubshareError(error) && (error.code === 'token-rejected' || error.code === 'signed-out')) {
      onFailure(error);
      return;
    }
    const token = this.#deps.presentedToken?.() ?? broker.peek()?.token ?? null;
    const sinceMs = this.#refreshedAtMs === null ? Infinity : clock.now() - this.#refreshedAtMs;
    const again = this.#refreshedAtMs !== null && (!this.#acceptedSince || sinceMs < SAME_TROUBLE_MS);
    if (token !== null) broker.refuse(token);
    if (again) {
      this.#refreshedAtMs = null;
      onFailure(rejected('The hub refused the access token, and the one after it. The user has to sign in again.'));
      return;
    }
    try {
      const next = await broker.get();
      if (next === null) {
        onFailure(
          rejected('The hub wants an access token and there is none to give: withUrl() has no accessTokenFactory.'),
        );
        return;
      }
      this.#refreshedAtMs = clock.now();
      this.#acceptedSince = false;
    } catch (cause) {
      onFailure(cleanError(cause, this.#deps.sanitizer));
    }
  }

  #isAbout(token: AccessToken, expiresAtMs: number | null): boolean {
    if (expiresAtMs !== null && token.claimedExpiryMs !== null)
      return expiresAtMs > token.claimedExpiryMs - SAME_EXPIRY_MS;
    const known = this.#handover?.token ?? this.#deps.presentedToken?.() ?? token.token;
    return known === token.token;
  }

  #handOverInBackground(token: AccessToken): void {
    this.#cancelHandover?.();
    this.#cancelHandover = null;
    // Otherwise the next start takes it along.
    if (this.#status !== ConnectionStatus.CONNECTED) return;
    this.#handOver(token).then(
      () => {
        this.#unheard = 0;
      },
      (error: unknown) => {
        this.#deps.onReauthenticateFailed?.(cleanError(error, this.#deps.sanitizer));
        // What the hub itself said it would say again, and might count as an attack.
        if (isHubshareError(error) && error.code === 'hub-unreachable') this.#handOverLater(token);
      },
    );
  }

  #handOverLater(token: AccessToken): void {
    const isCurrent = (): boolean =>
      this.#status === ConnectionStatus.CONNECTED && this.#deps.broker.peek()?.token === token.token;
    if (!isCurrent() || this.#handover !== null) return;
    this.#cancelHandover?.();
    this.#cancelHandover = this.#deps.clock.setTimeout(
      () => {
        this.#cancelHandover = null;
        if (isCurrent()) this.#handOverInBackground(token);
      },
      HANDOVER_AGAIN_MS * 2 ** this.#unheard,
    );
    this.#unheard = Math.min(this.#unheard + 1, 5);
  }

  #endUnheard(): void {
    this.#cancelHandover?.();
    this.#cancelHandover = null;
    this.#unheard = 0;
  }

  #handOver(token: AccessToken): Promise<void> {
    if (this.#handover?.token === token.token) return this.#handover.done;
    // An async function, so that a callback that throws at once rejects like any other.
    const handover = { token: token.token, done: (async () => this.#deps.reauthenticate(token))() };
    this.#handover = handover;
    handover.done.catch(() => {
      if (this.#handover === handover) this.#handover = null;
    });
    return handover.done;
  }
}

function rejected(message: string): TokenRejectedError {
  return new TokenRejectedError(wireError('token-rejected', message, { httpStatus: 401 }));
}
