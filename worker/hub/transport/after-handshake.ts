/**
 * Keeps the hub's first messages apart from its answer to the handshake.
 *
 * For stateful reconnect both sides number their messages. SignalR (10.0.11) begins to count a microtask after it has read the answer:
 * what comes in the same frame is delivered and not counted. After a reconnect it then takes as many of the messages that the hub sends
 * again for new ones, and delivers them twice. A hub that is busy while `OnConnectedAsync` sends a welcome writes such frames.
 */

/** Ends the answer, whichever protocol follows it. */
const RECORD_SEPARATOR = 0x1e;

/** Passes the frames of one connection on: the answer by itself, all others once SignalR counts, and in their order. */
export function afterHandshake(deliver: (event: MessageEvent) => void): (event: MessageEvent) => void {
  /** What waits for SignalR to count. */
  let held: MessageEvent[] | null = null;
  let hasAnswer = false;
  return (event) => {
    if (held !== null) {
      held.push(event);
      return;
    }
    if (hasAnswer) {
      deliver(event);
      return;
    }
    hasAnswer = true;
    const [answer, rest] = cutAnswer(event);
    const waiting = rest === null ? [] : [rest];
    held = waiting;
    // Queued behind the step that `deliver` queues, in which SignalR begins to count.
    try {
      deliver(answer);
    } finally {
      queueMicrotask(() => {
        held = null;
        waiting.forEach(deliver);
      });
    }
  };
}

/** @returns the answer, and what follows it in the frame */
function cutAnswer(event: MessageEvent<unknown>): readonly [MessageEvent, MessageEvent | null] {
  const { data } = event;
  if (typeof data !== 'string' && !(data instanceof ArrayBuffer)) return [event, null];
  const end = 1 + (typeof data === 'string' ? data.indexOf(END) : new Uint8Array(data).indexOf(RECORD_SEPARATOR));
  const size = typeof data === 'string' ? data.length : data.byteLength;
  // Without an end SignalR says what is wrong with it.
  if (end === 0 || end === size) return [event, null];
  return [frame(data.slice(0, end)), frame(data.slice(end))];
}

const END = String.fromCharCode(RECORD_SEPARATOR);

const frame = (data: string | ArrayBuffer): MessageEvent => new MessageEvent('message', { data });
