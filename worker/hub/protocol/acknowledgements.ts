/**
 * Acknowledges what has come from a hub that may take the connection up again, sooner than SignalR does.
 *
 * Such a hub keeps what is not acknowledged, 100,000 bytes of it, and then sends nothing more. SignalR (10.0.11) acknowledges once a
 * second: that would hold 220-byte events to some 450 a second. Here an acknowledgement follows every few kilobytes.
 *
 * None is sent twice over the same transport. ASP.NET Core (10.0.12) takes the repetition of one that emptied its buffer for that of the
 * next message, and would not send this one again after a reconnect.
 */
import { MessageType, type HubMessage } from '@microsoft/signalr';

/** A tenth of what a hub keeps by default: it need not wait while an acknowledgement is on its way. */
export const ACKNOWLEDGE_AFTER = 10_000;

/**
 * Bytes of calls and items that may wait for the hub's acknowledgement, which ASP.NET Core gives once a second. With SignalR's own
 * 100,000 a longer upload would take a second for each 100 kB; without stateful reconnect it has no such limit.
 */
export const UNACKNOWLEDGED_BYTES = 32 * 1024 * 1024;

export interface Acknowledgements {
  /** A frame has come, with these messages; SignalR handles them in this task. `size`: bytes, or characters of a text. */
  received(messages: readonly HubMessage[], size: number): void;
  /** SignalR wants to write this acknowledgement. @returns whether it says anything new */
  mayWrite(sequenceId: number): boolean;
  /** The transport broke; the next one begins where the hub says. */
  interrupted(): void;
}

/** @param acknowledge - Sends it to the hub at once. */
export function createAcknowledgements(acknowledge: (sequenceId: number) => void): Acknowledgements {
  /** Of the next message that counts. */
  let nextId = 1;
  /** Of the last message that has come, over all transports. */
  let latestId = 0;
  /** What the hub has been told over this transport. What it was told over a former one may have been lost with that. */
  let toldId = 0;
  let waitsForSequence = false;
  let size = 0;
  let isQueued = false;

  function tell(): void {
    isQueued = false;
    if (waitsForSequence || latestId <= toldId) return;
    size = 0;
    toldId = latestId;
    acknowledge(latestId);
  }

  return {
    received(messages, sizeOfFrame) {
      for (const message of messages) {
        if (message.type === MessageType.Sequence) {
          waitsForSequence = false;
          nextId = message.sequenceId;
          toldId = nextId - 1;
        } else if (!waitsForSequence && isCounted(message)) {
          latestId = Math.max(latestId, nextId);
          nextId += 1;
        }
      }
      size += sizeOfFrame;
      if (size < ACKNOWLEDGE_AFTER || isQueued) return;
      isQueued = true;
      // After SignalR has handled them.
      queueMicrotask(tell);
    },
    mayWrite(sequenceId) {
      if (waitsForSequence || sequenceId <= toldId) return false;
      toldId = sequenceId;
      size = 0;
      return true;
    },
    interrupted() {
      waitsForSequence = true;
      toldId = 0;
      size = 0;
    },
  };
}

/** Both sides number these. */
function isCounted({ type }: HubMessage): boolean {
  switch (type) {
    case MessageType.Invocation:
    case MessageType.StreamItem:
    case MessageType.Completion:
    case MessageType.StreamInvocation:
    case MessageType.CancelInvocation:
      return true;
    case MessageType.Ping:
    case MessageType.Close:
    case MessageType.Ack:
    case MessageType.Sequence:
      return false;
  }
}
