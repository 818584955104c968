/**
 * One client's connection, whatever carries it.
 *
 *               attach                   handshake
 *   negotiated --------> handshaking ----------------> live
 *       |                     |                          |
 *       +---------------------+-------- end -------------+---> over (final)
 */
import { setMaxListeners } from 'node:events';
import type { Principal } from '../auth/tokens.js';
import type { Counters } from '../counters.js';
import type { Limits } from '../options.js';
import { agree, handshakeResponse } from '../protocol/handshake.js';
import type { HubProtocol, Payload } from '../protocol/hub-protocol.js';
import { createInbox } from '../protocol/inbox.js';
import type { ClientMessage, ServerMessage } from '../protocol/messages.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import type { SharedMessage } from '../protocol/shared-message.js';
import { cutTextRecord } from '../protocol/text-records.js';
import { TRANSFER_FORMATS, type Transport, type TransportEvents } from '../transports/transport.js';

type State =
  | { readonly kind: 'negotiated' }
  | { readonly kind: 'handshaking'; readonly transport: Transport }
  | { readonly kind: 'live'; readonly transport: Transport; readonly protocol: HubProtocol }
  | { readonly kind: 'over'; readonly transport: Transport | null };

export interface Goodbye {
  readonly error?: string;
  readonly allowReconnect?: boolean;
}

/** The same words as ASP.NET Core, whose details stay on the server; like there, the client may try again. */
export const FAILED: Goodbye = { error: 'Connection closed with an error.', allowReconnect: true };

export interface Connection {
  /** Public name. */
  readonly id: string;
  /** Secret name: who knows it may speak as this connection, if the access token fits too. */
  readonly token: string;
  /** Frozen. Another one takes its place with `adopt` only. */
  readonly principal: Principal;
  /** Of the socket that has opened it. */
  readonly address: string;
  readonly live: boolean;
  /** `null` until there is one. Stays readable afterwards, since a long poll must be told the end. */
  readonly transport: Transport | null;
  /** Aborted when the connection is over. */
  readonly signal: AbortSignal;
  /** @throws {Error} It has a transport already. */
  attach<T extends Transport>(open: (events: TransportEvents) => T): T;
  /** What the client sent beside the transport itself (the POST requests of SSE and long polling). */
  receive(bytes: Buffer): void;
  /** Dropped unless live. */
  send(message: ServerMessage): void;
  /** Sends a message that many connections get. */
  sendShared(message: SharedMessage): void;
  /** Goes on with a newer token of the same user. @throws {Error} It is another user's: a connection never changes hands. */
  adopt(principal: Principal): void;
  /** Says goodbye with a Close message, then ends the transport in good order. */
  close(goodbye?: Goodbye): void;
  /** The client itself has ended it. */
  leave(): void;
  /** Cuts it without a goodbye. */
  abort(): void;
}

export interface ConnectionDeps {
  readonly limits: Limits;
  readonly counters: Counters;
  readonly clockToleranceMs: number;
  readonly closeOnExpiry: boolean;
  onLive(connection: Connection): void;
  onMessage(connection: Connection, message: ClientMessage): void;
  /** It is over; `wasLive` tells whether anyone knew of it. */
  onOver(connection: Connection, wasLive: boolean): void;
  /** Nothing of it is left, not even a poll that must be told the end. */
  onForgotten(connection: Connection): void;
}

/** `setTimeout` fires at once for a longer delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const EXPIRING_SHARE = 0.2;
const EXPIRING_MAX_MS = 5 * 60_000;

export function createConnection(
  { id, token, principal: owner, address }: Pick<Connection, 'id' | 'token' | 'principal' | 'address'>,
  deps: ConnectionDeps,
): Connection {
  const { limits, counters } = deps;
  const over = new AbortController();
  // One listener for each call in flight is no leak.
  setMaxListeners(0, over.signal);
  const inbox = createInbox(limits.maxMessageBytes, cutTextRecord);
  let state: State = { kind: 'negotiated' };
  let principal = owner;
  let sentAtMs = 0;
  let receivedAtMs = 0;
  /** Of the state: the end of waiting for a transport or a handshake; then the ping. */
  let stateTimer: NodeJS.Timeout | undefined = setTimeout(() => end(null), limits.disconnectTimeoutMs);
  let expiringTimer: NodeJS.Timeout | undefined;
  let expiryTimer: NodeJS.Timeout | undefined;

  function end(how: 'end' | 'abort' | null): void {
    if (state.kind === 'over') return;
    const wasLive = state.kind === 'live';
    const transport = state.kind === 'negotiated' ? null : state.transport;
    state = { kind: 'over', transport };
    clearTimeout(stateTimer);
    clearTimeout(expiringTimer);
    clearTimeout(expiryTimer);
    if (how !== null) transport?.[how]();
    over.abort();
    deps.onOver(connection, wasLive);
    void (transport?.done ?? Promise.resolve()).then(() => deps.onForgotten(connection));
  }

  function write(transport: Transport, payload: Payload): void {
    counters.bytesSent += Buffer.byteLength(payload);
    sentAtMs = Date.now();
    transport.send(payload);
  }

  function receive(bytes: Buffer): void {
    counters.bytesReceived += bytes.length;
    receivedAtMs = Date.now();
    try {
      for (const message of inbox.push(bytes)) {
        if (state.kind === 'over' || state.kind === 'negotiated') return;
        if (state.kind === 'handshaking') greet(state.transport, message.toString('utf8'));
        else take(state.protocol.decode(message));
      }
    } catch (error) {
      if (error instanceof ProtocolError) fail();
      else throw error;
    }
  }

  function fail(): void {
    if (state.kind === 'handshaking') {
      write(state.transport, handshakeResponse('An unexpected error occurred during connection handshake.'));
      end('end');
    } else connection.close(FAILED);
  }

  function greet(transport: Transport, message: string): void {
    const agreement = agree(message, TRANSFER_FORMATS[transport.name]);
    if (!agreement.ok) {
      write(transport, handshakeResponse(agreement.error));
      end('end');
      return;
    }
    const { protocol } = agreement;
    // Always JSON, and from here on everything travels in the format of the protocol.
    const welcome = handshakeResponse(null);
    write(transport, protocol.transferFormat === 'Text' ? welcome : Buffer.from(welcome));
    counters.handshakes += 1;
    clearTimeout(stateTimer);
    inbox.cut = protocol.cut;
    state = { kind: 'live', transport, protocol };
    if (!transport.noticesLoss) armPing(transport, protocol.encode({ type: 6 }));
    deps.onLive(connection);
    armExpiry();
  }

  function take(message: ClientMessage): void {
    if (message.type === 6) return;
    counters.messagesReceived += 1;
    if (message.type === 7) end('end');
    else deps.onMessage(connection, message);
  }

  function armPing(transport: Transport, ping: Payload): void {
    const now = Date.now();
    const nextMs = Math.min(sentAtMs + limits.keepAliveMs, receivedAtMs + limits.clientTimeoutMs) - now;
    stateTimer = setTimeout(
      () => {
        const nowMs = Date.now();
        if (nowMs - receivedAtMs >= limits.clientTimeoutMs) {
          connection.close(FAILED);
          return;
        }
        if (nowMs - sentAtMs >= limits.keepAliveMs) write(transport, ping);
        armPing(transport, ping);
      },
      Math.max(1, nextMs),
    );
  }

  function armExpiry(): void {
    clearTimeout(expiringTimer);
    clearTimeout(expiryTimer);
    const { issuedAtMs, expiresAtMs } = principal;
    const noticeMs = Math.min(EXPIRING_MAX_MS, EXPIRING_SHARE * (expiresAtMs - issuedAtMs));
    expiringTimer = at(expiresAtMs - noticeMs, () =>
      connection.send({ type: 1, target: 'token.expiring', arguments: [{ expiresAt: expiresAtMs }] }),
    );
    if (deps.closeOnExpiry) {
      expiryTimer = at(expiresAtMs + deps.clockToleranceMs, () =>
        connection.close({ error: 'Authentication expired', allowReconnect: true }),
      );
    }
  }

  const connection: Connection = {
    id,
    token,
    address,
    signal: over.signal,
    get principal() {
      return principal;
    },
    get live() {
      return state.kind === 'live';
    },
    get transport() {
      return state.kind === 'negotiated' ? null : state.transport;
    },
    attach(open) {
      if (state.kind !== 'negotiated') throw new Error('The connection has a transport already.');
      const transport = open({ received: receive, gone: () => end(null) });
      clearTimeout(stateTimer);
      state = { kind: 'handshaking', transport };
      stateTimer = setTimeout(() => {
        write(transport, handshakeResponse('Handshake was canceled.'));
        end('end');
      }, limits.handshakeTimeoutMs);
      return transport;
    },
    receive,
    send(message) {
      if (state.kind !== 'live') return;
      const payload = state.protocol.encode(message);
      counters.messagesSent += 1;
      write(state.transport, payload);
    },
    sendShared(message) {
      if (state.kind !== 'live') return;
      counters.messagesSent += 1;
      write(state.transport, message.encodedIn(state.protocol));
    },
    adopt(next) {
      if (next.userId !== principal.userId) throw new Error('A connection stays with its user.');
      principal = next;
      if (state.kind === 'live') armExpiry();
    },
    close(goodbye = {}) {
      if (state.kind === 'live') connection.send({ type: 7, ...goodbye });
      end('end');
    },
    leave() {
      end('end');
    },
    abort() {
      if (state.kind === 'over') state.transport?.abort();
      else end('abort');
    },
  };
  return connection;
}

/** A timer for a moment; one that is further away than a timer can wait is brought forward, to 24 days. */
function at(atMs: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, Math.min(MAX_TIMER_MS, Math.max(0, atMs - Date.now())));
}
