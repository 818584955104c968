/** A message for many connections, encoded once for each protocol that one of them speaks. */
import type { HubProtocol, Payload } from './hub-protocol.js';
import type { ServerMessage } from './messages.js';

export interface SharedMessage {
  encodedIn(protocol: HubProtocol): Payload;
}

export function createSharedMessage(message: ServerMessage): SharedMessage {
  const encoded = new Map<HubProtocol, Payload>();
  return {
    encodedIn(protocol) {
      const known = encoded.get(protocol);
      if (known !== undefined) return known;
      const payload = protocol.encode(message);
      encoded.set(protocol, payload);
      return payload;
    },
  };
}
