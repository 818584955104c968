/** One call of a client on its way through the hub: what was called, with what, and what ends with it. */
import type { Connection } from '../connections/connection.js';
import type { Invocation, StreamInvocation } from '../protocol/messages.js';
import { OperationCanceled } from './operation-canceled.js';
import type { Upload } from './upload.js';

export interface Invoked<M extends Invocation | StreamInvocation> {
  readonly connection: Connection;
  readonly message: M;
  /** Streams that the client sends with it. Closed when the call ends, if the client has not ended them before. */
  readonly uploads: readonly Upload[];
}

/**
 * Ends the uploads of a call when its signal is aborted, so that a method that waits for an item ends as well.
 *
 * @returns To be called when the call has ended: closes what the client is still sending.
 */
export function endUploadsWith(signal: AbortSignal, uploads: readonly Upload[]): () => void {
  if (uploads.length === 0) return () => undefined;
  const cancel = (): void => uploads.forEach((upload) => upload.end(new OperationCanceled()));
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  return () => {
    signal.removeEventListener('abort', cancel);
    uploads.forEach((upload) => upload.end(null));
  };
}
