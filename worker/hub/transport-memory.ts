/** Which transports a start should try: what worked before, so that a hub that cannot do WebSockets is not asked for them each time. */
import { HttpTransportType } from '@microsoft/signalr';

export interface TransportMemory {
  /** Bits of `HttpTransportType` for the next start. */
  readonly next: number;
  worked(transport: number): void;
  failed(): void;
}

/** @param wanted - What the app allows. */
export function createTransportMemory(wanted: number): TransportMemory {
  let webSocketsWorked = false;
  let next = wanted;
  return {
    get next() {
      return next;
    },
    worked(transport) {
      webSocketsWorked ||= transport === HttpTransportType.WebSockets;
      // A hub that has taken a WebSocket once will take one again: what failed then was the moment.
      next = webSocketsWorked ? wanted : wanted & ~HttpTransportType.WebSockets;
    },
    failed() {
      next = wanted;
    },
  };
}
