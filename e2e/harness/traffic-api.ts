/** What a harness page offers for streams, uploads, questions of the hub and further hubs, as `window.tab.traffic`. */
import type { HarnessError, Outcome } from './tab-api.js';

export interface StreamView {
  readonly items: readonly unknown[];
  /** `null`: it still runs. */
  readonly end: { readonly error: HarnessError | null } | null;
}

/** What a handler of the page does when the hub asks it. */
export type Answering = { readonly value: unknown } | { readonly throws: string } | 'never';

export interface Question {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Another connection of the same page, to another hub. */
export interface HubView {
  readonly state: string;
  readonly connectionId: string | null;
  readonly hub: string;
  readonly status: string;
  readonly activeHubs: readonly string[];
  readonly subscribedTabs: readonly string[];
}

export interface Traffic {
  /** By the name that the test gave. */
  readonly streams: Readonly<Record<string, StreamView>>;
  openStream(name: string, method: string, ...args: unknown[]): void;
  cancelStream(name: string): void;

  /** Calls `method` with one stream as its only argument; the outcome goes to `tab.calls[name]`. */
  openUpload(name: string, method: string): void;
  upload(name: string, item: unknown): void;
  endUpload(name: string, error?: string): void;

  /** Registers a handler for a client method that the hub asks. */
  answer(method: string, answering: Answering): void;
  /** Each time that a handler of `answer` has run. */
  readonly questions: readonly Question[];

  /** What the retry policy of the page was asked. */
  readonly retries: readonly { readonly previousRetryCount: number; readonly reason: string }[];
  /** What the logger of the page was given. */
  readonly logLines: readonly string[];
  /** The code and the settings of each `onwarning`. */
  readonly warnings: readonly {
    readonly code: string;
    readonly message: string;
    readonly settings: readonly string[];
  }[];

  /** Starts a connection to another hub, with the same worker. */
  startHub(url: string): Promise<Outcome>;
  stopHub(url: string): Promise<Outcome>;
  invokeOn(url: string, method: string, ...args: unknown[]): Promise<Outcome>;
  /** `null`: the page has no connection to it. */
  hubView(url: string): HubView | null;

  /** Calls `Echo` with bytes and a date, and tells what came back in a form that JSON can hold. */
  echoBytesAndDate(bytes: readonly number[], atMs: number): Promise<Outcome>;
  /** Asks the hub to send an event with bytes and a date to the shared connection. */
  sendBytesAndDate(event: string, bytes: readonly number[], atMs: number): Promise<Outcome>;
}
