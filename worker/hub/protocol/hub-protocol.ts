/**
 * SignalR's hub protocols, with an eye on what arrives: SignalR itself tells neither of pings nor whether a close allows a
 * reconnect, nor which invocations want a result. On the wire it is the stock protocol, byte for byte.
 */
import { JsonHubProtocol, MessageType, type HubMessage, type IHubProtocol, type ILogger } from '@microsoft/signalr';
// Not loaded on demand: an app whose bundler makes a worker of one classic file could not be built then.
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import type { HubProtocolName } from '../../../src/contract/rpc.js';
import { createAcknowledgements } from './acknowledgements.js';
import { markQuestion } from './client-result.js';
import { keepRawPayloads } from './raw-messages.js';
import { withoutSpacers } from './upload-arguments.js';

export interface ProtocolEvents {
  readonly onClose: (close: { readonly allowReconnect: boolean }) => void;
  /** Once for each frame, before its messages are handled. */
  readonly onFrame: () => void;
  /** An item of an upload is written. */
  readonly onItem?: () => void;
  readonly resumption?: Resumption;
}

/** For a hub that takes the connection up again after its transport broke: until then it waits for acknowledgements. */
export interface Resumption {
  readonly isGranted: () => boolean;
  /** An acknowledgement is to be sent now. */
  readonly onAcknowledge: (frame: string | ArrayBuffer) => void;
  /** The messages of a frame, before they are handled. */
  readonly onMessages: (messages: readonly HubMessage[]) => void;
}

export interface HubProtocol extends IHubProtocol {
  /** The transport broke; frames come over another one. */
  interrupted(): void;
}

export function createHubProtocol(name: HubProtocolName, events: ProtocolEvents): HubProtocol {
  const inner: IHubProtocol = name === 'messagepack' ? new MessagePackHubProtocol() : new JsonHubProtocol();
  const { resumption } = events;
  const acknowledgements =
    resumption === undefined
      ? null
      : createAcknowledgements((sequenceId) =>
          resumption.onAcknowledge(inner.writeMessage({ type: MessageType.Ack, sequenceId })),
        );
  return {
    name: inner.name,
    version: inner.version,
    transferFormat: inner.transferFormat,
    parseMessages(input: string | ArrayBuffer, logger: ILogger): HubMessage[] {
      events.onFrame();
      const messages = inner.parseMessages(input, logger);
      if (resumption?.isGranted() === true) {
        resumption.onMessages(messages);
        acknowledgements?.received(messages, typeof input === 'string' ? input.length : input.byteLength);
      }
      if (typeof input === 'string') keepRawPayloads(input, messages);
      return messages.map((message) => {
        if (message.type === MessageType.Close) events.onClose({ allowReconnect: message.allowReconnect === true });
        return markQuestion(message);
      });
    },
    writeMessage(message) {
      if (message.type === MessageType.StreamItem) events.onItem?.();
      // SignalR sends what is written here, whatever it is: in the place of what the hub must not hear now stands a ping.
      if (message.type === MessageType.Ack && acknowledgements?.mayWrite(message.sequenceId) === false) {
        return inner.writeMessage({ type: MessageType.Ping });
      }
      return inner.writeMessage(withoutSpacers(message));
    },
    interrupted: () => acknowledgements?.interrupted(),
  };
}
