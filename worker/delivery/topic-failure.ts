/** Tells apart why a join or a leave of a topic has failed: only the hub can refuse. */
import { isHubshareError, wireError, type ErrorCode, type WireError } from '../../src/contract/errors.js';
import type { TopicKey } from '../../src/contract/topics.js';
import { messageOf } from '../hub/failure.js';
import type { Topic } from './topic-declarations.js';

export type JoinFailure =
  /** It was never sent, for the connection is about to end. */
  | { readonly kind: 'lost' }
  /** The hub's own words. */
  | { readonly kind: 'refused'; readonly wire: (key: TopicKey) => WireError }
  /** The request that brings it failed on its way (server-sent events, long polling): the hub may have heard it or not. */
  | { readonly kind: 'not-heard'; readonly wire: WireError };

/** What SignalR says when its transport has ended and it has not yet said so. As plain errors: like the words of a hub. */
const NEVER_SENT =
  /^(Cannot send data if the connection is not in the 'Connected' State\.|Cannot send until the transport is connected|WebSocket is not in the OPEN state)$/;

const LOST: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['connection-lost', 'not-connected']);

/** @param error - Of a call on a connection that nobody knows to be lost. */
export function joinFailure(error: unknown, { name, join }: Topic): JoinFailure {
  const text = messageOf(error);
  if (isHubshareError(error)) return LOST.has(error.code) ? { kind: 'lost' } : { kind: 'not-heard', wire: error.wire };
  if (NEVER_SENT.test(text)) return { kind: 'lost' };
  // What the hub said is a plain Error; a request that failed has a class of its own.
  if (!(error instanceof Error) || error.constructor !== Error)
    return { kind: 'not-heard', wire: wireError('call-failed', text, { method: join }) };
  return {
    kind: 'refused',
    wire: (key) =>
      wireError('topic-refused', `The hub did not let this client join ${key} of topic ${name}: ${text}`, {
        topic: name,
        key,
      }),
  };
}
