/** The streams that are on their way to the hub over one connection: SignalR subscribes to a stream and never lets go of it. */
import type { UploadSource } from './hub-socket.js';

/** The streams of one call. */
export interface CallUploads {
  /** For SignalR, in the order of the arguments. */
  readonly sources: readonly UploadSource[];
  /** The hub wants no more of them. */
  letGo(): void;
}

export interface OpenUploads {
  of(sources: readonly UploadSource[] | undefined): CallUploads;
  /** The connection has ended. What would still be sent would only be rejected, and nobody would hear of it. */
  letGoOfAll(): void;
  /** Streams that have not ended. */
  readonly count: number;
  /** An item was written: SignalR queues, so it may be later than when the item came. */
  noteSent(): void;
  /** When the last item or end was sent, on the clock's time; `null`: never. */
  readonly lastSentAtMs: number | null;
}

/** @param now - Milliseconds since the epoch. */
export function createOpenUploads(now: () => number): OpenUploads {
  const open = new Set<() => void>();
  let isOver = false;
  let lastSentAtMs: number | null = null;

  function guard(source: UploadSource, mine: Set<() => void>): UploadSource {
    return {
      subscribe(observer) {
        let isOpen = !isOver;
        let subscription: { dispose(): void } | null = null;
        const end = (): boolean => {
          const wasOpen = isOpen;
          isOpen = false;
          open.delete(letGo);
          mine.delete(letGo);
          return wasOpen;
        };
        const letGo = (): void => {
          if (end()) subscription?.dispose();
        };
        if (!isOpen) return { dispose: () => undefined };
        open.add(letGo);
        mine.add(letGo);
        subscription = source.subscribe({
          next: (item) => {
            if (!isOpen) return;
            lastSentAtMs = now();
            observer.next(item);
          },
          error: (error) => {
            if (!end()) return;
            lastSentAtMs = now();
            observer.error(error);
          },
          complete: () => {
            if (!end()) return;
            lastSentAtMs = now();
            observer.complete();
          },
        });
        return { dispose: letGo };
      },
    };
  }

  return {
    of(sources = []) {
      const mine = new Set<() => void>();
      return {
        sources: sources.map((source) => guard(source, mine)),
        letGo: () => {
          for (const letGo of [...mine]) letGo();
        },
      };
    },
    letGoOfAll() {
      isOver = true;
      for (const letGo of [...open]) letGo();
    },
    get count() {
      return open.size;
    },
    noteSent() {
      lastSentAtMs = now();
    },
    get lastSentAtMs() {
      return lastSentAtMs;
    },
  };
}
