/**
 * The WebSocket side of a hub endpoint: no socket becomes a connection before the token has been checked.
 *
 * A browser tells its page nothing of an upgrade that was refused. A client that has negotiated can do without: it knows that its token
 * was good a moment ago, and SignalR tries the next transport. A client that skips negotiate has only this socket to learn from, so
 * there the upgrade is accepted and closed at once with 1008 and the reason; nothing is sent, and what the client sends is not read.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1}
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { AccessLog } from '../access-log.js';
import type { Controls } from '../admin/controls.js';
import { HUB_SUBPROTOCOL } from '../auth/request-token.js';
import type { Counters } from '../counters.js';
import type { Limits } from '../options.js';
import { Refusal } from '../refusal.js';
import { createWebSocketTransport } from '../transports/web-socket.js';
import type { Gate } from './gate.js';

export interface UpgradeDeps {
  /** By the path of their endpoint. */
  readonly gates: ReadonlyMap<string, Gate>;
  readonly counters: Counters;
  readonly controls: Controls;
  readonly limits: Limits;
  readonly accessLog: AccessLog;
  readonly closing: AbortSignal;
}

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export function createUpgradeHandler(deps: UpgradeDeps): UpgradeHandler {
  const { gates, counters, controls, limits, accessLog, closing } = deps;
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxMessageBytes,
    // Never the entry with the token: it would come back in the response.
    handleProtocols: (offered) => (controls.subprotocol && offered.has(HUB_SUBPROTOCOL) ? HUB_SUBPROTOCOL : false),
  });

  async function open(request: IncomingMessage, socket: Duplex, head: Buffer, startedAtMs: number): Promise<void> {
    const url = urlOf(request);
    const gate = gates.get(url?.pathname ?? '');
    if (url === null || gate === undefined) throw new Refusal(404, 'NOT_FOUND', 'There is no hub at this path.');
    const principal = await gate.admit(request, url.searchParams);
    await controls.delay('upgrade');
    if (closing.aborted) throw new Refusal(503, 'CLOSING', 'The hub is closing.');
    if (socket.destroyed) throw new Refusal(400, 'GONE', 'The client has gone.');
    const id = url.searchParams.get('id');
    // Without an id the client has skipped negotiate, as it may for WebSockets.
    const connection = id === null ? gate.open(principal, request) : gate.ownConnection(principal, id);
    if (connection.transport !== null || connection.signal.aborted) {
      throw new Refusal(409, 'WRONG_TRANSPORT', 'The connection has a transport already.');
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      counters.webSocketUpgrades += 1;
      accessLog.upgrade(request, 101, startedAtMs);
      connection.attach((events) => createWebSocketTransport(webSocket, limits, events));
    });
  }

  return (request, socket, head) => {
    const startedAtMs = performance.now();
    // A client that goes away while its token is being checked is no error of the hub.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    open(request, socket, head, startedAtMs).then(
      () => socket.off('error', ignore),
      (error: unknown) => {
        const refusal = error instanceof Refusal ? error : new Refusal(500, 'INTERNAL', 'The hub failed.');
        // Also where the socket is accepted only to be closed: the log tells what became of the request.
        accessLog.upgrade(request, refusal.status, startedAtMs);
        const hasNegotiated = urlOf(request)?.searchParams.has('id') ?? false;
        if (hasNegotiated || !isAboutTheUser(refusal)) refuse(socket, refusal);
        else webSockets.handleUpgrade(request, socket, head, (webSocket) => turnAway(webSocket, refusal, limits));
      },
    );
  };
}

const POLICY_VIOLATION = 1008;
/** What fits into a close frame beside the code, in bytes. */
const MAX_REASON = 123;

function turnAway(webSocket: WebSocket, { code, message }: Refusal, limits: Limits): void {
  webSocket.on('error', () => undefined);
  webSocket.close(POLICY_VIOLATION, `${code}: ${message}`.slice(0, MAX_REASON));
  // A peer that never answers the close frame must not keep the socket.
  const timer = setTimeout(() => webSocket.terminate(), limits.closeTimeoutMs);
  webSocket.once('close', () => clearTimeout(timer));
}

function isAboutTheUser({ status }: Refusal): boolean {
  return status === 401 || status === 403;
}

/** `null`: no client of a hub asks for such an address. */
function urlOf({ url = '/' }: IncomingMessage): URL | null {
  return URL.canParse(url, 'http://hub') ? new URL(url, 'http://hub') : null;
}

function refuse(socket: Duplex, refusal: Refusal): void {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': `${Buffer.byteLength(refusal.body)}`,
    connection: 'close',
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}\r\n`;
  socket.end(`${status}${lines.join('')}\r\n${refusal.body}`, () => socket.destroy());
}
