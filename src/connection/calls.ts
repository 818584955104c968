/** Calls of one connection: its arguments are brought into the hub's form here, and a stream's items reach their subscribers. */
import type { IStreamResult } from '@microsoft/signalr';
import { HubshareError, wireError } from '../contract/errors.js';
import type { ChannelUser } from '../tab/channel-user.js';
import type { HubChannel } from '../tab/hub-channel.js';
import type { OngoingCall } from '../tab/pending-calls.js';
import { Level, type Log } from './log.js';
import { checkText } from './options.js';
import { createStreamResult } from './stream-result.js';
import { splitArguments, type WireForm } from './wire-form.js';

export interface Calls {
  /** @throws {HubshareError} `option-invalid`, and what the call comes to. */
  call(kind: 'invoke' | 'send', method: string, args: readonly unknown[]): Promise<unknown>;
  /** @throws {HubshareError} `option-invalid`; what comes later is told to the subscribers. */
  stream<T>(method: string, args: readonly unknown[]): IStreamResult<T>;
}

/** @param channel - The way to the hub, or `null` while it is not connected. */
export function createCalls(form: WireForm, channel: () => HubChannel | null, user: ChannelUser, log: Log): Calls {
  return {
    call(kind, method, args) {
      // The outcome itself, not a promise that follows it: when a stop ends both, the call is heard of first, as with SignalR.
      try {
        const wanted = { kind, method: checkText('methodName', method), form, ...splitArguments(args, form) };
        return connected(channel()).call(user, wanted).outcome;
      } catch (error) {
        return Promise.reject(error);
      }
    },

    stream<T>(method: string, args: readonly unknown[]): IStreamResult<T> {
      const kind = 'stream';
      const wanted = { kind, method: checkText('methodName', method), form, ...splitArguments(args, form) } as const;
      let ongoing: OngoingCall | null = null;
      const stream = createStreamResult<T>(
        () => ongoing?.cancel(),
        (error) => log.insist(Level.error, `A subscriber of the stream '${method}' threw error '${String(error)}'.`),
      );
      const onEnd = (error: Error | null): void => (error === null ? stream.complete() : stream.error(error));
      try {
        ongoing = connected(channel()).call(user, { ...wanted, onItem: (item) => stream.next(item as T), onEnd });
      } catch (error) {
        // Who subscribes in the same turn is told, as with SignalR.
        queueMicrotask(() => stream.error(error));
      }
      return stream.result;
    },
  };
}

/** @throws {HubshareError} `not-connected` */
export function connected(channel: HubChannel | null): HubChannel {
  if (channel !== null) return channel;
  throw new HubshareError(
    wireError('not-connected', "Cannot send data if the connection is not in the 'Connected' State.", {}),
  );
}
