/**
 * SignalR's hub protocols, with an eye on what arrives: SignalR itself tells neither of pings nor whether a close allows a
 * reconnect, nor which invocations want a result. On the wire it is the stock protocol, byte for byte.
 */
import { JsonHubProtocol, MessageType, type HubMessage, type IHubProtocol, type ILogger } from '@microsoft/signalr';
// Not loaded on demand: an app whose bundler makes a worker of one classic file could not be built then.
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import type { HubProtocolName } from '../../../src/contract/rpc.js';
import { markQuestion } from './client-result.js';
import { keepRawPayloads } from './raw-messages.js';
import { withoutSpacers } from './upload-arguments.js';

export interface ProtocolEvents {
  readonly onClose: (close: { readonly allowReconnect: boolean }) => void;
  /** Once for each frame, before its messages are handled. */
  readonly onFrame: () => void;
  /** An item of an upload is written. */
  readonly onItem?: () => void;
}

export function createHubProtocol(name: HubProtocolName, events: ProtocolEvents): IHubProtocol {
  const inner: IHubProtocol = name === 'messagepack' ? new MessagePackHubProtocol() : new JsonHubProtocol();
  return {
    name: inner.name,
    version: inner.version,
    transferFormat: inner.transferFormat,
    parseMessages(input: string | ArrayBuffer, logger: ILogger): HubMessage[] {
      events.onFrame();
      const messages = inner.parseMessages(input, logger);
      if (typeof input === 'string') keepRawPayloads(input, messages);
      return messages.map((message) => {
        if (message.type === MessageType.Close) events.onClose({ allowReconnect: message.allowReconnect === true });
        return markQuestion(message);
      });
    },
    writeMessage(message) {
      if (message.type === MessageType.StreamItem) events.onItem?.();
      return inner.writeMessage(withoutSpacers(message));
    },
  };
}
