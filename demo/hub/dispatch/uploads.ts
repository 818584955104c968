/** All streams that clients send: opened with a call, fed by the client, and closed with the call at the latest. */
import { FAILED, type Connection } from '../connections/connection.js';
import type { Counters } from '../counters.js';
import type { Outcome } from '../protocol/messages.js';
import { HubException } from './hub-method.js';
import { createUpload, type Upload } from './upload.js';

export interface Uploads {
  /** From now on items for these streams are taken. @param fits - For each stream, whether an item is what its reader expects. */
  open(
    connection: Connection,
    streamIds: readonly string[],
    fits: readonly ((item: unknown) => boolean)[],
  ): readonly Upload[];
  take(connection: Connection, streamId: string, item: unknown): void;
  /** The client has ended a stream. @returns False when there is no such stream (any more). */
  end(connection: Connection, streamId: string, outcome: Outcome): boolean;
}

interface Entry {
  readonly upload: Upload;
  readonly fits: (item: unknown) => boolean;
}

/**
 * Items that may wait for their reader. ASP.NET Core lets ten wait and then stops reading from the client, which holds up
 * all calls of that client; here many tabs share a client, so the stream that nobody reads ends its connection instead.
 */
const MAX_WAITING_ITEMS = 100_000;

export function createUploads(counters: Counters): Uploads {
  const byConnection = new WeakMap<Connection, Map<string, Entry>>();

  return {
    open(connection, streamIds, fits) {
      const entries = byConnection.get(connection) ?? new Map<string, Entry>();
      byConnection.set(connection, entries);
      return streamIds.map((id, index) => {
        // A name that is given twice belongs to the newer stream, as in ASP.NET Core; the older one must not wait for ever.
        entries.get(id)?.upload.end(new HubException(`Stream ID '${id}' is already in use.`));
        const upload = createUpload(() => {
          entries.delete(id);
          counters.uploadsOpen -= 1;
        });
        counters.uploadsOpen += 1;
        entries.set(id, { upload, fits: fits[index] ?? (() => false) });
        return upload;
      });
    },

    take(connection, streamId, item) {
      const entry = byConnection.get(connection)?.get(streamId);
      // The method may have ended without reading all: the client is still sending.
      if (entry === undefined) return;
      if (!entry.fits(item)) entry.upload.end(new HubException('Failed to bind Stream message.'));
      else if (entry.upload.waiting >= MAX_WAITING_ITEMS) connection.close(FAILED);
      else entry.upload.push(item);
    },

    end(connection, streamId, outcome) {
      const entry = byConnection.get(connection)?.get(streamId);
      if (entry === undefined) return false;
      entry.upload.end(outcome.kind === 'error' ? new HubException(outcome.message) : null);
      return true;
    },
  };
}
