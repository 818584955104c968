/**
 * Brings what an app sends into the form in which the hub gets it, here in the tab: `toJSON` methods would not survive the way to
 * the worker, and a later change of an object must not change what was sent.
 */
import { HubshareError, wireError } from '../contract/errors.js';
import type { HubProtocolName } from '../contract/rpc.js';
import type { StreamSource } from '../tab/uploads.js';

/** @throws {HubshareError} `option-invalid` for what the protocol cannot hold. */
export type WireForm = (value: unknown) => unknown;

/** JSON in its own form; MessagePack holds bytes and dates too, which structured cloning keeps. */
export function wireFormOf(protocol: HubProtocolName): WireForm {
  const [copy, name] =
    protocol === 'json'
      ? [(value: unknown): unknown => (JSON.parse(JSON.stringify([value])) as unknown[])[0], 'written as JSON']
      : [(value: unknown): unknown => withoutBigInt(structuredClone(value)), 'sent'];
  return (value) => {
    try {
      return copy(value);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new HubshareError(
        wireError('option-invalid', `An argument cannot be ${name}: ${message}`, { option: 'args' }),
        { cause },
      );
    }
  };
}

/** MessagePack as SignalR writes it has no big integers: in the worker the error would come too late for whoever sent it. */
function withoutBigInt(value: unknown): unknown {
  if (typeof value === 'bigint') throw new TypeError('Unrecognized object: [object BigInt]');
  if (Array.isArray(value)) value.forEach(withoutBigInt);
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(withoutBigInt);
  }
  return value;
}

/** Takes the streams out of the arguments: what has a function `subscribe` is one, as with SignalR. */
export function splitArguments(
  args: readonly unknown[],
  form: WireForm,
): { readonly args: readonly unknown[]; readonly streams: readonly StreamSource[] } {
  const streams = args.filter(isStream);
  const values = streams.length === 0 ? args : args.filter((value) => !isStream(value));
  return { args: values.length === 0 ? [] : (form(values) as unknown[]), streams };
}

function isStream(value: unknown): value is StreamSource {
  return typeof (value as { subscribe?: unknown } | null | undefined)?.subscribe === 'function';
}
