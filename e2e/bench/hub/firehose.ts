/**
 * The bench hub, in a process of its own: as much of SignalR's JSON protocol over WebSockets as a client needs to be sent events.
 *
 * The embedded hub stamps no time and is itself busy long before a browser is; this one writes texts that it has encoded before.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { HUB } from '../pages/hub-path.js';
import { calibrateEpoch } from '../pages/epoch.js';
import { record } from './event-text.js';
import { createFlows } from './flow.js';
import { serveOrders } from './hub-side.js';
import { serveFile } from './site.js';

const KEEP_ALIVE_MS = 15_000;
const PING = record('{"type":6}');

const [siteDir = ''] = process.argv.slice(2);

const connections = new Set<WebSocket>();
/** How far each tab has come that reports it. */
const progress = new Map<WebSocket, number>();
let socketMessages = 0;

const flows = createFlows({
  connections: () => connections,
  positions: () => progress.values(),
  epochNow: calibrateEpoch(),
});

function takeRequest(request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname === `${HUB}/negotiate`) {
    const id = randomUUID();
    const availableTransports = [{ transport: 'WebSockets', transferFormats: ['Text', 'Binary'] }];
    answerJson(response, { negotiateVersion: 1, connectionId: id, connectionToken: id, availableTransports });
  } else if (pathname === '/auth/refresh') {
    // Every way asks for a token as it would of a real server; this hub looks at none.
    answerJson(response, { accessToken: 'bench', expiresIn: 86_400 });
  } else {
    void serveFile(siteDir, pathname, response);
  }
}

function answerJson(response: ServerResponse, body: unknown): void {
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}

function serveClient(socket: WebSocket): void {
  const keepAlive = setInterval(() => {
    socketMessages += 1;
    socket.send(PING);
  }, KEEP_ALIVE_MS);
  socket.on('close', () => {
    clearInterval(keepAlive);
    connections.delete(socket);
  });
  socket.on('message', () => {
    socketMessages += 1;
  });
  socket.once('message', () => {
    socket.send(record('{}'));
    connections.add(socket);
  });
}

function serveProgress(socket: WebSocket): void {
  progress.set(socket, 0);
  socket.on('message', (data: Buffer) => {
    progress.set(socket, Number(data.toString()));
    flows.progressed();
  });
  socket.on('close', () => {
    progress.delete(socket);
    flows.progressed();
  });
}

const server = createServer(takeRequest);
const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: (offered) => (offered.has('signalr') ? 'signalr' : false),
});
server.on('upgrade', (request, socket, head) => {
  const isHub = request.url?.startsWith(HUB) === true;
  sockets.handleUpgrade(request, socket, head, isHub ? serveClient : serveProgress);
});

server.listen(0, '127.0.0.1', () => {
  serveOrders((server.address() as AddressInfo).port, (order) => {
    if (order.type === 'start') {
      for (const socket of progress.keys()) progress.set(socket, 0);
      flows.start(order.flow);
    } else if (order.type === 'stop') flows.stop();
    return {
      connections: connections.size,
      socketMessages,
      sent: flows.sent,
      skipped: flows.skipped,
    };
  });
});
