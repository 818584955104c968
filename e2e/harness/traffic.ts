/** Streams, uploads, answers to the hub and further hubs of a harness page. */
import type { SharedHubConnection } from 'hubshare';
import { Subject, type ILogger, type IRetryPolicy, type ISubscription } from '@microsoft/signalr';
import { encode } from '../differential/encode.js';
import { describeError, outcomeOf } from './outcome.js';
import type { Outcome } from './tab-api.js';
import type { Question, StreamView, Traffic } from './traffic-api.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface TrafficDeps {
  connection(): SharedHubConnection;
  /** Another connection with the same worker. */
  connectionTo(url: string): SharedHubConnection;
  readonly calls: Record<string, Outcome>;
}

export interface TrafficParts {
  readonly traffic: Traffic;
  readonly retryPolicy: IRetryPolicy;
  readonly logger: ILogger;
  watchWarnings(connection: SharedHubConnection): void;
}

/** Short, so that a test sees several questions. */
const RETRY_MS = 150;

export function createTraffic({ connection, connectionTo, calls }: TrafficDeps): TrafficParts {
  const streams: Record<string, Writable<StreamView> & { readonly items: unknown[] }> = {};
  const subscriptions = new Map<string, ISubscription<unknown>>();
  const uploads = new Map<string, Subject<unknown>>();
  const questions: Question[] = [];
  const retries: { previousRetryCount: number; reason: string }[] = [];
  const logLines: string[] = [];
  const warnings: { code: string; message: string; settings: readonly string[] }[] = [];
  const others = new Map<string, SharedHubConnection>();

  function other(url: string): SharedHubConnection {
    const known = others.get(url);
    if (!known) throw new Error(`the page has no connection to ${url}`);
    return known;
  }

  const traffic: Traffic = {
    streams,
    openStream(name, method, ...args) {
      const view: (typeof streams)[string] = { items: [], end: null };
      streams[name] = view;
      const subscription = connection()
        .stream(method, ...args)
        .subscribe({
          next: (item) => view.items.push(encode(item)),
          complete: () => (view.end = { error: null }),
          error: (error: unknown) => (view.end = { error: describeError(error) }),
        });
      subscriptions.set(name, subscription);
    },
    cancelStream: (name) => subscriptions.get(name)?.dispose(),

    openUpload(name, method) {
      const subject = new Subject<unknown>();
      uploads.set(name, subject);
      void outcomeOf(() => connection().invoke(method, subject)).then((outcome) => {
        calls[name] = outcome;
      });
    },
    upload: (name, item) => uploads.get(name)?.next(item),
    endUpload(name, error) {
      if (error === undefined) uploads.get(name)?.complete();
      else uploads.get(name)?.error(new Error(error));
    },

    answer(method, answering) {
      connection().on(method, (...args: unknown[]) => {
        questions.push({ method, args: args.map((arg) => encode(arg)) });
        if (answering === 'never') return new Promise(() => undefined);
        if ('throws' in answering) throw new Error(answering.throws);
        return answering.value;
      });
    },
    questions,
    retries,
    logLines,
    warnings,

    async startHub(url) {
      const started = others.get(url) ?? connectionTo(url);
      others.set(url, started);
      return outcomeOf(() => started.start());
    },
    stopHub: (url) => outcomeOf(() => other(url).stop()),
    invokeOn: (url, method, ...args) => outcomeOf(() => other(url).invoke(method, ...args)),
    hubView(url) {
      const seen = others.get(url);
      if (!seen) return null;
      const { state, connectionId, snapshot, baseUrl } = seen;
      const { status, activeHubs, subscribedTabs } = snapshot;
      return { state, connectionId, hub: baseUrl, status, activeHubs, subscribedTabs };
    },

    echoBytesAndDate: (bytes, atMs) =>
      outcomeOf(async () => {
        const value: unknown = await connection().invoke('Echo', {
          bytes: new Uint8Array(bytes),
          at: new Date(atMs),
        });
        return encode(value);
      }),
    sendBytesAndDate: (event, bytes, atMs) =>
      outcomeOf(() => connection().invoke('SendMe', event, new Uint8Array(bytes), new Date(atMs))),
  };

  return {
    traffic,
    retryPolicy: {
      nextRetryDelayInMilliseconds({ previousRetryCount, retryReason }) {
        retries.push({ previousRetryCount, reason: retryReason.message });
        return RETRY_MS;
      },
    },
    logger: {
      log: (_level, message) => void logLines.push(message),
    },
    watchWarnings(watched) {
      watched.onwarning((warning) => {
        warnings.push({ code: warning.code, message: warning.message, settings: warning.wire.settings });
      });
    },
  };
}
