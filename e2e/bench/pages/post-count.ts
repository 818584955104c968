/** Counts every message that this page or worker posts on a port or a broadcast channel. Imported before anything that posts. */

let posted = 0;

const plainBroadcast = BroadcastChannel.prototype.postMessage;

// The cast brings back the overloads, which a function that passes everything on has too.
MessagePort.prototype.postMessage = counting(MessagePort.prototype.postMessage) as MessagePort['postMessage'];
BroadcastChannel.prototype.postMessage = counting(plainBroadcast);

/** The benchmark's own question to the worker, which must not count itself. */
const QUESTIONS = 'bench-posted?';

interface Answer {
  readonly posted: number;
}

function counting<This, Rest extends unknown[]>(post: (this: This, ...rest: Rest) => void) {
  return function (this: This, ...rest: Rest): void {
    posted += 1;
    post.apply(this, rest);
  };
}

export function postedHere(): number {
  return posted;
}

/** Called by a worker: it answers `postedByWorker`. */
export function answerPosted(): void {
  const channel = new BroadcastChannel(QUESTIONS);
  channel.onmessage = (event) => {
    if (event.data === 'ask') plainBroadcast.call(channel, { posted } satisfies Answer);
  };
}

/** Called by a page of a worker that answers. */
export async function postedByWorker(): Promise<number> {
  const channel = new BroadcastChannel(QUESTIONS);
  return new Promise((resolve) => {
    channel.onmessage = (event: MessageEvent<Answer | 'ask'>) => {
      if (event.data === 'ask') return;
      channel.close();
      resolve(event.data.posted);
    };
    plainBroadcast.call(channel, 'ask');
  });
}
