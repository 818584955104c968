/** One stream of items that a client sends: the hub's messages go in, a hub method reads them. */

export interface Upload extends AsyncIterable<unknown> {
  /** Whether items are still taken. */
  readonly open: boolean;
  /** Items that no one has read yet. */
  readonly waiting: number;
  /** Dropped when it has ended: the client may not have heard of it yet. */
  push(item: unknown): void;
  /** Once; what came before is still read. @param error - What the reader is told after the last item; `null` for a good end. */
  end(error: Error | null): void;
}

/** @param onEnd - Called once, when it takes no more items. */
export function createUpload(onEnd: () => void): Upload {
  const items: unknown[] = [];
  /** Where the unread items begin; shifting them one by one would cost their number each time. */
  let read = 0;
  let ended: { readonly error: Error | null } | null = null;
  let wake: () => void = () => undefined;

  async function* reader(): AsyncGenerator {
    for (;;) {
      while (read < items.length) {
        const item = items[read];
        read += 1;
        if (read === items.length) {
          items.length = 0;
          read = 0;
        }
        yield item;
      }
      if (ended !== null) {
        if (ended.error !== null) throw ended.error;
        return;
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    [Symbol.asyncIterator]: reader,
    get open() {
      return ended === null;
    },
    get waiting() {
      return items.length - read;
    },
    push(item) {
      if (ended !== null) return;
      items.push(item);
      wake();
    },
    end(error) {
      if (ended !== null) return;
      ended = { error };
      onEnd();
      wake();
    },
  };
}
