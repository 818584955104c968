/** What the benchmark program can ask of a page: `window.bench`. */

/** One event of the bench hub; the embedded hub sends a bare number instead. */
export interface Tick {
  /** Running number, from 0 up to the ring's size and then again from 0 in a flood. */
  readonly n: number;
  /** When the hub sent it, milliseconds since the epoch; 0 in a flood. */
  readonly t: number;
}

/** Milliseconds by this page's clock. */
export interface Opening {
  /** From the first line of the page's script until the connection could be used. */
  readonly scriptToLiveMs: number;
  /** The part of it that a request for an access token took in this page; 0 where the page makes none. */
  readonly tokenMs: number;
  /** From the first line of the page's script until the first event arrived. */
  readonly scriptToFirstMs: number;
  /** From the start of the navigation until the connection could be used. */
  readonly navigationToLiveMs: number;
}

export interface Counted {
  readonly received: number;
  /** Events that the running number says were left out. */
  readonly missed: number;
  /** `performance.now()` of the page. */
  readonly atMs: number;
}

export interface Posted {
  /** Messages posted by this page, on ports and broadcast channels. */
  readonly byPage: number;
  /** Messages posted by the SharedWorker so far; 0 where there is none. */
  readonly byWorker: number;
}

export interface BenchTab {
  /** Settles when the connection can be used. */
  readonly live: Promise<void>;
  opening(): Promise<Opening>;
  /** Milliseconds that this page's own request for a token took. */
  tokenMs(): Promise<number>;
  /** Starts counting anew. `ring` is the number at which the running number starts again. */
  reset(ring: number): void;
  counted(): Counted;
  /** Milliseconds from hub to handler of each event since the last call. */
  takeLatencies(): number[];
  /** From now on the page tells the hub how far it has come, after every `every` events: the hub sends as fast as it is drained. */
  reportProgress(every: number): Promise<void>;
  posted(): Promise<Posted>;
}

declare global {
  interface Window {
    readonly bench: BenchTab;
  }
}
