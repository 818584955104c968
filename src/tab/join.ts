/** Constructs the worker and joins it: one welcome, or one error that says what to do. */
import { proxy, transfer, wrap, type Remote } from 'comlink';
import { errorFromWire, HubshareError, wireError } from '../contract/errors.js';
import {
  CONTRACT_VERSION,
  type CoordinatorApi,
  type Hello,
  type Reply,
  type TabApi,
  type Visibility,
  type Welcome,
} from '../contract/rpc.js';
import { JOIN_ATTEMPTS_MS } from '../contract/timing.js';
import type { WorkerFactory } from './worker-factory.js';

/** A worker that has welcomed this tab. */
export interface JoinedWorker {
  readonly welcome: Welcome;
  readonly api: Remote<CoordinatorApi>;
  /** The tab's end of the port for events; not started. */
  readonly events: MessagePort;
  close(): void;
}

export interface JoinRequest {
  readonly factory: WorkerFactory;
  readonly tabId: string;
  readonly tabKey: string;
  /** The name of the tab's lock, once the tab holds it. A page's first lock takes long: the worker is constructed meanwhile. */
  readonly tabLock: Promise<string>;
  readonly visibility: () => Visibility;
  readonly tab: TabApi;
}

/**
 * Knocks until the worker answers. A knock may meet a worker that is just dying with the tab that created it, and that
 * gives no sign; so an unanswered knock is repeated through a new worker object, with more patience each time.
 *
 * @throws {HubshareError} `worker-load-failed`, `worker-unreachable`, `contract-mismatch`.
 */
export async function joinWorker(request: JoinRequest): Promise<JoinedWorker> {
  const failure = watchLoading();
  try {
    for (const afterMs of JOIN_ATTEMPTS_MS) {
      const joined = await knock(request, failure, afterMs);
      if (joined !== null) return joined;
    }
  } finally {
    failure.end();
  }
  const afterMs = JOIN_ATTEMPTS_MS.reduce((sum, ms) => sum + ms, 0);
  throw new HubshareError(
    wireError(
      'worker-unreachable',
      `The shared worker gave no answer in ${afterMs} ms. Check that its script calls serveHubs() at once, without an await before it.`,
      { afterMs },
    ),
  );
}

interface LoadFailure {
  /** Rejects when a worker that is watched cannot be loaded. */
  readonly happened: Promise<never>;
  watch(worker: SharedWorker): void;
  end(): void;
}

/**
 * Listens to every worker object that was knocked at, not only to the latest: in Firefox only the first one hears that the
 * script cannot be loaded, and that may take longer than the first knock waits.
 */
function watchLoading(): LoadFailure {
  const workers: SharedWorker[] = [];
  let onError: (event: Event) => void = () => undefined;
  const happened = new Promise<never>((_resolve, reject) => {
    onError = (event) => reject(loadFailed(event instanceof ErrorEvent ? event.message : undefined));
  });
  // It may happen between two knocks, when nobody waits for it.
  happened.catch(() => undefined);
  return {
    happened,
    watch(worker) {
      workers.push(worker);
      worker.addEventListener('error', onError);
    },
    end() {
      for (const worker of workers) worker.removeEventListener('error', onError);
    },
  };
}

/** `null`: no answer in time. */
async function knock(request: JoinRequest, failure: LoadFailure, afterMs: number): Promise<JoinedWorker | null> {
  const worker = construct(request.factory);
  failure.watch(worker);
  // Lock first, joining second: the other order misses a tab that dies in between.
  const tabLock = await request.tabLock;
  const control = new MessageChannel();
  const events = new MessageChannel();
  const close = (): void => {
    control.port1.close();
    events.port1.close();
    worker.port.close();
  };
  const api = wrap<CoordinatorApi>(control.port1);
  const hello: Hello = {
    contractVersion: CONTRACT_VERSION,
    tabId: request.tabId,
    tabKey: request.tabKey,
    tabLock,
    visibility: request.visibility(),
    events: events.port2,
  };
  // Only this message goes over the worker's own port: later ones would evict the page from the back/forward cache.
  worker.port.postMessage({ hubshare: CONTRACT_VERSION, control: control.port2 }, [control.port2]);
  const welcome = api.join(transfer(hello, [events.port2]), proxy(request.tab));
  let answer: Reply<Welcome> | null = null;
  try {
    answer = await orNullAfter(afterMs, Promise.race([welcome, failure.happened]));
    if (answer !== null && !answer.ok) throw errorFromWire(answer.error);
  } finally {
    if (answer?.ok !== true) close();
  }
  return answer === null ? null : { welcome: answer.value, api, events: events.port1, close };
}

function construct(factory: WorkerFactory): SharedWorker {
  let worker: SharedWorker;
  try {
    worker = factory();
  } catch (cause) {
    throw loadFailed(cause);
  }
  if (!(worker instanceof SharedWorker)) {
    throw new HubshareError(
      wireError('option-invalid', 'The function given to withWorker() must return a new SharedWorker.', {
        option: 'withWorker',
      }),
    );
  }
  return worker;
}

function orNullAfter<T>(afterMs: number, promise: Promise<T>): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), afterMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function loadFailed(cause: unknown): HubshareError<'worker-load-failed'> {
  return new HubshareError(
    wireError(
      'worker-load-failed',
      'The shared worker could not be loaded. Check that its script answers with 200 and a JavaScript type, that the page’s Content-Security-Policy allows it (worker-src; where it asks for Trusted Types, withWorker() with a TrustedScriptURL), and that every page constructs it with the same options.',
      {},
    ),
    { cause },
  );
}
