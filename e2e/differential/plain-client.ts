/**
 * SignalR's own client as an app would use it, except for how it carries the token: both hubs refuse tokens in URLs, where the
 * stock WebSocket and the stock EventSource put them. So the token goes in SignalR's `headers`, in a subprotocol, and in the header
 * of an event source over `fetch`; all else is stock.
 */
import { HttpTransportType, HubConnectionBuilder, LogLevel, type IHttpConnectionOptions } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { EventSource as FetchEventSource } from 'eventsource';
import type { Builder, Combination } from './scenario.js';
import type { Client } from './toolbox.js';

/** SignalR takes these options, but its typings do not have them. */
interface PlainOptions extends IHttpConnectionOptions {
  readonly WebSocket: typeof WebSocket;
  readonly EventSource: typeof EventSource;
}

export function createPlainClient(on: Combination, token: string): Client {
  const headers = { Authorization: `Bearer ${token}` };

  class SubprotocolWebSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url, ['signalr', `bearer.${token}`]);
    }
  }

  class HeaderEventSource extends FetchEventSource {
    constructor(url: string | URL, init: { readonly withCredentials?: boolean } = {}) {
      super(url, {
        ...init,
        fetch: (to, request) => fetch(to, { ...request, headers: { ...request.headers, ...headers } }),
      });
      // `eventsource` arms its own reconnect timer after the event; a platform EventSource that SignalR has closed stays closed.
      this.addEventListener('error', () => queueMicrotask(() => this.close()));
    }
  }

  const options: PlainOptions = {
    headers,
    transport: HttpTransportType[on.transport],
    WebSocket: SubprotocolWebSocket,
    EventSource: HeaderEventSource,
    logger: LogLevel.None,
  };
  const builder = (): Builder => new HubConnectionBuilder().configureLogging(LogLevel.None);

  return {
    builder,
    build(wish) {
      const chosen = builder().withUrl(wish.url ?? '/hubs/ops', options);
      return applyWish(chosen, on, wish).build();
    },
  };
}

/** The part of a wish that both builders are told in the same words. */
export function applyWish(builder: Builder, on: Combination, wish: Parameters<Client['build']>[0]): Builder {
  if (on.protocol === 'messagepack') builder.withHubProtocol(new MessagePackHubProtocol());
  if (wish.reconnect === 'default') builder.withAutomaticReconnect();
  else if (wish.reconnect !== undefined) builder.withAutomaticReconnect(wish.reconnect as number[]);
  if (wish.stateful === true) builder.withStatefulReconnect();
  if (wish.serverTimeoutMs !== undefined) builder.withServerTimeout(wish.serverTimeoutMs);
  if (wish.keepAliveMs !== undefined) builder.withKeepAliveInterval(wish.keepAliveMs);
  return builder;
}
