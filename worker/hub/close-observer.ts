/** SignalR's JSON protocol, with an eye on close messages: SignalR itself does not tell whether the hub allows a reconnect. */
import { JsonHubProtocol, MessageType, type HubMessage, type IHubProtocol, type ILogger } from '@microsoft/signalr';

export function observeClose(onClose: (close: { readonly allowReconnect: boolean }) => void): IHubProtocol {
  const inner = new JsonHubProtocol();
  return {
    name: inner.name,
    version: inner.version,
    transferFormat: inner.transferFormat,
    parseMessages(input: string, logger: ILogger): HubMessage[] {
      const messages = inner.parseMessages(input, logger);
      for (const message of messages) {
        if (message.type === MessageType.Close) onClose({ allowReconnect: message.allowReconnect === true });
      }
      return messages;
    },
    writeMessage: (message) => inner.writeMessage(message),
  };
}
