/** Makes a page of one way into a tab that the benchmark program can drive. */
import { postedHere } from './post-count.js';
import { calibrateEpoch } from './epoch.js';
import { createReceiver } from './receiver.js';
import type { BenchTab, Tick } from './tab-api.js';

export interface Opened {
  /** Milliseconds of its own token request; 0 where the page makes none. */
  readonly tokenMs: number;
}

export interface Way {
  /** Opens the connection; resolves when it can be used. */
  open(onTick: (value: Tick | number) => void): Promise<Opened>;
  /** Asks the SharedWorker how many messages it has posted. */
  postedByWorker?(): Promise<number>;
}

const PROGRESS = '/bench/progress';

export function serveTab(way: Way): void {
  const scriptAtMs = performance.now();
  let epochNow = (): number => 0;
  const receiver = createReceiver(() => epochNow());
  const opened = way.open(receiver.take).then(({ tokenMs }) => ({ tokenMs, liveAtMs: performance.now() }));
  const live = opened.then(() => {
    epochNow = calibrateEpoch();
  });

  let progress: Promise<WebSocket> | null = null;

  const bench: BenchTab = {
    live,
    async opening() {
      const [{ tokenMs, liveAtMs }, firstAtMs] = await Promise.all([opened, receiver.first]);
      return {
        scriptToLiveMs: liveAtMs - scriptAtMs,
        tokenMs,
        scriptToFirstMs: firstAtMs - scriptAtMs,
        navigationToLiveMs: liveAtMs,
      };
    },
    tokenMs: async () => (await opened).tokenMs,
    reset: receiver.reset,
    counted: receiver.counted,
    takeLatencies: receiver.takeLatencies,
    async reportProgress(every) {
      const socket = await (progress ??= openProgress());
      receiver.onProgress(every, (position) => socket.send(String(position)));
    },
    async posted() {
      return { byPage: postedHere(), byWorker: (await way.postedByWorker?.()) ?? 0 };
    },
  };
  Object.defineProperty(window, 'bench', { value: bench });
}

async function openProgress(): Promise<WebSocket> {
  const socket = new WebSocket(new URL(PROGRESS, location.href.replace(/^http/, 'ws')));
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error(`${PROGRESS} is not to be reached: is this the bench hub?`));
  });
}
