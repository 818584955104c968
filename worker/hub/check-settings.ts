/** Settings that no hub can serve: found before anything is sent, and trying again cannot help. */
import { HttpTransportType } from '@microsoft/signalr';
import { HubshareError, wireError } from '../../src/contract/errors.js';
import type { HubSettings } from '../../src/contract/rpc.js';

/** @throws {HubshareError} `option-invalid` */
export function checkSettings({ protocol, transport, skipNegotiation }: HubSettings): void {
  if (protocol === 'messagepack' && transport === HttpTransportType.ServerSentEvents) {
    throw invalid(
      'transport',
      "'ServerSentEvents' does not support Binary, and MessagePack is binary. Allow WebSockets or LongPolling in withUrl(), or leave withHubProtocol() away.",
    );
  }
  if (skipNegotiation && transport !== HttpTransportType.WebSockets) {
    throw invalid(
      'skipNegotiation',
      'Negotiation can only be skipped when using the WebSocket transport directly. Give withUrl() the transport HttpTransportType.WebSockets too.',
    );
  }
}

function invalid(option: string, message: string): HubshareError<'option-invalid'> {
  return new HubshareError(wireError('option-invalid', message, { option }));
}
