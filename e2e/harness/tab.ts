/** A page with a connection and no user interface: built from the query of its address, read and driven through `window.tab`. */
import { SharedHubConnectionBuilder, type Alert, type Resync, type SharedHubConnection } from 'hubshare';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
// From the built package, as `hubshare` itself is: a second copy of this module would know no connection.
import { errorFromWire } from '../../dist/src/contract/errors.js';
import { inspectionOf } from '../../dist/src/contract/inspection.js';
import { encode } from '../differential/encode.js';
import type { Inspection } from '../../src/contract/inspection.js';
import type { WorkerReport } from '../../src/contract/report.js';
import type { Reply } from '../../src/contract/rpc.js';
import { createDelivery } from './delivery.js';
import { createFetching } from './fetching.js';
import { attack } from './hostile.js';
import { intrude } from './intruder.js';
import { misuse } from './misuse.js';
import { describeError, outcomeOf } from './outcome.js';
import { readParameters } from './parameters.js';
import type {
  Lifecycle,
  Outcome,
  PrimaryChange,
  ReceivedEvent,
  SignInAsked,
  StatusChange,
  TabUnderTest,
} from './tab-api.js';
import { createTraffic } from './traffic.js';
import { workerFactory } from './workers.js';

const parameters = readParameters(new URLSearchParams(location.search));

const received: number[] = [];
const statuses: StatusChange[] = [];
const primaries: PrimaryChange[] = [];
const lifecycle: Lifecycle[] = [];
const events: ReceivedEvent[] = [];
const resyncs: Resync[] = [];
const signInsAsked: SignInAsked[] = [];
const calls: Record<string, Outcome> = {};
const alerts: Alert[] = [];
let tokenCalls = 0;
let tokensHeld = false;
let tokensFail = false;
let built: SharedHubConnection | null = null;

/** The page's own way to a token, as an app would write it: the browser sends the refresh cookie, script never sees it. */
async function fetchAccessToken(): Promise<string> {
  tokenCalls += 1;
  if (tokensHeld) return new Promise<never>(() => undefined);
  if (tokensFail) throw new Error('the storage of this page was cleared');
  return requestAccessToken();
}

async function requestAccessToken(): Promise<string> {
  const response = await fetch('/auth/refresh', { method: 'POST' });
  if (!response.ok) throw new Error(`the refresh endpoint answered ${response.status}`);
  const { accessToken } = (await response.json()) as { readonly accessToken: string };
  return accessToken;
}

/** One function for the page: each is a client of its own. */
const factory = workerFactory(parameters.worker, parameters.workerSettings);

function build(hub: string): SharedHubConnection {
  const { transport, withCredentials, headers, serverTimeoutMs, hiddenParking } = parameters;
  const builder = new SharedHubConnectionBuilder().withUrl(hub, {
    headers: { ...headers },
    ...(parameters.asksPage ? { accessTokenFactory: fetchAccessToken } : {}),
    ...(transport === null ? {} : { transport }),
    ...(withCredentials === null ? {} : { withCredentials }),
  });
  if (parameters.logger) builder.configureLogging(logger);
  else builder.configureLogging(LogLevel.Trace);
  if (parameters.retryPolicy) builder.withAutomaticReconnect(retryPolicy);
  else if (parameters.retryDelaysMs) builder.withAutomaticReconnect([...parameters.retryDelaysMs]);
  else builder.withAutomaticReconnect();
  if (parameters.protocol === 'messagepack') builder.withHubProtocol(new MessagePackHubProtocol());
  if (serverTimeoutMs !== null) builder.withServerTimeout(serverTimeoutMs);
  if (parameters.declaresTopic) {
    builder.withTopics({
      metric: { event: 'metric', join: 'JoinMetric', leave: 'LeaveMetric', key: 'name', retain: 'last' },
    });
  }
  if (hiddenParking !== null) builder.withHiddenParking(hiddenParking);
  if (parameters.identity !== null) builder.withIdentity(parameters.identity);
  if (factory) builder.withWorker(factory);
  return builder.build();
}

const { traffic, retryPolicy, logger, watchWarnings } = createTraffic({
  connection,
  connectionTo: build,
  calls,
});

const { delivery, watch } = createDelivery({ connection, calls, isJson: parameters.protocol === 'json' });

function record(connection: SharedHubConnection): void {
  connection.on('sequence', (n: number) => {
    received.push(n);
  });
  for (const name of parameters.events) {
    connection.on(name, (...args: unknown[]) => {
      // Bytes and dates would not leave the page as they are.
      events.push({ name, args: parameters.protocol === 'json' ? args : args.map((arg) => encode(arg)) });
    });
  }
  connection.onstatus((snapshot) => {
    statuses.push({ atMs: Date.now(), snapshot });
  });
  connection.onprimary((isPrimary) => {
    primaries.push({ atMs: Date.now(), isPrimary });
  });
  connection.onresync((resync) => {
    resyncs.push(resync);
  });
  connection.onauthenticationrequired(({ error, isPrimary }) => {
    signInsAsked.push({ code: error.code, isPrimary });
  });
  connection.onreconnecting((error) => {
    lifecycle.push({ type: 'reconnecting', error: error ? describeError(error) : null });
  });
  connection.onreconnected((connectionId) => {
    lifecycle.push({ type: 'reconnected', connectionId: connectionId ?? null });
  });
  connection.onclose((error) => {
    lifecycle.push({ type: 'closed', error: error ? describeError(error) : null });
  });
}

const outcomeOfBuilding = await outcomeOf(() => {
  built = build(parameters.hub);
  record(built);
  watchWarnings(built);
  watch(built);
});

function connection(): SharedHubConnection {
  if (!built) throw new Error('the connection could not be built; see tab.built');
  return built;
}

function inspection(): Inspection {
  const found = inspectionOf(connection());
  if (!found) throw new Error('the connection offers no inspection');
  return found;
}

async function invokeWithPlainSignalR(method: string, args: readonly unknown[]): Promise<unknown> {
  const { hub, withCredentials } = parameters;
  // Long polling is the one stock transport that keeps the token in a header; the hub refuses tokens in URLs.
  const plain = new HubConnectionBuilder()
    .withUrl(hub, {
      transport: HttpTransportType.LongPolling,
      accessTokenFactory: requestAccessToken,
      ...(withCredentials === null ? {} : { withCredentials }),
    })
    .configureLogging(LogLevel.None)
    .build();
  await plain.start();
  try {
    return await plain.invoke(method, ...args);
  } finally {
    await plain.stop();
  }
}

function valueOf<T>(reply: Reply<T>): T {
  if (!reply.ok) throw errorFromWire(reply.error);
  return reply.value;
}

async function report(): Promise<WorkerReport> {
  return valueOf(await inspection().nextReport(0, 0));
}

const tab: TabUnderTest = {
  built: outcomeOfBuilding,
  received,
  statuses,
  primaries,
  lifecycle,
  events,
  resyncs,
  signInsAsked,
  calls,
  get tokenCalls() {
    return tokenCalls;
  },
  view() {
    const { state, connectionId, baseUrl, tabId, isPrimary, retryAtMs, snapshot } = connection();
    return { state, connectionId, baseUrl, tabId, isPrimary, retryAtMs, snapshot };
  },
  start: () => outcomeOf(() => connection().start()),
  stop: () => outcomeOf(() => connection().stop()),
  signOut: () => outcomeOf(() => connection().signOut()),
  invoke: (method, ...args) => outcomeOf(() => connection().invoke(method, ...args)),
  send: (method, ...args) => outcomeOf(() => connection().send(method, ...args)),
  begin(name, method, ...args) {
    void outcomeOf(() => connection().invoke(method, ...args)).then((outcome) => {
      calls[name] = outcome;
    });
  },
  invokeWithPlainSignalR: (method, ...args) => outcomeOf(() => invokeWithPlainSignalR(method, args)),
  holdTokens() {
    tokensHeld = true;
  },
  failTokens() {
    tokensFail = true;
  },
  traffic,
  metrics: () => connection().metrics(),
  watchAlerts() {
    connection().onalert((alert) => alerts.push(alert));
  },
  alerts,
  fetching: createFetching({ connection, calls }),
  delivery,
  report,
  reconnectNow: () => outcomeOf(async () => valueOf(await inspection().reconnectNow())),
  refreshTokenNow: () => outcomeOf(async () => valueOf(await inspection().refreshTokenNow())),
  becomePrimary: () => outcomeOf(async () => valueOf(await inspection().becomePrimary())),
  misuse: (name) => outcomeOf(misuse[name]),
  intrude() {
    if (!factory) throw new Error('an intruder needs a worker file that the page can name');
    return intrude(factory);
  },
  attack(elsewhere) {
    if (!factory) throw new Error('an attacker needs a worker file that the page can name');
    return attack(factory, connection().baseUrl, elsewhere);
  },
};

Object.defineProperty(window, 'tab', { value: tab });

if (parameters.panel) {
  const { showPanel } = await import('./panel.js');
  showPanel(connection());
}
