/** SignalR's JSON protocol, with an eye on what arrives: SignalR itself tells neither of pings nor whether a close allows a reconnect. */
import { JsonHubProtocol, MessageType, type HubMessage, type IHubProtocol, type ILogger } from '@microsoft/signalr';

export function observeProtocol(events: {
  readonly onClose: (close: { readonly allowReconnect: boolean }) => void;
  /** Once for each frame, before its messages are handled. */
  readonly onFrame: () => void;
}): IHubProtocol {
  const inner = new JsonHubProtocol();
  return {
    name: inner.name,
    version: inner.version,
    transferFormat: inner.transferFormat,
    parseMessages(input: string, logger: ILogger): HubMessage[] {
      events.onFrame();
      const messages = inner.parseMessages(input, logger);
      for (const message of messages) {
        if (message.type === MessageType.Close) events.onClose({ allowReconnect: message.allowReconnect === true });
      }
      return messages;
    },
    writeMessage: (message) => inner.writeMessage(message),
  };
}
