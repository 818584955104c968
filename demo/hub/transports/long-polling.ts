/** Carries a connection's outgoing messages as answers to polls, one poll at a time; the client's come as POST requests. */
import type { ServerResponse } from 'node:http';
import type { Limits } from '../options.js';
import type { Transport, TransportEvents } from './transport.js';

export interface LongPollingTransport extends Transport {
  /** Answers the request at once if something is waiting or the connection is over; otherwise holds it. */
  poll(response: ServerResponse): void;
}

const NOTHING = Buffer.alloc(0);

export function createLongPollingTransport(limits: Limits, events: TransportEvents): LongPollingTransport {
  let queue: Buffer[] = [];
  let queuedBytes = 0;
  let held: ServerResponse | null = null;
  let answered: ServerResponse | null = null;
  let polls = 0;
  let over = false;
  /** Runs while a poll is held (ends the poll) or while none is (ends the connection). */
  let timer: NodeJS.Timeout | undefined;
  let settle: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (settle = resolve));

  function arm(ms: number, act: () => void): void {
    clearTimeout(timer);
    timer = setTimeout(act, ms);
  }

  function forget(): void {
    clearTimeout(timer);
    queue = [];
    queuedBytes = 0;
    held = null;
    settle();
  }

  function gone(): void {
    const told = over;
    over = true;
    // A client that never takes its answer must not keep the answer in memory.
    if (answered?.writableFinished === false) answered.destroy();
    forget();
    if (!told) events.gone();
  }

  /** Until the next poll comes the client may be gone. */
  function awaitNextPoll(): void {
    arm(limits.disconnectTimeoutMs, gone);
  }

  function answer(response: ServerResponse, status: 200 | 204, body: Buffer = NOTHING): void {
    if (body.length > 0) {
      // What was in a torn answer is lost, and SignalR has no way to ask again: the connection cannot go on.
      response.once('close', () => {
        if (!response.writableFinished) gone();
      });
    }
    response.writeHead(status, {
      'content-type': body.length === 0 ? 'text/plain' : 'application/octet-stream',
      'cache-control': 'no-cache, no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 200 ? { 'content-length': body.length } : {}),
    });
    response.end(body);
    answered = response;
  }

  function release(status: 200 | 204, body: Buffer = NOTHING): void {
    const response = held;
    held = null;
    if (response !== null) answer(response, status, body);
  }

  function takeQueue(): Buffer {
    const body = Buffer.concat(queue);
    queue = [];
    queuedBytes = 0;
    return body;
  }

  return {
    name: 'LongPolling',
    noticesLoss: true,
    done,
    poll(response) {
      polls += 1;
      release(204);
      if (polls === 1) {
        // The first poll only opens the connection: it is answered at once and says nothing.
        answer(response, 200);
        awaitNextPoll();
      } else if (queue.length > 0) {
        answer(response, 200, takeQueue());
        awaitNextPoll();
      } else if (over) {
        answer(response, 204);
        forget();
      } else {
        held = response;
        response.once('close', () => {
          if (held !== response) return;
          held = null;
          awaitNextPoll();
        });
        arm(limits.pollTimeoutMs, () => {
          release(200);
          awaitNextPoll();
        });
      }
    },
    send(payload) {
      if (over) return;
      if (held !== null) {
        // Joins what the same task is about to send: one answer for a burst instead of one poll for each message.
        if (queue.length === 0) {
          setImmediate(() => {
            if (held === null || queue.length === 0) return;
            release(200, takeQueue());
            awaitNextPoll();
          });
        }
      }
      const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
      queue.push(bytes);
      queuedBytes += bytes.length;
      if (queuedBytes > limits.maxBufferedBytes) {
        held?.destroy();
        gone();
      }
    },
    end() {
      if (over) return;
      over = true;
      if (held !== null && queue.length === 0) {
        release(204);
        forget();
        return;
      }
      if (held !== null) release(200, takeQueue());
      // The next poll is told 204; a client that has had a Close message may never ask.
      awaitNextPoll();
    },
    abort() {
      over = true;
      held?.destroy();
      forget();
    },
  };
}
