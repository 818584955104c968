/** Runs one scenario with one client, in the page, and gives its transcript. */
import type { IStreamResult } from '@microsoft/signalr';
import { encode } from './encode.js';
import type {
  Builder,
  Combination,
  Connection,
  Held,
  HubActions,
  Note,
  Scenario,
  Toolbox,
  Transcript,
  Wish,
} from './scenario.js';

export interface Client {
  build(wish: Wish): Connection;
  builder(): Builder;
}

/** Limits only end what went wrong: far beyond what a machine needs that stands still for seconds. */
const WAIT_MS = 30_000;
const SCENARIO_MS = 60_000;
const STOP_MS = 30_000;

/** Ends only a test that fails. */
const HOLD_MS = 300_000;

export async function runScenario(
  scenario: Scenario,
  client: Client,
  on: Combination,
  hub: HubActions,
): Promise<Transcript> {
  const notes: Note[] = [];
  const ids: string[] = [];
  const connections: Connection[] = [];
  const uncaught: string[] = [];
  let over = false;
  let built: Connection | null = null;

  const onError = (event: ErrorEvent): void => void uncaught.push(event.message);
  const onRejection = (event: PromiseRejectionEvent): void => void uncaught.push(`rejection: ${String(event.reason)}`);
  window.addEventListener('error', onError);
  window.addEventListener('unhandledrejection', onRejection);

  function make(wish: Wish): Connection {
    const connection = client.build(wish);
    connections.push(connection);
    return connection;
  }

  function note(what: string, ...value: [] | [unknown]): void {
    // What comes later belongs to no scenario; the counts of the hub tell whether it was a leak.
    if (over) return;
    const state = built === null ? 'not built' : built.state;
    notes.push({ what, state, ...(value.length === 0 ? {} : { value: encode(value[0]) }) });
  }

  async function attempt(what: string, act: () => unknown): Promise<unknown> {
    let pending: unknown;
    try {
      pending = act();
    } catch (error) {
      note(what, { threw: error });
      return undefined;
    }
    try {
      const result = await pending;
      note(what, { result });
      return result;
    } catch (error) {
      note(what, { rejected: error });
      return undefined;
    }
  }

  async function until(what: string, condition: () => unknown): Promise<void> {
    const endMs = performance.now() + WAIT_MS;
    while (!(await condition())) {
      if (over || performance.now() > endMs) throw new Error(`waited in vain until ${what}`);
      await pause(2);
    }
  }

  async function whileHeld(what: Held, act: (release: () => Promise<void>) => Promise<void>): Promise<void> {
    await hub.delay(what, HOLD_MS);
    const release = (): Promise<void> => hub.delay(what, 0);
    try {
      await act(release);
    } finally {
      await release();
    }
  }

  const tools: Toolbox = {
    on,
    hub,
    get connection() {
      built ??= make(scenario.wish ?? {});
      return built;
    },
    another: (wish = {}) => make(wish),
    builder: () => client.builder(),
    note,
    attempt,
    watch(what, stream: IStreamResult<unknown>) {
      return stream.subscribe({
        next: (item) => note(`${what} item`, item),
        complete: () => note(`${what} complete`),
        error: (error: unknown) => note(`${what} error`, error),
      });
    },
    watchLife() {
      const { connection } = tools;
      connection.onclose((...args) => note('onclose', args));
      connection.onreconnecting((...args) => note('onreconnecting', args));
      connection.onreconnected((...args) => note('onreconnected', args.map(tools.id)));
    },
    async started() {
      const { connection } = tools;
      await connection.start();
      return connection;
    },
    whileHeld,
    held: (times = 1) => until(`the hub holds ${times}`, async () => Number((await hub.counts())['held']) >= times),
    noted: (what, times = 1) =>
      until(`"${what}" is noted ${times} times`, () => notes.filter((entry) => entry.what === what).length >= times),
    until,
    async settled() {
      await tools.connection.invoke('Echo', 'settled');
      await pause(0);
    },
    id(connectionId) {
      if (typeof connectionId !== 'string') return connectionId === undefined ? 'undefined' : null;
      if (!ids.includes(connectionId)) ids.push(connectionId);
      return `id ${ids.indexOf(connectionId) + 1}`;
    },
  };

  let failure: string | null = null;
  try {
    await Promise.race([scenario.run(tools), expiry(SCENARIO_MS, 'the scenario did not end')]);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  over = true;
  try {
    const stopping = connections.map((connection) => connection.stop());
    await Promise.race([Promise.all(stopping), expiry(STOP_MS, 'stop() did not settle')]);
  } catch (error) {
    failure ??= `after the scenario: ${String(error)}`;
  }
  // An unhandled rejection is reported in a task of its own.
  await pause(0);
  window.removeEventListener('error', onError);
  window.removeEventListener('unhandledrejection', onRejection);
  return { notes, uncaught, failure };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function expiry(ms: number, text: string): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error(text)), ms));
}
