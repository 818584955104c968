import { describe, expect, it, vi } from 'vitest';
import { ConnectionStatus } from '../../src/contract/connection.js';
import { HubshareError, TokenRejectedError, wireError } from '../../src/contract/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { AccessToken } from './access-token.js';
import { HubAuthenticator } from './authenticator.js';
import { createSanitizer } from './sanitizer.js';
import { createTokenBroker } from './token-broker.js';
import type { FetchedToken } from './token-source.js';

const { CONNECTED, CONNECTING, DISCONNECTED, RECONNECTING } = ConnectionStatus;

function setUp({ anonymous = false, jwt = false } = {}) {
  const clock = new FakeClock();
  const sanitizer = createSanitizer();
  let issued = 0;
  const fetch = vi.fn(async (): Promise<FetchedToken> => {
    const name = `token-${++issued}`;
    const claims = { exp: clock.now() / 1_000 + 300, jti: name };
    const token = jwt ? `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y` : name;
    return { token, expiresInSeconds: 300 };
  });
  const broker = createTokenBroker({
    source: anonymous ? null : { kind: 'endpoint', fetch },
    clock,
    sanitizer,
    random: () => 0,
  });
  const handed: string[] = [];
  const reauthenticate = vi.fn(async (token: AccessToken) => {
    handed.push(token.token);
  });
  const failures: string[] = [];
  const hub = { presented: null as string | null };
  const onReauthenticateFailed = vi.fn();
  const authenticator = new HubAuthenticator({
    broker,
    clock,
    sanitizer,
    reauthenticate,
    presentedToken: () => hub.presented,
    onFailure: (error) => failures.push(error.code),
    onReauthenticateFailed,
  });
  /** Connects with the token of the moment. */
  const connect = async (): Promise<void> => {
    await authenticator.updateConnectionState(CONNECTING);
    hub.presented = await authenticator.getConnectionToken();
    await authenticator.updateConnectionState(CONNECTED);
  };
  return {
    clock,
    fetch,
    broker,
    handed,
    reauthenticate,
    failures,
    hub,
    onReauthenticateFailed,
    authenticator,
    connect,
  };
}

const refusal = new Error('401');

describe('getConnectionToken', () => {
  it('gives the bare token', async () => {
    await expect(setUp().authenticator.getConnectionToken()).resolves.toBe('token-1');
  });

  it('has a code when there is none to give', async () => {
    await expect(setUp({ anonymous: true }).authenticator.getConnectionToken()).rejects.toMatchObject({
      code: 'token-unavailable',
    });
  });
});

describe('updateConnectionState', () => {
  it('keeps the token fresh from connecting to disconnected', async () => {
    const { clock, authenticator, connect } = setUp();
    await connect();
    expect(clock.pending).toBe(1);
    await authenticator.updateConnectionState(RECONNECTING);
    expect(clock.pending).toBe(1);
    await authenticator.updateConnectionState(DISCONNECTED);
    expect(clock.pending).toBe(0);
    await authenticator.updateConnectionState(RECONNECTING);
    expect(clock.pending).toBe(1);
    authenticator.close();
    expect(clock.pending).toBe(0);
  });

  it('hands over a token that came while the connection was made with the one before', async () => {
    const { handed, hub, authenticator, broker } = setUp();
    await authenticator.updateConnectionState(CONNECTING);
    hub.presented = await authenticator.getConnectionToken();
    await broker.refreshNow();
    expect(handed).toEqual([]);
    await authenticator.updateConnectionState(CONNECTED);
    expect(handed).toEqual(['token-2']);
  });

  it('hands over nothing when the connection has the token already', async () => {
    const { handed, connect } = setUp();
    await connect();
    expect(handed).toEqual([]);
  });
});

describe('a refresh', () => {
  it('ahead of expiry reaches the live connection, once', async () => {
    const { clock, fetch, handed, connect } = setUp();
    await connect();
    await clock.advanceBy(240_000);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(handed).toEqual(['token-2']);
  });

  it('by handleTokenRefresh reaches the live connection once, and is awaited', async () => {
    const { handed, authenticator, connect } = setUp();
    await connect();
    await authenticator.handleTokenRefresh();
    expect(handed).toEqual(['token-2']);
  });

  it('by handleTokenRefresh rejects when the hub does not take it', async () => {
    const { authenticator, connect, reauthenticate, onReauthenticateFailed, handed } = setUp();
    await connect();
    reauthenticate.mockRejectedValueOnce(new Error('no such method'));
    await expect(authenticator.handleTokenRefresh()).rejects.toThrow('no such method');
    expect(onReauthenticateFailed).toHaveBeenCalledTimes(1);
    expect(reauthenticate).toHaveBeenCalledTimes(1);
    expect(handed).toEqual([]);
  });

  it('while reconnecting is left to the next start', async () => {
    const { handed, authenticator, connect } = setUp();
    await connect();
    await authenticator.updateConnectionState(RECONNECTING);
    await authenticator.handleTokenRefresh();
    expect(handed).toEqual([]);
  });

  it('by another hub with the same broker reaches this one too', async () => {
    const { broker, handed, connect } = setUp();
    await connect();
    await broker.refreshNow();
    expect(handed).toEqual(['token-2']);
  });

  it('reaches nobody after close', async () => {
    const { broker, handed, authenticator, connect } = setUp();
    await connect();
    authenticator.close();
    await broker.refreshNow();
    expect(handed).toEqual([]);
  });
});

describe('token.expiring of the hub (US8-3)', () => {
  it('about the token in hand refreshes it, and the hub is given the next one', async () => {
    const { clock, fetch, handed, hub, authenticator, connect } = setUp();
    await connect();
    await clock.advanceBy(200_000);
    expect(hub.presented).toBe('token-1');
    authenticator.handleTokenExpiring(300_000);
    authenticator.handleTokenExpiring(300_000);
    await clock.advanceBy(0);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(handed).toEqual(['token-2']);
  });

  it('is old news once the token was refreshed', async () => {
    const { clock, fetch, broker, handed, authenticator, connect } = setUp();
    await connect();
    await clock.advanceBy(200_000);
    await broker.refreshNow();
    // It says no moment: what counts is that the connection was given the next one.
    hubStillSays(authenticator);
    await clock.advanceBy(150_000);
    expect(fetch).toHaveBeenCalledTimes(3);
    expect(handed).toEqual(['token-2', 'token-3']);
  });

  function hubStillSays(authenticator: HubAuthenticator): void {
    for (let n = 0; n < 5; n++) authenticator.handleTokenExpiring(null);
  }

  it('tells two tokens apart by their end, whatever was presented', async () => {
    const { clock, fetch, broker, authenticator, connect } = setUp({ jwt: true });
    await connect();
    await clock.advanceBy(200_000);
    const { claimedExpiryMs } = broker.peek()!;
    authenticator.handleTokenExpiring(claimedExpiryMs! - 60_000);
    await clock.advanceBy(0);
    expect(fetch).toHaveBeenCalledTimes(1);
    // A hub may round.
    authenticator.handleTokenExpiring(claimedExpiryMs! - 999);
    await clock.advanceBy(0);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('about an older one hands over again what had not reached the hub', async () => {
    const { clock, broker, handed, reauthenticate, authenticator, connect } = setUp();
    await connect();
    reauthenticate.mockRejectedValueOnce(new Error('no such method'));
    await broker.refreshNow();
    await clock.settle();
    expect(handed).toEqual([]);
    authenticator.handleTokenExpiring(null);
    await clock.settle();
    expect(handed).toEqual(['token-2']);
    authenticator.handleTokenExpiring(null);
    await clock.settle();
    expect(reauthenticate).toHaveBeenCalledTimes(2);
  });

  it('means nothing without a token or without a hub', async () => {
    const { clock, fetch, authenticator, connect } = setUp();
    authenticator.handleTokenExpiring(null);
    await connect();
    await authenticator.updateConnectionState(DISCONNECTED);
    await clock.advanceBy(200_000);
    authenticator.handleTokenExpiring(null);
    await clock.advanceBy(0);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  });
});

describe('a handover that did not reach the hub', () => {
  const unreachable = () => new HubshareError(wireError('hub-unreachable', 'no answer', {}));

  it('is tried again after growing pauses, until it does', async () => {
    const { clock, broker, handed, reauthenticate, connect } = setUp();
    await connect();
    const triedAtMs: number[] = [];
    reauthenticate.mockImplementation(async ({ token }) => {
      triedAtMs.push(clock.now());
      if (triedAtMs.length < 4) throw unreachable();
      handed.push(token);
    });
    await broker.refreshNow();
    await clock.advanceBy(100_000);
    expect(triedAtMs).toEqual([0, 10_000, 30_000, 70_000]);
    expect(handed).toEqual(['token-2']);
    // The early refresh, and no other timer.
    expect(clock.pending).toBe(1);
  });

  it('is left alone once there is a newer token, another connection, or no hub', async () => {
    const { clock, broker, handed, reauthenticate, authenticator, connect } = setUp();
    await connect();
    reauthenticate.mockRejectedValueOnce(unreachable());
    await broker.refreshNow();
    await clock.settle();
    expect(clock.pending).toBe(2);
    await broker.refreshNow();
    await clock.advanceBy(30_000);
    expect(handed).toEqual(['token-3']);
    reauthenticate.mockRejectedValueOnce(unreachable());
    await broker.refreshNow();
    await clock.settle();
    await authenticator.updateConnectionState(RECONNECTING);
    expect(clock.pending).toBe(1);
    authenticator.close();
    expect(clock.pending).toBe(0);
  });

  it('is not repeated when the hub itself said no', async () => {
    const { clock, broker, reauthenticate, connect } = setUp();
    await connect();
    reauthenticate.mockRejectedValueOnce(
      new TokenRejectedError(wireError('token-rejected', 'no', { httpStatus: 401 })),
    );
    await broker.refreshNow();
    await clock.advanceBy(200_000);
    expect(reauthenticate).toHaveBeenCalledTimes(1);
  });
});

describe('handleAuthenticationError', () => {
  it('refuses the token and gets another one, once', async () => {
    const { fetch, failures, broker, authenticator, connect } = setUp();
    await connect();
    await authenticator.handleAuthenticationError(refusal);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(failures).toEqual([]);
    expect(broker.peek()?.token).toBe('token-2');
  });

  it('is one refresh for refusals that come together', async () => {
    const { fetch, failures, authenticator, connect } = setUp();
    await connect();
    await Promise.all([
      authenticator.handleAuthenticationError(refusal),
      authenticator.handleAuthenticationError(refusal),
    ]);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(failures).toEqual([]);
  });

  it('does not refuse a newer token than the one that the hub has seen', async () => {
    const { fetch, failures, broker, hub, authenticator, connect } = setUp();
    await connect();
    hub.presented = 'token-0';
    await authenticator.handleAuthenticationError(refusal);
    expect(broker.peek()?.token).toBe('token-1');
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(failures).toEqual([]);
  });

  it('reports token-rejected when the fresh token is refused too, without another fetch', async () => {
    const { fetch, failures, hub, authenticator, connect } = setUp();
    await connect();
    await authenticator.handleAuthenticationError(refusal);
    await authenticator.updateConnectionState(RECONNECTING);
    hub.presented = await authenticator.getConnectionToken();
    await authenticator.handleAuthenticationError(refusal);
    expect(failures).toEqual(['token-rejected']);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('reports it also when the hub takes the fresh token and drops it right after', async () => {
    const { clock, fetch, failures, authenticator, connect } = setUp();
    await connect();
    await authenticator.handleAuthenticationError(refusal);
    await connect();
    await clock.advanceBy(4_999);
    await authenticator.handleAuthenticationError(refusal);
    expect(failures).toEqual(['token-rejected']);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('starts anew once a token has been good for a while', async () => {
    const { clock, fetch, failures, authenticator, connect } = setUp();
    await connect();
    await authenticator.handleAuthenticationError(refusal);
    await connect();
    await clock.advanceBy(5_000);
    await authenticator.handleAuthenticationError(refusal);
    expect(failures).toEqual([]);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it.each(['token-rejected', 'token-unavailable'] as const)('reports %s from the source as it is', async (code) => {
    const { fetch, failures, authenticator, connect } = setUp();
    await connect();
    fetch.mockRejectedValueOnce(
      code === 'token-rejected'
        ? new TokenRejectedError(wireError(code, 'no', { httpStatus: 401 }))
        : new HubshareError(wireError(code, 'later', {})),
    );
    await authenticator.handleAuthenticationError(refusal);
    expect(failures).toEqual([code]);
  });

  it('passes on what a transport has already found out by a refresh of its own', async () => {
    const { fetch, failures, authenticator, connect } = setUp();
    await connect();
    await authenticator.handleAuthenticationError(
      new TokenRejectedError(wireError('token-rejected', 'no', { httpStatus: 401 })),
    );
    expect(failures).toEqual(['token-rejected']);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('says what to do when a hub without a token wants one', async () => {
    const { failures, authenticator } = setUp({ anonymous: true });
    await authenticator.handleAuthenticationError(refusal);
    expect(failures).toEqual(['token-rejected']);
  });
});
