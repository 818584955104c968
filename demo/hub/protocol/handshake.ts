/** The first message of each side: picks the hub protocol. */
import { ProtocolError, RECORD_SEPARATOR } from './framing.js';

/** `null`: accepted. Otherwise the text for the client, worded as ASP.NET Core words it. */
export function checkHandshake(text: string): string | null {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    throw new ProtocolError('The handshake is not JSON.');
  }
  if (typeof request !== 'object' || request === null) throw new ProtocolError('The handshake is not an object.');
  const { protocol, version } = request as { readonly protocol?: unknown; readonly version?: unknown };
  if (typeof protocol !== 'string' || typeof version !== 'number') {
    throw new ProtocolError('The handshake names no protocol and version.');
  }
  if (protocol !== 'json') return `The protocol '${protocol}' is not supported.`;
  // Version 2 adds the sequence numbers of stateful reconnect, which this hub does not grant.
  if (version !== 1) return `The server does not support version ${version} of the '${protocol}' protocol.`;
  return null;
}

export function handshakeResponse(error: string | null): string {
  return JSON.stringify(error === null ? {} : { error }) + RECORD_SEPARATOR;
}
