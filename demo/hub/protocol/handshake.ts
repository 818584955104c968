/** The first message of each side, always JSON: picks the hub protocol. */
import type { HubProtocol, TransferFormat } from './hub-protocol.js';
import { jsonProtocol } from './json.js';
import { messagePackProtocol } from './message-pack.js';
import { ProtocolError } from './protocol-error.js';
import { RECORD_SEPARATOR } from './text-records.js';

/** `error` is the text for the client, worded as ASP.NET Core words it. */
export type Agreement =
  { readonly ok: true; readonly protocol: HubProtocol } | { readonly ok: false; readonly error: string };

const PROTOCOLS: readonly HubProtocol[] = [jsonProtocol, messagePackProtocol];

/** @throws {ProtocolError} The text is no handshake. */
export function agree(text: string, carried: readonly TransferFormat[]): Agreement {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    throw new ProtocolError('The handshake is not JSON.');
  }
  if (typeof request !== 'object' || request === null) throw new ProtocolError('The handshake is not an object.');
  const { protocol: name, version } = request as { readonly protocol?: unknown; readonly version?: unknown };
  if (typeof name !== 'string' || typeof version !== 'number') {
    throw new ProtocolError('The handshake names no protocol and version.');
  }
  const protocol = PROTOCOLS.find((known) => known.name === name);
  if (protocol === undefined) return { ok: false, error: `The protocol '${name}' is not supported.` };
  // Version 2 adds the sequence numbers of stateful reconnect, which this hub does not grant.
  if (version !== 1) {
    return { ok: false, error: `The server does not support version ${version} of the '${name}' protocol.` };
  }
  const format = protocol.transferFormat;
  if (!carried.includes(format)) {
    const error =
      `Cannot use the '${name}' protocol on the current transport. ` +
      `The transport does not support '${format}' transfer format.`;
    return { ok: false, error };
  }
  return { ok: true, protocol };
}

export function handshakeResponse(error: string | null): string {
  return JSON.stringify(error === null ? {} : { error }) + RECORD_SEPARATOR;
}
